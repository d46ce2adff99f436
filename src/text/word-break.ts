import { finish, type Pieces } from "../util/breath.js";
import { nth } from "../util/nth.js";
import { kinds, runs, wordClasses } from "./word-data.js";

// Unicode's rules for words (UAX 29, "Word Boundary Rules"), the same on every host: tables of our own, of one version of Unicode.

/** A code point's class is in the low five bits of its value. */
const CLASS = 31;
const PICTOGRAPH = 32;
const WORD = 64;

type WordClass = (typeof wordClasses)[number];
const classOf = Object.fromEntries(wordClasses.map((name, i) => [name, i])) as Record<WordClass, number>;
const { Other, ZWJ, WSegSpace, Katakana, Kanji } = classOf;

let table: Uint8Array | undefined;

/** The value of every code point; unpacked when it is first needed. */
function values(): Uint8Array {
  if (table) return table;
  table = new Uint8Array(0x110000);
  let at = 0;
  for (const [, length, sign = ""] of runs.matchAll(/([0-9a-z]*)([^0-9a-z])/g)) {
    const code = sign.charCodeAt(0);
    const end = at + (length ? Number.parseInt(length, 36) : 1);
    table.fill(nth(kinds, code < 0x391 ? code - 65 : code - 0x391 + 26), at, end);
    at = end;
  }
  return table;
}

/** The decision between two characters: a boundary, none, or one that depends on the characters around them. */
const BREAK = 0;
const JOIN = 1;
/** A mark: part of what it stands on. */
const SKIP = 2;
/** Pairs of regional indicators are flags. */
const FLAG = 3;
/** The sign joins what is around it where a letter, a Hebrew letter or a digit comes next. */
const BEFORE_LETTER = 4;
const BEFORE_HEBREW = 5;
const BEFORE_DIGIT = 6;
/** The sign joins what is before it, and a letter after it. */
const GERESH = 7;

/** The rules for a pair of classes: the class before, times 32, plus the class after. */
const pairs = (() => {
  const all = new Uint8Array(32 * 32).fill(BREAK);
  const known: readonly string[] = wordClasses;
  const classesIn = (names: string) => names.split(" ").map((name) => known.indexOf(name));
  const rule = (before: string, after: string, what: number) => {
    for (const a of classesIn(before)) for (const b of classesIn(after)) all[32 * a + b] = what;
  };
  const newlines = "CR LF Newline";
  const letters = "ALetter Hebrew_Letter";
  const scripts = "Kanji Thai Lao Khmer Myanmar";
  const others = wordClasses.filter((name) => !newlines.split(" ").includes(name)).join(" ");
  rule("CR", "LF", JOIN); // WB3
  rule("WSegSpace", "WSegSpace", JOIN); // WB3d
  rule(others, "Extend Format ZWJ", SKIP); // WB4
  rule(letters, `${letters} Numeric`, JOIN); // WB5, WB9
  rule(letters, "MidLetter MidNumLet Single_Quote", BEFORE_LETTER); // WB6, WB7
  rule("Hebrew_Letter", "Single_Quote", GERESH); // WB6, WB7, WB7a
  rule("Hebrew_Letter", "Double_Quote", BEFORE_HEBREW); // WB7b, WB7c
  rule("Numeric", `Numeric ${letters}`, JOIN); // WB8, WB10
  rule("Numeric", "MidNum MidNumLet Single_Quote", BEFORE_DIGIT); // WB11, WB12
  rule("Katakana", "Katakana", JOIN); // WB13
  rule(`${letters} Numeric Katakana ExtendNumLet`, "ExtendNumLet", JOIN); // WB13a
  rule("ExtendNumLet", `${letters} Numeric Katakana`, JOIN); // WB13b
  rule("Regional_Indicator", "Regional_Indicator", FLAG); // WB15, WB16
  // Runs in which a dictionary finds the words.
  for (const script of scripts.split(" ")) rule(script, script, JOIN);
  rule("Kanji", "Katakana", JOIN);
  rule("Katakana", "Kanji", JOIN);
  return all;
})();

/** Units, or words of a run, that are looked at in a piece of work. */
const PIECE = 1024;

/** The ends of words in a run of one script without spaces, each as the number of units before it. */
export type Dictionary = (run: string) => Iterable<number>;

/**
 * The segments of a text, words, signs and white space, which put together are the text.
 * @param dictionary asked about runs of scripts without spaces. Default: Unicode's rules, by which each of their characters stands alone
 */
export const wordSegments = (text: string, dictionary: Dictionary = singles): string[] => finish(segmented(text, dictionary));

