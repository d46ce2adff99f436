import * as sg from "seqgrad";
import type { Problem } from "./task.js";

/** The most rows that may be wrong: a file with more of them is of another kind. */
const MOST = 100;

/**
 * Reads a file, and again without each line that the parser refuses, so that all of them can be shown together.
 *
 * @param scope `block` leaves out the lines around a wrong one, up to the empty lines before and after
 */
export async function readLeniently<T>(
  text: string,
  parse: (text: string) => T | Promise<T>,
  scope: "line" | "block" = "line",
): Promise<{ result: T; problems: Problem[] }> {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  const problems: Problem[] = [];
  for (;;) {
    try {
      return { result: await parse(lines.join("\n")), problems };
    } catch (error) {
      const line = error instanceof sg.SeqgradError ? Number(/, line (\d+)/.exec(error.message)?.[1]) : Number.NaN;
      if (!(line >= 1) || lines[line - 1] === "" || problems.length === MOST) throw error;
      problems.push({ line, text: (error as Error).message.replace(/^.*?, line \d+(, column \d+)?: /, "") });
      let [from, to] = [line - 1, line];
      if (scope === "block") {
        while (from > 0 && lines[from - 1]?.trim() !== "") from--;
        while (to < lines.length && lines[to]?.trim() !== "") to++;
      }
      lines.fill("", from, to);
    }
  }
}

/** The rows of a table of commas, semicolons or tabs. */
export async function readTable(text: string, name: string): Promise<{ rows: sg.data.TableRow[]; problems: Problem[] }> {
  const isTsv = /\.tsv$/i.test(name) || (text.split("\n", 1)[0] ?? "").includes("\t");
  const parse = async (lines: string) => (isTsv ? sg.data.parseTsv(lines, { name }) : sg.data.parseCsv(lines, { name }));
  const { result, problems } = await readLeniently(text, parse);
  return { rows: result, problems };
}

/** The columns of two names, by a header that has one of their words, or by `guess`. Without a header all rows are data. */
export function columnsOf(
  rows: readonly sg.data.TableRow[],
  words: readonly [RegExp, RegExp],
  guess: (rows: readonly sg.data.TableRow[]) => readonly [number, number],
): { at: readonly [number, number]; body: readonly sg.data.TableRow[]; hasHeader: boolean } {
  const heads = rows[0]?.cells.map((cell) => cell.trim().toLowerCase()) ?? [];
  const found = words.map((word) => heads.findIndex((head) => word.test(head)));
  const [a = -1, b = -1] = found;
  if (a >= 0 && b >= 0 && a !== b) return { at: [a, b], body: rows.slice(1), hasHeader: true };
  return { at: guess(rows), body: rows, hasHeader: false };
}
