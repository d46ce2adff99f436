import { describe, expect, test } from "vitest";
import { findColumns } from "../../src/data/columns.js";
import { parseConll, parseCsv, parseTsv, SeriesScaler, seriesOf, seriesWindows } from "../../src/data/index.js";
import { expectError, expectRejection } from "../helpers/errors.js";

describe("tables", () => {
  test("with tabs keep quotes, and count lines", () => {
    expect(parseTsv('a "b\tc\r\n\r\nd\t"e"\n')).toEqual([
      { line: 1, cells: ['a "b', "c"] },
      { line: 3, cells: ["d", '"e"'] },
    ]);
    expectError(
      "format",
      () => parseTsv("a\tb\nc\n", { name: "pairs.tsv" }),
      "pairs.tsv, line 2, column 2",
      "1 cell; expected 2, as in line 1",
    );
    expectError("format", () => parseTsv("a\tb\nc\td\te"), "line 2, column 3", "3 cells; expected 2");
    expectError("format", () => parseTsv("\n\n"), "no row");
  });

  test("with commas hold commas, quotes and line breaks in quotes", async () => {
    expect(await parseCsv('"a, ""b""\nc",1\r\n\r\nd,2\r\n')).toEqual([
      { line: 1, cells: ['a, "b"\nc', "1"] },
      { line: 4, cells: ["d", "2"] },
    ]);
    await expectRejection("format", parseCsv("a,b\nc\n", { name: "t.csv" }), "t.csv, line 2, column 2");
    await expectRejection("format", parseCsv('a,b\n"c,d', { name: "t.csv" }), "t.csv, line 2", "uot");
    await expectRejection("format", parseCsv(""), "no row");
  });

  test("give columns by name, or by their order", () => {
    const named = findColumns(parseTsv("id\tText \tLABEL\n1\tfine\tgood"), ["label", "text"]).rows;
    expect(named).toEqual([{ line: 2, cells: ["good", "fine"], columns: [3, 2] }]);
    expect(findColumns(parseTsv("good\tfine"), ["label", "text"]).rows).toEqual([{ line: 1, cells: ["good", "fine"], columns: [1, 2] }]);
    expect(findColumns(parseTsv("text\tlabel"), ["label", "text"]).rows).toEqual([]);
    // The column that bears a part's name may be declared another part.
    const swapped = findColumns(parseTsv("label\ttext\nfine film\tgood"), { label: "text", text: "label" }).rows;
    expect(swapped).toEqual([{ line: 2, cells: ["good", "fine film"], columns: [2, 1] }]);
    const taken = findColumns(parseTsv("label\tmood\nfine film\tgood"), { label: undefined, text: "label" }).rows;
    expect(taken).toEqual([{ line: 2, cells: ["good", "fine film"], columns: [2, 1] }]);
    const wide = parseTsv("\n1\tfine\tgood");
    expectError(
      "format",
      () => findColumns(wide, ["label", "text"], { name: "t.tsv" }),
      "t.tsv, line 2, column 3",
      "3 cells",
      "label, text, or a header",
    );
    const hollow = parseTsv("id\ttext\tlabel\n1\t \tgood");
    expectError("format", () => findColumns(hollow, ["label", "text"], { name: "t.tsv" }), "t.tsv, line 2, column 2", "the text is empty");
  });
});

describe("parseConll", () => {
  test("takes the first and the last column", () => {
    expect(parseConll("-DOCSTART- O\n\nSarah NNP B-person\nsmiles VBZ O\n\n\nYes\tO")).toEqual([
      { words: ["Sarah", "smiles"], tags: ["B-person", "O"], line: 3 },
      { words: ["Yes"], tags: ["O"], line: 7 },
    ]);
  });

  test("says where a tag is missing", () => {
    expectError("format", () => parseConll("a\tO\nb\n", "x.conll"), "x.conll, line 2", '"b"');
    expectError("format", () => parseConll("a\t\n"), "line 1");
    expectError("format", () => parseConll("\n"), "no sentence");
  });
});

describe("series", () => {
  const series = seriesOf([
    [1, 10],
    [2, 10],
    [3, 10],
    [4, 10],
    [9, 10],
  ]);

  test("are scaled by what is known", () => {
    const scaler = SeriesScaler.fit(series, 3);
    expect([scaler.means, scaler.deviations]).toEqual([
      [2, 10],
      [Math.sqrt(2 / 3), 1],
    ]);
    for (const [i, value] of scaler.undo(scaler.apply([7, -2], 0), 0).entries()) expect(value).toBeCloseTo([7, -2][i]!, 12);
    expect(SeriesScaler.fromJSON(JSON.parse(JSON.stringify(scaler)))).toEqual(scaler);
    expectError("format", () => SeriesScaler.fromJSON({ means: [1], deviations: [0] }), "above 0");
    expectError("format", () => SeriesScaler.fromJSON(null), "means");
  });

  test("are cut into windows whose futures lie in a part", () => {
    const windows = seriesWindows(series, { history: 2, horizon: 1, from: 3 });
    expect(windows.map(({ past, future, at }) => [[...past], [...future], at])).toEqual([
      [[2, 10, 3, 10], [4, 10], 3],
      [[3, 10, 4, 10], [9, 10], 4],
    ]);
    expect(seriesWindows(series, { history: 1, horizon: 2, to: 4, stride: 2 }).map(({ at }) => at)).toEqual([1]);
    const [first] = seriesWindows(series, { history: 1, horizon: 1, scaler: SeriesScaler.fit(series) });
    expect(first!.future[1]).toBe(0);
    expectError("range", () => seriesWindows(series, { history: 5, horizon: 1 }), "5 steps and the 1");
  });

  test("refuse no rows, and rows of different widths", () => {
    expectError("value", () => seriesOf([]), "no number");
    expectError("shape", () => seriesOf([[1], [1, 2]]), "step 1 has 2");
  });
});