/** The same in pieces. */
export function* segmented(text: string, dictionary: Dictionary = singles): Pieces<string[]> {
  const classes = values();
  const segments: string[] = [];
  let start = 0;
  /** The start of the run for the dictionary; -1 outside one. */
  let runStart = -1;
  /** The last class that counts, or -1 at the start; and the class of the code point before this one. */
  let before = -1;
  let last = Other;
  let flags = 0;
  /** True if a rule that looked ahead has joined the next character already. */
  let isJoined = false;
  function* endRun(at: number): Pieces<void> {
    for (const length of innerEnds(text.slice(runStart, at), dictionary)) {
      segments.push(text.slice(start, runStart + length));
      start = runStart + length;
      if (segments.length % PIECE === 0) yield;
    }
    runStart = -1;
  }
  for (let i = 0; i < text.length; ) {
    if (i % PIECE === PIECE - 1) yield;
    const unit = text.charCodeAt(i);
    const codePoint = unit >= 0xd800 && unit < 0xdc00 ? (text.codePointAt(i) ?? unit) : unit;
    const isPair = codePoint > 0xffff;
    const value = classes[codePoint]!;
    const own = value & CLASS;
    const next = i + (isPair ? 2 : 1);
    let what = before < 0 ? JOIN : pairs[32 * before + own]!;
    if (what === SKIP) {
      // Two spaces with a mark between them are not adjacent.
      if (before === WSegSpace) before = Other;
      last = own;
      i = next;
      continue;
    }
    if (isJoined || (last === ZWJ && value & PICTOGRAPH)) what = JOIN;
    isJoined = false;
    if (what === FLAG) what = flags % 2 === 1 ? JOIN : BREAK;
    else if (what > JOIN) {
      isJoined = isMet(what, classAfter(text, next, classes));
      what = isJoined || what === GERESH ? JOIN : BREAK;
    }
    const needsDictionary = own >= Kanji || own === Katakana;
    if (runStart >= 0 && (what === BREAK || !needsDictionary)) yield* endRun(i);
    if (what === BREAK) {
      segments.push(text.slice(start, i));
      start = i;
    }
    if (needsDictionary && runStart < 0) runStart = i;
    flags = own === classOf.Regional_Indicator ? (what === BREAK || before !== own ? 1 : flags + 1) : 0;
    before = own;
    last = own;
    i = next;
  }
  if (runStart >= 0) yield* endRun(text.length);
  if (start < text.length) segments.push(text.slice(start));
  return segments;
}

/** The ends that a dictionary finds within a run. */
function* innerEnds(run: string, dictionary: Dictionary): Iterable<number> {
  if (run.length > 1) for (const length of dictionary(run)) if (length > 0 && length < run.length) yield length;
}

/** True if the next class is the one that the sign before it requires. */
function isMet(what: number, following: number): boolean {
  if (what === BEFORE_DIGIT) return following === classOf.Numeric;
  return following === classOf.Hebrew_Letter || (what !== BEFORE_HEBREW && following === classOf.ALetter);
}

/** The class of the next character that is not a mark; -1 at the end. */
function classAfter(text: string, from: number, classes: Uint8Array): number {
  for (let i = from; i < text.length; ) {
    const codePoint = text.codePointAt(i) ?? 0;
    const own = classes[codePoint]! & CLASS;
    if (own !== classOf.Extend && own !== classOf.Format && own !== ZWJ) return own;
    i += codePoint > 0xffff ? 2 : 1;
  }
  return -1;
}

/** Unicode's own rules for scripts without spaces: every character is a word, but Katakana holds together. */
function* singles(run: string): Generator<number> {
  const classes = values();
  let before = -1;
  let at = 0;
  for (const character of run) {
    const own = classes[character.codePointAt(0) ?? 0]! & CLASS;
    if (own >= Kanji || own === Katakana) {
      if (at > 0 && !(own === Katakana && before === Katakana)) yield at;
      before = own;
    }
    at += character.length;
  }
}

/** True if a segment holds a letter or a digit. */
export function isWord(segment: string): boolean {
  const classes = values();
  for (let i = 0; i < segment.length; i++) {
    const codePoint = segment.codePointAt(i) ?? 0;
    if (classes[codePoint]! & WORD) return true;
    if (codePoint > 0xffff) i++;
  }
  return false;
}

/** The script without spaces that a code point is of, Katakana's being Kanji; undefined for any other. */
export function scriptOf(codePoint: number | undefined): WordClass | undefined {
  const own = codePoint === undefined ? Other : values()[codePoint]! & CLASS;
  return own === Katakana ? "Kanji" : own >= Kanji ? wordClasses[own] : undefined;
}
