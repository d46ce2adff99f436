import { checkBoolean, checkList, checkText, kindOf, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkOptions } from "../util/options.js";

/** The ids of tokens with a part to play; undefined where a tokenizer has none. */
export interface SpecialIds {
  /** Fills rows to one length. */
  readonly pad: number | undefined;
  /** Begins a sequence. */
  readonly sos: number | undefined;
  /** Ends a sequence. */
  readonly eos: number | undefined;
  /** Stands for what the vocabulary lacks. */
  readonly unk: number | undefined;
  /** All tokens that end a text: the end token, and others that a model of conversations ends its turns with. */
  readonly ends: readonly number[];
}

export interface EncodeOptions {
  /** Begin with the start token. Default false. */
  readonly sos?: boolean;
  /** End with the end token. Default false. */
  readonly eos?: boolean;
}

/** Further facts about tokens in a model's folder; `loadModel` returns them. */
export interface TokenHints {
  /** config.json. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** tokenizer_config.json. */
  readonly tokenizerConfig?: Readonly<Record<string, unknown>>;
  /** generation_config.json. */
  readonly generationConfig?: Readonly<Record<string, unknown>>;
}

/** Text to token ids and back: what every tokenizer can do. */
export interface Tokenizer {
  /** The number of tokens, V. */
  readonly size: number;
  readonly special: SpecialIds;
  /** Warnings for a person who uses it here, such as that this host finds other words than the one where it was made. */
  readonly warnings?: readonly string[];
  /**
   * Converts a text to token ids.
   *
   * @param text the text
   * @param options `sos` and `eos`: see EncodeOptions
   * @returns the ids, each in 0..V-1
   * @throws SeqgradError `range` for a token that is not in the vocabulary if there is no unknown token, `state` for an option without its
   *   token
   */
  encode(text: string, options?: EncodeOptions): Int32Array<ArrayBuffer>;
  /**
   * Converts a text to token ids in turns: timers, clicks and other work of a page run in between. All tokenizers of this package have it.
   *
   * @param text the text
   * @param options `sos` and `eos`: see EncodeOptions
   * @returns the ids, each in 0..V-1
   * @throws SeqgradError `range` for a token that is not in the vocabulary if there is no unknown token, `state` for an option without its
   *   token
   */
  encodeAsync?(text: string, options?: EncodeOptions): Promise<Int32Array<ArrayBuffer>>;
  /**
   * Converts ids to their text, without special tokens except the unknown one.
   *
   * @param ids the ids
   * @returns the text
   * @throws SeqgradError `range` for an id outside 0..V-1
   */
  decode(ids: ArrayLike<number>): string;
  /**
   * Returns the id of a token.
   *
   * @param token the token
   * @returns the id; undefined if it is not in the vocabulary
   */
  idOf(token: string): number | undefined;
  /**
   * Returns the token of an id.
   *
   * @param id the id
   * @returns the token
   * @throws SeqgradError `range` for an id outside 0..V-1
   */
  tokenOf(id: number): string;
  /**
   * Returns the JSON that `tokenizerFromJSON` reads.
   *
   * @returns the JSON
   */
  toJSON(): unknown;
}

/** The usual names of special tokens, by the part they play. */
const names: Readonly<Record<Exclude<keyof SpecialIds, "ends">, readonly string[]>> = {
  pad: ["<pad>", "[PAD]"],
  sos: ["<sos>", "<s>", "[CLS]", "<|startoftext|>", "<|begin_of_text|>", "<bos>"],
  eos: ["<eos>", "</s>", "[SEP]", "<|endoftext|>", "<|end_of_text|>", "<|eot_id|>"],
  unk: ["<unk>", "[UNK]"],
};

/** The tokens that end a turn of a conversation. */
const turnEnds = ["<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<end_of_turn>"];

/** The usual names of the unknown token. */
export const unknownTokens = names.unk;

/** The special tokens of sequence models, in the order of their ids: padding has id 0. */
export const sequenceTokens: readonly string[] = ["<pad>", "<sos>", "<eos>", "<unk>"];

