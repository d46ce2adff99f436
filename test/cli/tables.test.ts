import { expect, test } from "vitest";
import { confusionLines, errorsOf, oneLine, singleClass, tableLines } from "../../src/cli/judges/judge.js";

const columns = ["precision", "n"];

test("a table has its names at the left and its numbers at the right, under a head that may stand alone", () => {
  expect(
    tableLines({
      title: "label",
      columns,
      rows: [
        ["a long name", 0.5, "12"],
        ["b", "-", "3"],
      ],
    }),
  ).toEqual(["label        precision   n", "a long name     0.5000  12", "b                    -   3"]);
  expect(tableLines({ title: "label", columns, rows: [] })).toEqual(["label  precision  n"]);
  expect(tableLines({ title: "a longer title", columns: ["n"], rows: [["b", "7"]] })).toEqual(["a longer title  n", "b               7"]);
});

test("a text is on one line, cut off by a sign of its own where it is longer than the most", () => {
  expect(oneLine(" a\n\tb\u001b[1m ")).toBe("a b [1m");
  expect([oneLine("abcd", 4), oneLine("abcde", 4), oneLine("😀😀😀", 3), oneLine("😀😀😀", 2)]).toEqual(["abcd", "abc…", "😀😀😀", "😀…"]);
  expect(oneLine("x".repeat(101))).toBe(`${"x".repeat(99)}…`);
});

test("labels up to sixteen are a matrix, more are the pairs most often confused", () => {
  const names = (n: number) => Array.from({ length: n }, (_, i) => `l${i}`);
  const counts = (n: number) => Array.from({ length: n }, (_, i) => names(n).map((__, j) => (i === j ? 9 : i === 0 ? j : 0)));
  const matrix = confusionLines({ labels: names(16), counts: counts(16) });
  expect(matrix.length).toBe(17);
  expect(matrix[2]!.split(/\s+/).slice(0, 4)).toEqual(["l1", "0", "9", "0"]);
  const pairs = confusionLines({ labels: names(17), counts: counts(17) });
  expect(pairs.length).toBe(11);
  expect(pairs.slice(0, 2)).toEqual(["most often confused:", "  l0 taken for l16: 16"]);
  expect(pairs.at(-1)).toBe("  l0 taken for l7: 7");
});

test("two answers of one class are enough for a warning, one is not", () => {
  expect(singleClass(["a"], ["b"])).toEqual({});
  expect(singleClass(["a", "b"], ["a", "a"])).toEqual({});
  expect(singleClass(["a", "a"], ["a", "b"]).warning).toContain("does not distinguish the classes");
  expect(singleClass(["a", "a"], ["a", "a"]).warning).toContain("as is right");
});

test("errors are the wrong answers, the most confident first, up to a count", () => {
  const samples = [
    { right: false, confidence: 0.5 },
    { right: true, confidence: 0.99 },
    { right: false, confidence: 0.9 },
    { right: false, confidence: 0.7 },
  ];
  const errors = errorsOf({ samples } as unknown as Parameters<typeof errorsOf>[0], 2);
  expect(errors).toEqual([samples[2], samples[3]]);
});
