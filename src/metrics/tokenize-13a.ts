import { checkText } from "../util/check.js";

const entities: readonly [RegExp, string][] = [
  [/&quot;/g, '"'],
  [/&amp;/g, "&"],
  [/&lt;/g, "<"],
  [/&gt;/g, ">"],
];

/**
 * Cuts a line into words as the script mteval-v13a does, on which BLEU's published scores rest: punctuation stands alone, but a period or
 * comma between digits and characters outside ASCII stay where they are. White space is Unicode's.
 *
 * @param line a line of text
 * @returns its words
 * @example
 * sg.metrics.tokenize13a("It costs $3.50, she said."); // = ["It", "costs", "$", "3.50", ",", "she", "said", "."]
 */
export function tokenize13a(line: string): string[] {
  checkText("tokenize13a", line);
  let text = line.replaceAll("<skipped>", "").replaceAll("-\n", "").replaceAll("\n", " ");
  for (const [entity, character] of entities) text = text.replace(entity, character);
  return tokenizeWestern(` ${text} `)
    .split(/\s+/u)
    .filter((word) => word !== "");
}

/** Blanks around the signs of Western languages. */
export const tokenizeWestern = (text: string): string =>
  text
    .replace(/([{-~[-` -&(-+:-@/])/g, " $1 ")
    .replace(/([^0-9])([.,])/gu, "$1 $2 ")
    .replace(/([.,])([^0-9])/gu, " $1 $2")
    .replace(/([0-9])(-)/g, "$1 $2 ");
