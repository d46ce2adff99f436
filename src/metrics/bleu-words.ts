import { finish, type Pieces } from "../util/breath.js";
import { tokenize13a, tokenizeWestern } from "./tokenize-13a.js";

/** How BLEU cuts a text into words, by sacreBLEU's names. */
export const bleuTokenizers = ["13a", "intl", "zh", "char", "none"] as const;
export type BleuTokenizer = (typeof bleuTokenizers)[number];

// sacreBLEU's list of Chinese characters, with two ranges as its comparison of strings reads them: U+2001 to 2A6D and U+2F81 to 2FA1.
const chinese =
  /[\u2001-\u2a6d\u2e80-\u2eff\u2f00-\u2fdf\u2ff0-\u303f\u3100-\u312f\u31a0-\u31bf\u31c0-\u31ef\u3200-\u33ff\u3400-\u4db5\u4e00-\u9fbb\uf900-\ufa2d\ufa30-\ufa6a\ufa70-\ufad9\ufe10-\ufe1f\ufe30-\ufe4f\uff00-\uffef]/g;

const splitters: Readonly<Record<BleuTokenizer, (line: string) => string[]>> = {
  "13a": tokenize13a,
  // mteval-v14: by Unicode's signs, but not within numbers.
  intl: (line) =>
    words(
      line
        .replace(/(\P{N})(\p{P})/gu, "$1 $2 ")
        .replace(/(\p{P})(\P{N})/gu, " $1 $2")
        .replace(/\p{S}/gu, " $& "),
    ),
  zh: (line) => words(tokenizeWestern(line.trim().replace(chinese, " $& "))),
  char: (line) => Array.from(line).filter((character) => !/\s/u.test(character)),
  none: (line) => words(line),
};

const words = (text: string): string[] => text.split(/\s+/u).filter((word) => word !== "");

/** The words of a line. */
export const bleuWords = (line: string, tokenizer: BleuTokenizer): string[] => splitters[tokenizer](line);

const kana = /[\p{sc=Hiragana}\p{sc=Katakana}]/gu;
const han = /\p{sc=Han}/gu;
/** Other scripts without blanks between words. */
const unbroken = /[\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}\p{sc=Tibetan}\p{sc=Javanese}\p{sc=Balinese}]/gu;

/** How the words of texts are found: Chinese by `zh`, other scripts without blanks between words by `char`, all else by `13a`. */
export const tokenizerFor = (texts: Iterable<string>): "13a" | "zh" | "char" => finish(scriptOf(texts));

/** The same in pieces. */
export function* scriptOf(texts: Iterable<string>): Pieces<"13a" | "zh" | "char"> {
  const counts = { words: 0, kana: 0, han: 0, unbroken: 0 };
  const count = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0;
  for (const text of texts) {
    yield;
    counts.words += count(text.replace(han, " ").replace(kana, " ").replace(unbroken, " "), /\p{L}+/gu);
    counts.kana += count(text, kana);
    counts.han += count(text, han);
    counts.unbroken += count(text, unbroken);
  }
  const others = counts.kana + counts.unbroken;
  // A word has about two such characters.
  if (counts.han + others <= 2 * counts.words) return "13a";
  return 10 * others > counts.han ? "char" : "zh";
}
