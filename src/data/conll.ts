import { checkText } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";

/** A sentence, a tag for each word. */
export interface TaggedSentence {
  readonly words: readonly string[];
  readonly tags: readonly string[];
  /** The line of the file on which it begins, from 1. */
  readonly line: number;
}

/**
 * The sentences of a CoNLL file: a word and its tag a line, with tabs or blanks between columns, an empty line after each sentence. Of
 * more columns the first is the word and the last the tag; lines that begin with -DOCSTART- are passed over.
 *
 * @param name the file's name, for messages
 * @throws SeqgradError `format` that names the file, line and column of a word without a tag, of a tag without a type or of columns that
 * are more or fewer within a sentence; or for a file without a sentence
 * @example
 * const [sentence] = sg.parseConll("Sarah\tB-person\nsmiles\tO\n");
 * sentence.tags; // = ["B-person", "O"]
 */
export function parseConll(text: string, name = "the file"): TaggedSentence[] {
  const sentences: TaggedSentence[] = [];
  let words: string[] = [];
  let tags: string[] = [];
  let line = 0;
  const end = () => {
    if (words.length > 0) sentences.push({ words, tags, line: line - words.length });
    words = [];
    tags = [];
  };
  let width = 0;
  for (const row of checkText(name, text).split(/\r\n|\n|\r/)) {
    line++;
    if (row.trim() === "" || row.startsWith("-DOCSTART-")) {
      end();
      continue;
    }
    const cells = row.includes("\t") ? row.split("\t") : row.trim().split(/ +/);
    const [word, tag] = [cells[0]!.trim(), cells.at(-1)!.trim()];
    if (cells.length < 2 || word === "" || tag === "")
      throw new SeqgradError(
        "format",
        `${name}, line ${line}, column 2: ${JSON.stringify(row)} has no tag; wants a word, a tab and a tag.`,
      );
    const fail = (column: number, what: string) => new SeqgradError("format", `${name}, line ${line}, column ${column}: ${what}.`);
    if (words.length > 0 && cells.length !== width) {
      const advice = "wants as many in each line of a sentence, and an empty line after it";
      throw fail(Math.min(cells.length, width) + 1, `the line has ${cells.length} columns, the one before ${width}; ${advice}`);
    }
    if (/^[BIES]-$/.test(tag)) throw fail(cells.length, `the tag ${JSON.stringify(tag)} names no type; wants one such as ${tag}person`);
    width = cells.length;
    words.push(word);
    tags.push(tag);
  }
  line++;
  end();
  if (sentences.length === 0) throw new SeqgradError("format", `${name} holds no sentence.`);
  return sentences;
}
