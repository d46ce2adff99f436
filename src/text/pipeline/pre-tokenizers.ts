import { toByteCharacters } from "../byte-alphabet.js";
import { gpt2Pieces } from "../pieces.js";
import { type Behavior, behaviors, escaped, PUNCTUATION, patternOf, split, type Translate, WHITE, WORD } from "./patterns.js";
import { type Makers, make, type Settings, unreadable } from "./settings.js";

/** A piece of a text. */
export interface Piece {
  readonly text: string;
  /** True if it begins where the whole text does. */
  readonly isFirst: boolean;
}

/** A function that cuts a piece into the pieces that the model encodes one by one. */
export type PreTokenizer = (piece: Piece) => Piece[];

const white = new RegExp(WHITE, "gu");
const sign = new RegExp(`[${PUNCTUATION}]`, "gu");
const words = new RegExp(`[${WORD}]+|[^${WORD}${WHITE}]+`, "gu");
const digit = /\p{N}/gu;

const cutting =
  (pattern: RegExp, behavior: Behavior, invert = false): PreTokenizer =>
  ({ text, isFirst }) =>
    split(text, pattern, behavior, invert).map(({ start, end }) => ({ text: text.slice(start, end), isFirst: isFirst && start === 0 }));

const inTurn =
  (steps: readonly PreTokenizer[]): PreTokenizer =>
  (piece) =>
    steps.reduce<Piece[]>((pieces, step) => pieces.flatMap(step), [piece]);

/** The pre-tokenizer of tokenizer.json; without one the model encodes the whole text. */
export function preTokenizerOf(where: string, part: unknown, translate: Translate): PreTokenizer {
  if (part === undefined || part === null) return (piece) => [piece];
  const makers: Makers<PreTokenizer> = {
    Sequence: (settings) =>
      inTurn(settings.list("pretokenizers").map((step, i) => preTokenizerOf(`${settings.where}.pretokenizers[${i}]`, step, translate))),
    BertPreTokenizer: () => inTurn([cutting(white, "Removed"), cutting(sign, "Isolated")]),
    ByteLevel: byteLevel,
    CharDelimiterSplit: (settings) => cutting(new RegExp(escaped(settings.character("delimiter")), "gu"), "Removed"),
    Digits: (settings) => cutting(digit, settings.flag("individual_digits") ? "Isolated" : "Contiguous"),
    FixedLength: fixedLength,
    Metaspace: metaspace,
    Punctuation: (settings) => cutting(sign, settings.choice("behavior", behaviors, "Isolated")),
    Split: (settings) => cutting(patternOf(settings, translate), settings.choice("behavior", behaviors), settings.flag("invert", false)),
    Whitespace: () => cutting(words, "Removed", true),
    WhitespaceSplit: () => cutting(white, "Removed"),
  };
  return make(where, part, makers);
}

function byteLevel(settings: Settings): PreTokenizer {
  const addsBlank = settings.flag("add_prefix_space");
  const cut = settings.flag("use_regex", true) ? cutting(gpt2Pieces, "Isolated") : (piece: Piece) => [piece];
  settings.raw("trim_offsets"); // offsets are not given out here
  return ({ text, isFirst }) =>
    cut({ text: addsBlank && !text.startsWith(" ") ? ` ${text}` : text, isFirst }).map((piece) => ({
      ...piece,
      text: toByteCharacters(piece.text),
    }));
}

export const schemes = ["always", "first", "never"] as const;

/** The prefix scheme of Metaspace, also in its old form. */
export function schemeOf(settings: Settings): (typeof schemes)[number] {
  const scheme = settings.choice("prepend_scheme", schemes, "always");
  settings.raw("str_rep");
  const isNamed = settings.has("prepend_scheme");
  const addsBlank = settings.flag("add_prefix_space", scheme !== "never");
  if (isNamed && !addsBlank && scheme !== "never")
    throw unreadable(settings.where, `add_prefix_space is false and prepend_scheme "${scheme}", which contradict each other`);
  return addsBlank ? scheme : "never";
}

function metaspace(settings: Settings): PreTokenizer {
  const mark = settings.character("replacement");
  const scheme = schemeOf(settings);
  const pattern = new RegExp(escaped(mark), "gu");
  const cut = settings.flag("split", true) ? cutting(pattern, "MergedWithNext") : (piece: Piece) => [piece];
  return ({ text, isFirst }) => {
    const marked = text.replaceAll(" ", mark);
    const begins = !marked.startsWith(mark) && (scheme === "always" || (scheme === "first" && isFirst));
    return cut({ text: begins ? mark + marked : marked, isFirst });
  };
}

function fixedLength(settings: Settings): PreTokenizer {
  const length = settings.whole("length", 5);
  if (length === 0) throw unreadable(settings.where, "length is 0, expected a whole number of at least 1");
  return ({ text, isFirst }) => {
    const characters = Array.from(text);
    return Array.from({ length: Math.ceil(characters.length / length) }, (_, i) => ({
      text: characters.slice(i * length, (i + 1) * length).join(""),
      isFirst: isFirst && i === 0,
    }));
  };
}
