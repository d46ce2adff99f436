import type { Normalizer } from "./bert.js";
import { WHITE, WORD } from "./patterns.js";
import { Settings, unreadable } from "./settings.js";
import { checkId } from "./vocabulary.js";

/** A token that is found in a text before the text is cut. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Counts only if no character of a word adjoins it. */
  readonly singleWord: boolean;
  /** Takes the white space before it. */
  readonly left: boolean;
  /** Takes the white space after it. */
  readonly right: boolean;
  /** Is looked for in the normalized text. */
  readonly normalized: boolean;
  readonly special: boolean;
}

/** The added tokens of tokenizer.json, when no two have one id or one content and none contradicts the model's vocabulary. */
export function addedTokensOf(list: unknown, vocabulary: ReadonlyMap<string, number>): AddedToken[] {
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) throw unreadable("added_tokens", `got ${JSON.stringify(list)}, expected a list of { id, content }`);
  const tokenOf = new Map(Array.from(vocabulary, ([token, id]) => [id, token]));
  const contents = new Set<string>();
  return list.map((entry, i) => {
    const where = `added_tokens[${i}]`;
    const settings = new Settings(where, entry);
    const content = settings.text("content");
    const special = settings.flag("special", false);
    const token = {
      id: checkId(where, content, settings.raw("id")),
      content,
      special,
      singleWord: settings.flag("single_word", false),
      left: settings.flag("lstrip", false),
      right: settings.flag("rstrip", false),
      normalized: settings.flag("normalized", !special),
    };
    settings.end();
    if (content === "") throw unreadable(where, "the content is empty");
    if (contents.has(content)) throw unreadable(where, `${JSON.stringify(content)} is there twice`);
    contents.add(content);
    const known = vocabulary.get(content);
    if (known !== undefined && known !== token.id)
      throw unreadable(where, `the id of ${JSON.stringify(content)} is ${token.id} here and ${known} in the vocabulary`);
    const other = tokenOf.get(token.id);
    if (other !== undefined && other !== content)
      throw unreadable(where, `${JSON.stringify(other)} and ${JSON.stringify(content)} have the same id ${token.id}`);
    tokenOf.set(token.id, content);
    return token;
  });
}

/** A part of a text: an added token, or what the tokenizer cuts. */
export interface Part {
  readonly text: string;
  readonly isFirst: boolean;
  readonly token?: AddedToken;
}

const endsWithWord = new RegExp(`[${WORD}]$`, "u");
const startsWithWord = new RegExp(`^[${WORD}]`, "u");
const whiteAfter = new RegExp(`${WHITE}*`, "uy");
const isWhite = new RegExp(`^${WHITE}$`, "u");

/** A function that splits a part at tokens: the leftmost first, of several there the longest. */
export function splitter(tokens: readonly AddedToken[], normalize: Normalizer): (part: Part) => Part[] {
  // Of tokens that look alike in the text the last one counts.
  const byText = new Map(tokens.map((token) => [normalize(token.content), token] as const).filter(([text]) => text !== ""));
  if (byText.size === 0) return (part) => [part];
  const longestFirst = [...byText.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map((text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")).join("|"), "gu");
  return (part) => {
    if (part.token) return [part];
    const { text, isFirst } = part;
    const parts: Part[] = [];
    let done = 0;
    const add = (start: number, end: number, token?: AddedToken) => {
      if (end > start) parts.push({ text: text.slice(start, end), isFirst: isFirst && start === 0, ...(token && { token }) });
    };
    for (const match of text.matchAll(pattern)) {
      const token = byText.get(match[0]);
      let start = match.index;
      let end = start + match[0].length;
      if (!token || start < done) continue;
      if (
        token.singleWord &&
        (endsWithWord.test(text.slice(Math.max(0, start - 2), start)) || startsWithWord.test(text.slice(end, end + 2)))
      )
        continue;
      if (token.left) while (start > done && isWhite.test(text.charAt(start - 1))) start--;
      if (token.right) {
        whiteAfter.lastIndex = end;
        whiteAfter.test(text);
        end = whiteAfter.lastIndex;
      }
      add(done, start);
      add(start, end, token);
      done = end;
    }
    add(done, text.length);
    return parts;
  };
}
