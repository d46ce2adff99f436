import { fromByteCharacters } from "../byte-alphabet.js";
import { patternOf, replaced, type Translate } from "./patterns.js";
import { schemeOf } from "./pre-tokenizers.js";
import { type Makers, make, type Settings } from "./settings.js";

/** A function from tokens to the pieces of a text, which are then joined. */
export type Decoder = (tokens: readonly string[]) => string[];

const strictUtf8 = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** The decoder of tokenizer.json; without one there are blanks between the tokens. */
export function decoderOf(where: string, part: unknown, translate: Translate): Decoder {
  if (part === undefined || part === null) return (tokens) => [tokens.join(" ")];
  const makers: Makers<Decoder> = {
    Sequence: (settings) => {
      const steps = settings.list("decoders").map((step, i) => decoderOf(`${settings.where}.decoders[${i}]`, step, translate));
      return (tokens) => steps.reduce<string[]>((pieces, step) => step(pieces), [...tokens]);
    },
    ByteLevel: (settings) => {
      for (const name of ["add_prefix_space", "trim_offsets", "use_regex"]) settings.raw(name); // without effect on a text
      return (tokens) => [fromByteCharacters(tokens)];
    },
    WordPiece: (settings) => wordPiece(settings.text("prefix"), settings.flag("cleanup")),
    Metaspace: (settings) => {
      const mark = settings.character("replacement");
      settings.raw("split");
      const trims = schemeOf(settings) !== "never";
      return (tokens) => tokens.map((token, i) => token.replaceAll(mark, i === 0 && trims ? "" : " "));
    },
    BPEDecoder: (settings) => {
      const suffix = settings.text("suffix");
      return (tokens) => tokens.map((token, i) => token.replaceAll(suffix, i === tokens.length - 1 ? "" : " "));
    },
    ByteFallback: () => byteFallback,
    Fuse: () => (tokens) => [tokens.join("")],
    Strip: stripper,
    Replace: (settings) => {
      const pattern = patternOf(settings, translate);
      const content = settings.text("content");
      return (tokens) => tokens.map((token) => replaced(token, pattern, content));
    },
    CTC: ctc,
  };
  return make(where, part, makers);
}

const cleaned = (text: string) =>
  [" .", " ?", " !", " ,", " ' ", " n't", " 'm", " do not", " 's", " 've", " 're"].reduce(
    (cleaner, sign) => cleaner.replaceAll(sign, sign === " do not" ? " don't" : sign.trim()),
    text,
  );

/** Tokens with blanks between them, but not before tokens that continue a word. */
export const wordPiece =
  (prefix: string, cleanup: boolean): Decoder =>
  (tokens) =>
    tokens.map((token, i) => {
      const piece = i === 0 ? token : token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`;
      return cleanup ? cleaned(piece) : piece;
    });

/** Tokens such as <0xE2> are bytes; each that is not part of a character comes as U+FFFD. */
const byteFallback: Decoder = (tokens) => {
  const pieces: string[] = [];
  let bytes: number[] = [];
  const flush = () => {
    if (bytes.length === 0) return;
    try {
      pieces.push(strictUtf8.decode(Uint8Array.from(bytes)));
    } catch {
      for (const _ of bytes) pieces.push("\ufffd");
    }
    bytes = [];
  };
  for (const token of tokens) {
    const [, hex] = /^<0x([0-9A-Fa-f]{2})>$/.exec(token) ?? [];
    if (hex) {
      bytes.push(Number.parseInt(hex, 16));
      continue;
    }
    flush();
    pieces.push(token);
  }
  flush();
  return pieces;
};

/** Takes some characters of a kind off the ends of each token. */
function stripper(settings: Settings): Decoder {
  const content = settings.character("content");
  const [start, stop] = [settings.whole("start"), settings.whole("stop")];
  return (tokens) =>
    tokens.map((token) => {
      const characters = Array.from(token);
      let from = 0;
      while (from < start && from < characters.length && characters[from] === content) from++;
      let to = characters.length;
      while (characters.length - to < stop && to > 0 && characters[to - 1] === content) to--;
      return characters.slice(from, Math.max(from, to)).join("");
    });
}

/** The labels of connectionist temporal classification: repeated ones count once, and padding does not count. */
function ctc(settings: Settings): Decoder {
  const pad = settings.text("pad_token");
  const delimiter = settings.text("word_delimiter_token");
  const cleanup = settings.flag("cleanup");
  return (tokens) =>
    tokens
      .filter((token, i) => token !== tokens[i - 1])
      .map((token) => token.replaceAll(pad, ""))
      .map((token) => (cleanup ? cleaned(token).replaceAll(delimiter, " ") : token))
      .filter((token) => token !== "");
}
