import { isRecord } from "../../util/check.js";
import { messageOf } from "../../util/errors.js";
import type { Settings } from "./settings.js";
import { unreadable } from "./settings.js";

/** Characters that Rust and Oniguruma take for white space; `\s` of JavaScript has U+FEFF too, and lacks U+0085. */
export const WHITE = "\\p{White_Space}";
/** Characters of words, as Rust's `\w`. */
export const WORD = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}";
/** Punctuation, and the signs of ASCII. */
export const PUNCTUATION = "\\p{P}!-/:-@[-`{-~";

/** The cuts of a text: spans that match and those between them, in order, which make up the whole text. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly matches: boolean;
}

export const behaviors = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"] as const;
export type Behavior = (typeof behaviors)[number];

/** The spans of a text by a pattern, which has the flag g. An empty match at the end of the match before it does not count. */
export function spansOf(text: string, pattern: RegExp): Span[] {
  const spans: Span[] = [];
  let end = 0;
  let isAfterMatch = false;
  for (const match of text.matchAll(pattern)) {
    const start = match.index;
    // V8 also finds empty matches between the two halves of a character.
    const isWithin = /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(start - 1, start + 1));
    if (match[0] === "" && ((isAfterMatch && start === end) || isWithin)) continue;
    if (start > end) spans.push({ start: end, end: start, matches: false });
    end = start + match[0].length;
    spans.push({ start, end, matches: true });
    isAfterMatch = true;
  }
  if (end < text.length) spans.push({ start: end, end: text.length, matches: false });
  return spans;
}

/** The text with each match replaced. */
export const replaced = (text: string, pattern: RegExp, content: string): string =>
  spansOf(text, pattern)
    .map(({ start, end, matches }) => (matches ? content : text.slice(start, end)))
    .join("");

/** The pieces of a text that is cut where a pattern matches. */
export function split(text: string, pattern: RegExp, behavior: Behavior, invert = false): { start: number; end: number }[] {
  const spans = spansOf(text, pattern).map((span) => ({ ...span, matches: span.matches !== invert }));
  return joined(spans, behavior).filter(({ start, end }) => end > start);
}

function joined(spans: readonly Span[], behavior: Behavior): { start: number; end: number }[] {
  if (behavior === "Removed") return spans.filter(({ matches }) => !matches);
  if (behavior === "Isolated") return [...spans];
  const isBackward = behavior === "MergedWithNext";
  const pieces: { start: number; end: number }[] = [];
  let previous: boolean | undefined;
  for (const { start, end, matches } of isBackward ? spans.toReversed() : spans) {
    const last = pieces.at(-1);
    const joins = behavior === "Contiguous" ? matches === previous : matches && previous !== true;
    if (!last || !joins) pieces.push({ start, end });
    else if (isBackward) last.start = start;
    else last.end = end;
    previous = matches;
  }
  return isBackward ? pieces.reverse() : pieces;
}

/** A translation of Oniguruma's patterns to JavaScript's. */
export type Translate = (source: string) => RegExp;

/** A text as a pattern that matches it. */
export const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

/** The pattern of a setting: { String } or { Regex }. */
export function patternOf(settings: Settings, translate: Translate): RegExp {
  const value = settings.raw("pattern");
  // An old form of Replace has the text itself.
  const [part = [], ...others] = typeof value === "string" ? [["String", value]] : isRecord(value) ? Object.entries(value) : [];
  const [kind, source] = part;
  if ((kind !== "String" && kind !== "Regex") || others.length > 0 || typeof source !== "string")
    throw unreadable(settings.where, `pattern is ${JSON.stringify(value)}, expected { String: … } or { Regex: … }`);
  if (kind === "String") return new RegExp(source === "" ? "[^]+" : escaped(source), "gu");
  const inexact = inexactIn(source);
  if (inexact !== undefined)
    throw unreadable(settings.where, `the pattern ${JSON.stringify(source)} has ${inexact}, which JavaScript does not match alike`);
  try {
    return translate(source);
  } catch (cause) {
    throw unreadable(settings.where, `the pattern ${JSON.stringify(source)} cannot be read: ${messageOf(cause)}`);
  }
}

/** The first construct of a pattern that JavaScript lacks, outside of character classes. */
function inexactIn(source: string): string | undefined {
  const constructs = /\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|[*+?]\+|\(\?(?![:=!]|<[=!]|i:)[^)]{0,3}|\[\[:\^?\w+:\]/g;
  for (const [found] of source.matchAll(constructs)) {
    if (/^\\[GKRXkg1-9yYO]/.test(found)) return `the escape ${found}`;
    if (/^[*+?]\+$/.test(found)) return `the possessive quantifier ${found}`;
    if (found.startsWith("(?")) return `the group ${found}`;
  }
  return undefined;
}

/** The translation by the package @huggingface/tokenizers, which the file needs only where it has a Regex. */
export async function translator(json: unknown): Promise<Translate> {
  if (!JSON.stringify(json).includes('"Regex"')) return (source) => new RegExp(source, "gu");
  const { SplitPreTokenizer } = await import("@huggingface/tokenizers");
  return (source) => {
    const settings = { type: "Split", pattern: { Regex: source }, behavior: "Isolated", invert: false } as const;
    const { pattern = undefined }: { pattern?: unknown } = new SplitPreTokenizer(settings);
    if (!(pattern instanceof RegExp)) throw new TypeError("@huggingface/tokenizers has no pattern for it");
    // Case is folded by Unicode's rules there: "s" and "k" have a second capital, U+017F and U+212A.
    const folded = pattern.source.replace(/\[sS\]/g, "[sS\u017f]").replace(/\[kK\]/g, "[kK\u212a]");
    return source.includes("(?i:") ? new RegExp(folded, pattern.flags) : pattern;
  };
}
