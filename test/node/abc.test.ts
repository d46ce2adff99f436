import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
// @ts-expect-error The examples are plain JavaScript.
import * as abc from "../../examples/lib/abc.mjs";

const barsOf = abc.barsOf as (tune: string) => { text: string; right: boolean }[];
/** Of the judged bars, which are right: `+`, and which are not: `-`. */
const verdict = (notes: string, head = "M:4/4\nL:1/8\nK:G") =>
  barsOf(`X:1\nT:A B|\n${head}\n${notes}\n`)
    .map(({ right }) => (right ? "+" : "-"))
    .join("");

test.each([
  ["whole numbers and parts of a unit", "A2B2c2d2|A8|A/2B/2c/d/A3/2B3/e3|A//B//c/d7|A2B2c2d|A2B2c2d3|", "++++--"],
  ["rests, octaves and accidentals", "z4^A,,2__b''=c|x8|z4A2_B3|", "++-"],
  ["chords, by their first note", "[CEG]8|[C4E2]4|[C2E2]4|[C4E4]2|[^C,2E][_B6d]|", "+-+++"],
  ["tuplets", "(3ABCD2(3E2F2G2|(3ABCDEFGAB|(2AB(4cdefG2|(3ABCDEFG|(5:4ABCDE(3:2:6ABcdef|(3::2ABC|", "+++-+-"],
  ["broken rhythm", "A>BA<BA>>BA<<B|A>BA<Bc4|A2>B2c4|A>Bc>de|", "+++-"],
  ["names of chords, grace notes, ornaments, ties and slurs", `"Gmaj7"A4-{cde}A2(B~c)|!trill!A4.B4|"A8"A4|`, "++-"],
  ["characters that are not music", "A4q4|A8k|A8|", "--+"],
] as const)("a bar's length counts %s", (_, notes, verdicts) => {
  expect(verdict(notes)).toBe(verdicts);
});

test("the unit is the one given, or follows from the meter", () => {
  expect(verdict("A4|A3|", "M:4/4\nL:1/4")).toBe("+-");
  expect(verdict("A8|A4|", "M:4/4")).toBe("+-");
  expect(verdict("A6|A3|", "M: 6/8")).toBe("+-");
  expect(verdict("A8|A4|", "M:2/4")).toBe("+-");
  expect(verdict("A8|", "M:C")).toBe("+");
  expect(verdict("A8|", "M:C|")).toBe("+");
  expect(verdict("(2ABc4|(2ABc3|", "M:6/8")).toBe("-+");
});

test("meter and unit may change, on a line of their own or within one", () => {
  expect(verdict("A8|\nM:6/8\nA6|A8|[M:3/4]A6|[L:1/4]A3|[K:D]A3|")).toBe("++-+++");
  expect(verdict("A4\nP:B\nA4|\\\nA8|")).toBe("++");
});

test("an upbeat is not judged, and the last bar of a part needs one that completes it", () => {
  expect(verdict("A2|B8|c6|]")).toBe("++");
  expect(verdict("A2|B8|c5|]")).toBe("+-");
  expect(verdict("B8|c6||")).toBe("+-");
  expect(verdict("B8|c6|d8||")).toBe("+-+");
  expect(verdict("A2|:B8|c6::d2|e8|f6:|")).toBe("++++");
  expect(verdict("A2|:B8|c6:|\nd|e8|f7:|")).toBe("++++");
});

test("each ending is the end of its part, and no upbeat", () => {
  expect(verdict("A2|B8|[1c6:|[2d6||e8|]")).toBe("++++");
  expect(verdict("A2|B8| [1 c6 :|\n [2d5||")).toBe("++-");
  expect(verdict("A2|B8|1c6:|2d2|e6|]")).toBe("++-+");
});

const file = "../shared/data/nottingham.abc";
const missing = existsSync(file) ? "" : ` (cannot run: there is no ${file})`;
test.skipIf(missing)(`the tunes of the Nottingham database add up, but for slips of theirs${missing}`, () => {
  const bars = readFileSync(file, "utf8")
    .split(/\n(?=X:)/)
    .flatMap(barsOf);
  expect(bars.length).toBeGreaterThan(8900);
  expect(bars.filter(({ right }) => !right).length).toBeLessThan(60);
});
