import { PUNCTUATION, WHITE } from "./patterns.js";

/** A function that changes a text before it is cut. */
export type Normalizer = (text: string) => string;

export interface BertOptions {
  readonly cleanText: boolean;
  readonly chineseCharacters: boolean;
  readonly stripAccents: boolean;
  readonly lowercase: boolean;
}

/** In lower case, each character by itself: the sigma at the end of a word is not another one. */
export const lowerCase: Normalizer = (text) => text.replaceAll("\u03a3", "\u03c3").toLowerCase();

const ideographs =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;
const unclean = /[\0\ufffd]|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}]/gu;

/** BERT's normalizer: cleaned of control characters, blanks around ideographs, without accents, in lower case. */
export function bertNormalizer({ cleanText, chineseCharacters, stripAccents, lowercase }: BertOptions): Normalizer {
  return (source) => {
    let text = source;
    if (cleanText) text = text.replace(unclean, "").replace(new RegExp(WHITE, "gu"), " ");
    if (chineseCharacters) text = text.replace(ideographs, " $& ");
    if (stripAccents) text = text.normalize("NFD").replace(/\p{Mn}/gu, "");
    return lowercase ? lowerCase(text) : text;
  };
}

const words = new RegExp(`[^${WHITE}${PUNCTUATION}]+|[${PUNCTUATION}]`, "gu");

/** BERT's words: between white space, and each sign by itself. */
export const bertWords = (text: string): string[] => text.match(words) ?? [];