/** The usual special tokens that a vocabulary has. */
export function specialIds(idOf: (token: string) => number | undefined): SpecialIds {
  const find = (part: keyof typeof names) => names[part].map(idOf).find((id) => id !== undefined);
  const eos = find("eos");
  const ends = [eos, ...turnEnds.map(idOf)].filter((id) => id !== undefined);
  return { pad: find("pad"), sos: find("sos"), eos, unk: find("unk"), ends: [...new Set(ends)] };
}

/** True if a token is written like a special one, as <pad> or [PAD]. */
export const isSpecialName = (token: string): boolean => /^(<[^<>]+>|\[[^[\]]+\])$/u.test(token);

/** The ids that decoding leaves out: of all tokens that look special, without the unknown one. */
export const silentIds = (tokens: readonly string[], { unk }: SpecialIds): ReadonlySet<number> =>
  new Set(tokens.flatMap((token, id) => (id !== unk && isSpecialName(token) ? [id] : [])));

/** The ids between the start and the end token, where they are asked for. */
export function framed(op: string, ids: Int32Array<ArrayBuffer>, special: SpecialIds, options: EncodeOptions): Int32Array<ArrayBuffer> {
  checkOptions(op, options, ["sos", "eos"]);
  const { sos = false, eos = false } = options;
  checkBoolean(op, "sos", sos);
  checkBoolean(op, "eos", eos);
  if (!sos && !eos) return ids;
  const need = (part: "sos" | "eos") => {
    const id = special[part];
    if (id === undefined)
      throw new SeqgradError("state", `${op}: the vocabulary has no token for ${part}; make it with <${part}> among its special tokens.`);
    return id;
  };
  return Int32Array.from([...(sos ? [need("sos")] : []), ...ids, ...(eos ? [need("eos")] : [])]);
}

/** The ids of a text, in turns where the tokenizer can. */
export const encodedInTurns = async (tokenizer: Tokenizer, text: string): Promise<Int32Array<ArrayBuffer>> =>
  tokenizer.encodeAsync ? tokenizer.encodeAsync(text) : tokenizer.encode(text);

/** The error for an id that belongs to no token. */
export const unknownId = (op: string, id: number | undefined, position: number, size: number): SeqgradError =>
  new SeqgradError("range", `${op}: id ${shown(id)} at position ${position} is not one of 0 to ${size - 1}.`);

/** The token of the id at a position of what `op` was given. */
export function tokenAt(op: string, tokens: readonly string[], id: number | undefined, position: number): string {
  const token = typeof id === "number" ? tokens[id] : undefined;
  if (token === undefined) throw unknownId(op, id, position, tokens.length);
  return token;
}

/** Throws unless a constructor, which is not to be called from outside, got strings; `advice` says how one is made. */
export function checkMade(name: string, tokens: unknown, advice: string): void {
  if (!Array.isArray(tokens) || tokens.findIndex((token) => typeof token !== "string") >= 0)
    throw new SeqgradError("state", `${name}: make one by ${advice}.`);
}

/** Throws unless the texts are a list, or anything else to go through; a string is one text, and not several. */
export function checkTextList(op: string, texts: Iterable<string>): void {
  if (typeof texts === "string" || typeof texts?.[Symbol.iterator] !== "function")
    throw new SeqgradError("value", `${op}: the texts are ${kindOf(texts)}; give a list of strings.`);
}

/** Yields the texts one after the other; throws if given one text instead of several, or a value that is not a text. */
export function* textsIn(op: string, texts: Iterable<string>): Generator<string> {
  checkTextList(op, texts);
  let i = 0;
  for (const text of texts) yield checkText(`${op}: text ${i++}`, text);
}

/** Ids to decode, when they are a list. */
export function checkIds(op: string, ids: ArrayLike<number>): void {
  checkList(op, "ids", ids, "a list of numbers");
}

/** Special tokens, when they are a list of different strings. */
export function checkSpecial(op: string, special: readonly string[]): void {
  if (!Array.isArray(special) || special.some((token) => typeof token !== "string" || token === ""))
    throw new SeqgradError(
      "value",
      `${op}: special is ${Array.isArray(special) ? `[${special.map(shown).join(",")}]` : shown(special)}; give a list of strings, such as ["<pad>"].`,
    );
  if (new Set(special).size < special.length)
    throw new SeqgradError("value", `${op}: the special tokens ${special.join(" ")} are not all different.`);
}
