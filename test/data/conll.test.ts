import { describe, expect, test } from "vitest";
import { type ConllOptions, parseConll } from "../../src/data/index.js";
import { entityF1, entitySpans } from "../../src/metrics/index.js";
import { expectError } from "../helpers/errors.js";

const read = (text: string, options?: ConllOptions) =>
  parseConll(text, options).map(({ words, tags }) => [words.join(" "), tags.join(" ")]);

describe("comments of a CoNLL file", () => {
  test("before a sentence are not words", () => {
    expect(read("# id 1 domain=en\n# text = a b\nBob _ _ B-PER\nflew _ _ O\n\n#\nEve _ _ B-PER\n")).toEqual([
      ["Bob flew", "B-PER O"],
      ["Eve", "B-PER"],
    ]);
  });

  test("are not hashtags, nor a # with a tag", () => {
    expect(read("#paris\tB-LOC\n#\tO\n1\tO\n\n#rome B-LOC\n# O\n")).toEqual([
      ["#paris # 1", "B-LOC O O"],
      ["#rome #", "B-LOC O"],
    ]);
  });

  test("do not shift the lines of messages", () => {
    expect(parseConll("# a\nBob\tO\n\n# b\nEve\tO\n").map(({ line }) => line)).toEqual([2, 5]);
    expectError("format", () => parseConll("# a\nBob\tO\nx\tB-\n", "f"), 'f, line 3, column 2: the tag "B-" names no type');
  });
});

const universal = [
  "# text = vámonos al mar",
  "1-2\tvámonos\t_\t_\t_\t_\t_\t_\t_\t_",
  "1\tvamos\tir\tVERB\tV\t_\t0\troot\t_\tO",
  "2\tnos\tnosotros\tPRON\tP\t_\t1\tobj\t_\tO",
  "2.1\tempty\t_\tX\t_\t_\t_\t_\t_\t_",
  "3\tal\ta\tADP\tA\t_\t4\tcase\t_\tB-LOC",
].join("\n");

describe("columns of a CoNLL file", () => {
  test("CoNLL-U has its words in FORM, and neither ranges nor empty nodes are words", () => {
    expect(read(universal)).toEqual([["vamos nos al", "VERB PRON ADP"]]);
    expect(read(universal, { tagColumn: "MISC" })).toEqual([["vamos nos al", "O O B-LOC"]]);
    expect(read(universal, { tokenColumn: "lemma", tagColumn: 8 })).toEqual([["ir nosotros a", "root obj case"]]);
  });

  test("are chosen by number or name", () => {
    const text = "# global.columns = WORD POS NER\nBob NNP B-PER\nflew VBD O\n";
    expect(read(text)).toEqual([["Bob flew", "B-PER O"]]);
    expect(read(text, { tagColumn: 2 })).toEqual([["Bob flew", "NNP VBD"]]);
    expect(read(text, { tokenColumn: "3", tagColumn: "pos" })).toEqual([["B-PER O", "NNP VBD"]]);
    expectError("value", () => read(text, { tagColumn: 4 }), "tagColumn is 4", "from 1 to 3", "WORD, POS, NER");
    expectError("value", () => read(text, { tagColumn: 0 }), "tagColumn is 0");
    expectError("value", () => read(text, { tokenColumn: "lemma" }), 'tokenColumn is "lemma"');
    expectError("value", () => parseConll(text, { tagColum: 2 } as ConllOptions), '"tagColum"', "tagColumn");
  });
});

describe("prefixes of tags", () => {
  test("of BILOU count as those of BIOES", () => {
    const bilou = ["B-x", "I-x", "L-x", "U-x", "U-y", "O", "B-y", "L-y"];
    const bioes = bilou.map((tag) => tag.replace("L-", "E-").replace("U-", "S-"));
    expect(entitySpans(bilou)).toEqual(entitySpans(bioes));
    expect(entitySpans(bilou)).toHaveLength(4);
    expect(entityF1([bilou], [bioes]).f1).toBe(1);
    expect(read("a U-x\nb B-y\nc L-y\n")).toEqual([["a b c", "U-x B-y L-y"]]);
  });

  test("of IOB1 are read as they are", () => {
    expect(entitySpans(["I-x", "I-x", "B-x", "O", "I-y"]).map(({ start, end }) => [start, end])).toEqual([
      [0, 2],
      [2, 3],
      [4, 5],
    ]);
  });

  test("that are not known are refused with their line, but parts of speech may hold a hyphen", () => {
    expectError("format", () => parseConll("a\tO\nb\tQ-x\n", "f"), 'f, line 2, column 2: the prefix of the tag "Q-x"');
    expect(read("a\tV-PRES\nb\tN-SG\n")).toEqual([["a b", "V-PRES N-SG"]]);
  });
});
