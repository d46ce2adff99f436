import { checkText, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { checkOptions } from "../util/options.js";

/** A sentence, a tag for each word. */
export interface TaggedSentence {
  readonly words: readonly string[];
  readonly tags: readonly string[];
  /** The line of the file on which it begins, from 1. */
  readonly line: number;
}

export interface ConllOptions {
  /** The file's name, for messages. */
  readonly name?: string;
  /** The column of words: its number, from 1, or its name, as `# global.columns` or CoNLL-U name it. Default: the first, or FORM. */
  readonly tokenColumn?: number | string;
  /** The column of tags. Default: the last, or in CoNLL-U UPOS, the part of speech. */
  readonly tagColumn?: number | string;
}

/** CoNLL-U's columns (universaldependencies.org/format.html). */
const universal = ["ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC"];

interface Row {
  readonly line: number;
  readonly text: string;
  readonly cells: readonly string[];
}

/**
 * Reads the sentences of a CoNLL file: a word and its tag on each line, with tabs or blanks between columns, an empty line after each
 * sentence.
 *
 * Of more columns the first is the word and the last the tag, unless the options say otherwise. A line before a sentence is a comment if it
 * begins with "# " or has no tag; `#hashtag` with a tag is a word. Lines that begin with -DOCSTART- are skipped. In CoNLL-U the words are
 * FORM, and ranges (1-2) and empty nodes (1.1) are skipped.
 *
 * @param text the text of the file
 * @param options `name`: the file's name, for messages; a string is the name too
 * @returns the sentences
 * @throws SeqgradError `format` that names the file, line and column of a word without a tag, of a tag without a type, of a prefix that is
 *   not one of B, I, E, S, L and U, or of columns that are more or fewer within a sentence; or for a file without a sentence; `value` for a
 *   column that the file lacks
 * @example
 * const [sentence] = sg.data.parseConll("# id 1\nSarah\tB-person\nsmiles\tO\n");
 * sentence.tags; // = ["B-person", "O"]
 */
export const parseConll = (text: string, options: string | ConllOptions = {}): TaggedSentence[] => readConll(text, options).sentences;

/** The same, and whether the file has CoNLL-U's columns. */
export function readConll(text: string, options: string | ConllOptions = {}): { sentences: TaggedSentence[]; isUniversal: boolean } {
  const settings = typeof options === "string" ? { name: options } : options;
  checkOptions("parseConll", settings, ["name", "tokenColumn", "tagColumn"]);
  const { name = "the file", tokenColumn, tagColumn } = settings;
  checkText("parseConll", name, "name");
  for (const [option, column] of Object.entries({ tokenColumn, tagColumn }))
    if (column !== undefined && typeof column !== "string" && !Number.isInteger(column))
      throw new SeqgradError("value", `parseConll: ${option} is ${shown(column)}; give the number of a column, from 1, or its name.`);
  const { blocks, names } = blocksOf(checkText(name, text));
  const first = blocks[0]?.[0];
  if (!first) throw new SeqgradError("format", `${name} holds no sentence.`);
  const isUniversal = first.cells.length === universal.length && blocks.every(([row]) => /^1([-.]\d+)?$/.test(row?.cells[0] ?? ""));
  const heads = names ?? (isUniversal ? universal : undefined);
  const columnOf = (option: "tokenColumn" | "tagColumn", value: number | string | undefined, usual: number) => {
    if (value === undefined) return usual;
    const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
    const at = typeof number === "number" ? number - 1 : (heads?.findIndex((head) => head.toLowerCase() === number.toLowerCase()) ?? -1);
    if (Number.isInteger(at) && at >= 0 && at < first.cells.length) return at;
    const all = heads ? `, or one of ${heads.join(", ")}` : "";
    throw new SeqgradError(
      "value",
      `${name}: ${option} is ${shown(value)}; give the number of a column, from 1 to ${first.cells.length}${all}.`,
    );
  };
  const at = {
    token: columnOf("tokenColumn", tokenColumn, isUniversal ? 1 : 0),
    tag: columnOf("tagColumn", tagColumn, isUniversal ? 3 : -1),
  };
  // Other tags, such as parts of speech, may hold a hyphen anywhere.
  const isEntities = blocks.some((rows) => rows.some(({ cells }) => /^(O$|[BI]-.)/.test(cells.at(at.tag) ?? "")));
  const sentences = blocks.flatMap((rows) => {
    const words = isUniversal ? rows.filter(({ cells }) => !/^\d+[-.]\d+$/.test(cells[0] ?? "")) : rows;
    return words.length > 0 ? [sentenceOf(words, at, isEntities, name)] : [];
  });
  return { sentences, isUniversal };
}

/** The rows of each sentence without comments, and the names of the columns where a comment gives them. */
function blocksOf(text: string): { blocks: Row[][]; names?: string[] } {
  const blocks: Row[][] = [];
  let rows: Row[] = [];
  let names: string[] | undefined;
  const end = () => {
    if (rows.length > 0) blocks.push(rows);
    rows = [];
  };
  for (const [i, row] of text
    .replace(/^\ufeff/, "")
    .split(/\r\n|\n|\r/)
    .entries()) {
    if (row.trim() === "" || row.startsWith("-DOCSTART-")) {
      end();
      continue;
    }
    const cells = (row.includes("\t") ? row.split("\t") : row.trim().split(/ +/)).map((cell) => cell.trim());
    names ??= /^#\s*global\.columns\s*=\s*(.+)$/.exec(row)?.[1]?.trim().split(/\s+/);
    // Before a sentence "# " begins a comment, and so does "#" without a tag: "#hashtag" with a tag is a word.
    if (rows.length === 0 && (row.startsWith("# ") || (row.startsWith("#") && cells.length < 2))) continue;
    rows.push({ line: i + 1, text: row, cells });
  }
  end();
  return { blocks, ...(names && { names }) };
}

function sentenceOf(rows: readonly Row[], at: { token: number; tag: number }, isEntities: boolean, name: string): TaggedSentence {
  const start = nth(rows, 0);
  const width = start.cells.length;
  const [words, tags]: [string[], string[]] = [[], []];
  for (const { line, text, cells } of rows) {
    const fail = (column: number, what: string) => new SeqgradError("format", `${name}, line ${line}, column ${column}: ${what}.`);
    const [word, tag] = [cells.at(at.token), cells.at(at.tag)];
    if (cells.length < 2 || word === "" || tag === "")
      throw fail(2, `${JSON.stringify(text)} has no tag; expected a word, a tab and a tag`);
    if (cells.length !== width) {
      const advice = "expected as many in each line of a sentence, and an empty line after it";
      throw fail(Math.min(cells.length, width) + 1, `the line has ${cells.length} columns, the one before ${width}; ${advice}`);
    }
    if (word === undefined || tag === undefined)
      throw fail(width + 1, `the line has ${width} columns; expected at least ${Math.max(at.token, at.tag) + 1}, as in the first sentence`);
    const column = at.tag < 0 ? cells.length : at.tag + 1;
    if (/^[BIESLU]-$/.test(tag)) throw fail(column, `the tag ${JSON.stringify(tag)} names no type; expected one such as ${tag}person`);
    const [, prefix] = (isEntities && /^([A-Z])-./.exec(tag)) || [];
    if (prefix && !"BIESLU".includes(prefix))
      throw fail(column, `the prefix of the tag ${JSON.stringify(tag)} is not one of B, I, E, S, L and U, before a hyphen and a type`);
    words.push(word);
    tags.push(tag);
  }
  return { words, tags, line: start.line };
}
