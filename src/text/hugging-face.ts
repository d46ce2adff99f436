import { messageOf, SeqgradError } from "../util/errors.js";

/** The parts of tokenizer.json that seqgrad reads and writes. */
export interface HuggingFaceJson {
  readonly version?: string;
  readonly truncation?: unknown;
  readonly padding?: unknown;
  readonly added_tokens?: readonly AddedToken[] | null;
  readonly normalizer?: Part | null;
  readonly pre_tokenizer?: Part | null;
  readonly post_processor?: Part | null;
  readonly decoder?: Part | null;
  readonly model?: ModelPart;
}

interface Part {
  readonly type: string;
  readonly [option: string]: unknown;
}

interface ModelPart extends Part {
  readonly vocab: Readonly<Record<string, number>>;
  readonly merges?: readonly (string | readonly [string, string])[];
}

interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special?: boolean;
  readonly [option: string]: unknown;
}

/** A file that was parsed, when it is plain JSON; messages may show what it holds. */
export function plainJson(op: string, json: unknown): HuggingFaceJson {
  try {
    JSON.stringify(json);
  } catch (cause) {
    throw new SeqgradError("format", `${op}: this is not plain JSON (${messageOf(cause)}); give a parsed tokenizer.json.`, {
      cause,
    });
  }
  return (json ?? {}) as HuggingFaceJson;
}

/** The two tokens of a merge, which a file has as a list or as one text with a blank between; undefined for anything else. */
export function pairOf(merge: unknown): readonly [string, string] | undefined {
  const [first, second, ...others]: readonly unknown[] = typeof merge === "string" ? merge.split(" ") : Array.isArray(merge) ? merge : [];
  return typeof first === "string" && typeof second === "string" && others.length === 0 ? [first, second] : undefined;
}

/** The entries of special tokens. */
export const addedTokens = (tokens: readonly string[], idOf: (token: string) => number): AddedToken[] =>
  tokens.map((content) => ({
    ...{ id: idOf(content), content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
  }));

/** True if a part has a type and no settings but these, each with one of its values; `undefined` allows any value. */
export function hasOnly(
  part: Part | null | undefined,
  type: string,
  settings: Readonly<Record<string, readonly unknown[] | undefined>>,
): boolean {
  if (typeof part !== "object" || part === null || part.type !== type) return false;
  const isGood = (name: string) => name in settings && (settings[name]?.includes(part[name]) ?? true);
  return Object.keys({ ...settings, ...part }).every((name) => name === "type" || isGood(name));
}

/**
 * Whether the vocabulary holds some tokens and its ids leave no gap, all added tokens are special and found as they stand, and texts are
 * neither cut nor padded.
 */
export function isPlain(file: HuggingFaceJson, needed: readonly string[]): boolean {
  const { version = "1.0", truncation, padding, added_tokens: added, model } = file;
  const { vocab } = model ?? {};
  const isList = Array.isArray(added) && added.findIndex((token) => typeof token !== "object" || token === null) < 0;
  if (typeof vocab !== "object" || vocab === null || !(added === null || added === undefined || isList)) return false;
  const off = [false, undefined];
  const flags = { single_word: off, lstrip: off, rstrip: off, normalized: [true, false, undefined], special: [true, undefined] };
  const isBare = (token: AddedToken) => hasOnly({ ...token, type: "" }, "", { ...flags, id: undefined, content: undefined });
  const ids = new Map([...Object.entries(vocab), ...(added ?? []).map(({ content, id }) => [content, id] as const)]);
  return (
    version === "1.0" &&
    !truncation &&
    !padding &&
    Object.keys(file).every((name) => heads.includes(name)) &&
    (added ?? []).every((token) => isBare(token) && (vocab[token.content] ?? token.id) === token.id) &&
    needed.every((token) => Object.hasOwn(vocab, token)) &&
    new Set((added ?? []).map(({ content }) => content)).size === (added ?? []).length &&
    new Set(ids.values()).size === ids.size &&
    [...ids.values()].every((id) => Number.isInteger(id) && id >= 0 && id < ids.size)
  );
}

const heads = ["version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model"];

/** The ids of all tokens, of which a special one may stand outside the model, and the special ones. */
export function vocabularyOf(
  op: string,
  { model, added_tokens }: HuggingFaceJson,
): { vocabulary: Record<string, number>; special: string[] } {
  const vocab = model?.vocab;
  if (typeof vocab !== "object" || vocab === null || Array.isArray(vocab))
    throw new SeqgradError("format", `${op}: the model has no vocab, an object from tokens to ids. Is the file whole?`);
  const added = added_tokens ?? [];
  if (!Array.isArray(added) || !added.every((token) => typeof token?.content === "string"))
    throw new SeqgradError("format", `${op}: added_tokens are ${JSON.stringify(added)}; expected a list of { id, content }.`);
  return {
    vocabulary: { ...vocab, ...Object.fromEntries(added.map(({ content, id }) => [content, id])) },
    special: added.map(({ content }) => content),
  };
}

/** Splits a text at special tokens and keeps them; the longest that fits is taken. */
export function specialPattern(tokens: readonly string[]): RegExp | undefined {
  if (tokens.length === 0) return undefined;
  const escaped = tokens.toSorted((a, b) => b.length - a.length).map((token) => token.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  return new RegExp(`(${escaped.join("|")})`, "u");
}
