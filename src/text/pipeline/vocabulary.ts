import type { Pieces } from "../../util/breath.js";
import { isWhole } from "../../util/check.js";
import { SeqgradError } from "../../util/errors.js";
import { allOf } from "../../util/nth.js";
import { type Settings, unreadable } from "./settings.js";

/** A function from a piece to its tokens. */
export interface Model {
  readonly vocabulary: ReadonlyMap<string, number>;
  /** The token for what the vocabulary lacks. */
  readonly unknown: string | undefined;
  idsOf(piece: string): Pieces<readonly number[]>;
}

/** Ids above this are refused: no vocabulary is that large, and arrays are as long as the highest id. */
export const HIGHEST = 2 ** 24;

/** The id, when it can be one. */
export function checkId(where: string, token: string, id: unknown): number {
  if (isWhole(id) && id >= 0 && id < HIGHEST) return id;
  throw unreadable(where, `the id of ${JSON.stringify(token)} is ${JSON.stringify(id)}, expected a whole number from 0 to ${HIGHEST - 1}`);
}

/** Tokens and their ids; no two tokens have one id. */
export function vocabularyOf(settings: Settings): Map<string, number> {
  const vocab = settings.raw("vocab");
  if (typeof vocab !== "object" || vocab === null || Array.isArray(vocab))
    throw unreadable(settings.where, "the model has no vocab, an object from tokens to ids. Is the file whole?");
  const where = `${settings.where}.vocab`;
  const tokens = new Map<number, string>();
  const ids = new Map<string, number>();
  for (const [token, value] of Object.entries(vocab)) {
    const id = checkId(where, token, value);
    const other = tokens.get(id);
    if (other !== undefined) throw unreadable(where, `${JSON.stringify(other)} and ${JSON.stringify(token)} have the same id ${id}`);
    tokens.set(id, token);
    ids.set(token, id);
  }
  if (ids.size === 0) throw unreadable(where, "the vocabulary is empty");
  return ids;
}

/** The error of a piece that the vocabulary lacks where there is no unknown token. */
export const lacking = (piece: string, unknown: string | undefined): SeqgradError => {
  const shown = JSON.stringify(piece.slice(0, 80));
  const why = unknown === undefined ? "the file names no unknown token" : `nor its unknown token ${JSON.stringify(unknown)}`;
  return new SeqgradError("range", `Tokenizer.encode: the vocabulary has no token for ${shown}, and ${why}.`);
};

/** The ids of a text's bytes, such as <0xE2>; `undefined` where the vocabulary lacks one. */
export function byteIds(text: string, vocabulary: ReadonlyMap<string, number>): number[] | undefined {
  const idOf = (byte: number) => vocabulary.get(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
  return allOf(Array.from(new TextEncoder().encode(text), idOf));
}
