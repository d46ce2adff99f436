import { describe, expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { expectError, expectRejection } from "../helpers/errors.js";

/** What only a caller without types can pass. */
const wrong = <T>(value: unknown): T => value as T;

test("a DataLoader refuses what it cannot cut into batches", () => {
  const load = (dataset: unknown, options: object = {}) =>
    new sg.data.DataLoader(wrong<sg.data.Dataset<number>>(dataset), { batch: 2, ...options });
  expectError("value", () => load(null), "DataLoader: the dataset has no at()");
  expectError("value", () => load({ length: 3 }), "the dataset has no at(); give an array, or { length, at(i) }");
  expectError("range", () => load({ length: 2.5, at: (i: number) => i }), "the dataset's length is 2.5");
  expectError("value", () => load([1], { collate: 5 }), "DataLoader: collate is 5; give a function");
  expectError("value", () => load([1], { bucketBy: "length" }), 'DataLoader: bucketBy is "length"; give a function');
  expectError("value", () => load([1], { dropLast: true }), "dropLast leaves no batch of 2 of the 1 items");
  expectError("value", () => [...load([1, 2, 3], { bucketBy: () => Number.NaN })], "a length by bucketBy is NaN");
  expectError("range", () => sg.data.lengthStatistics(wrong([5])), "lengthStatistics: a length is undefined");
  for (const bad of ["a text", undefined, 5, { length: 3 }])
    expectError("value", () => sg.data.lengthStatistics(wrong(bad)), "lengthStatistics: the first argument is", "give a list of sequences");
});

describe("tables", () => {
  test("of two kinds of line breaks keep their rows", async () => {
    const rows = await sg.data.parseCsv('a,b\r\nc,d\ne,"f\r\ng"\rh,i\r\n');
    expect(rows.map(({ line, cells }) => [line, ...cells])).toEqual([
      [1, "a", "b"],
      [2, "c", "d"],
      [3, "e", "f\ng"],
      [5, "h", "i"],
    ]);
    await expectRejection(
      "format",
      sg.data.parseCsv("a,b\r\nc,d\ne\r\n", { name: "x.csv" }),
      "x.csv, line 3, column 2: the row has 1 cell; expected 2",
    );
  });

  test("that begin with a byte order mark have a header all the same", () => {
    const rows = sg.data.parseTsv("\ufefflabel\ttext\ngood\tfilm", { columns: ["label", "text"] });
    expect(rows).toEqual([{ label: "good", text: "film" }]);
  });

  test("with a header of names twice, or of no row, are none", () => {
    const columns = (text: string) => sg.data.parseTsv(text, { columns: ["label", "text"], name: "x.tsv" });
    expectError("format", () => columns("label\ttext\tlabel\ngood\tfilm\tx"), "x.tsv, line 1: the header names label twice");
    expectError("format", () => columns(""), "x.tsv holds no row");
  });

  test("are made of text", async () => {
    expectError("value", () => sg.data.parseTsv(wrong(null), { name: "x.tsv" }), "x.tsv: the text is null");
    await expectRejection("value", sg.data.parseCsv(wrong(5), { name: "x.csv" }), "x.csv: the text is a number");
    expectError("value", () => sg.data.parseConll(wrong(null), "x.conll"), "x.conll: the text is null");
    expectError("value", () => sg.data.parseFrames(wrong(null)), "the frames: the text is null");
  });
});

test("CoNLL's lines have as many columns throughout a sentence, and tags that name a type", () => {
  const parse = (text: string) => sg.data.parseConll(text, "x.conll");
  expectError("format", () => parse("a\tO\nb\tNN\tO\n"), "x.conll, line 2, column 3: the line has 3 columns, the one before 2");
  expectError("format", () => parse("a NN O\nb O\n"), "x.conll, line 2, column 3: the line has 2 columns, the one before 3");
  expectError("format", () => parse("a\tO\nb\tB-\n"), 'x.conll, line 2, column 2: the tag "B-" names no type');
  expect(parse("a\tO\n\nb\tNN\tO\n").length).toBe(2);
  const byNumber = () => sg.data.parseConll("a x NN O\n\nb O\n", { name: "x.conll", tagColumn: 4 });
  expectError("format", byNumber, "x.conll, line 3, column 3: the line has 2 columns; expected at least 4");
});

describe("numbers", () => {
  test("of series stand in rows", () => {
    expectError(
      "value",
      () => sg.data.seriesOf(wrong([1, 2, 3])),
      "seriesOf: step 0 is a number; give a row for each step, such as [[1], [2]]",
    );
    expectError("value", () => sg.data.seriesOf(wrong(null)), "seriesOf: the rows hold no number");
    expectError("not-finite", () => sg.data.seriesOf([[1], wrong(["1"])]), 'seriesOf: step 1 has ["1"]');
    expectError("not-finite", () => sg.data.seriesOf([[1], wrong([null])]), "seriesOf: step 1 has [null]");
    const wild = sg.data.seriesOf([
      [1, 1e300],
      [2, -1e300],
      [3, 1e300],
    ]);
    expectError("not-finite", () => sg.data.SeriesScaler.fit(wild), "SeriesScaler.fit: the deviation of series 1 is Infinity");
  });

  test("of frames are none where a comma says that one is missing", () => {
    expectError("format", () => sg.data.parseFrames("1,,2"), '"" in vector 1 is not a number');
    expect(sg.data.parseFrames("1, 2 3 ,4")).toEqual([[1, 2, 3, 4]]);
    expectError("value", () => sg.data.padFrames(wrong([[1, 2]])), "padFrames: vector 0 of sequence 0 is a number");
  });
});
