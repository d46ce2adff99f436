import { isRecord, isWhole } from "../util/check.js";
import { isStoreName } from "./store.js";

/** The place of a file's bytes, with their size and checksum. */
export interface Place {
  readonly file: string;
  readonly size: number;
  readonly sha256: string;
}

/** The files of a store after a write: the place of each, and its place before. */
export type OpfsRecord = ReadonlyMap<string, readonly [now: Place, before?: Place]>;

/** A file of bytes is named by its write and its number in it; a record by its write alone. */
const BYTES = /^(\d{1,15})\.\d+$/;
const RECORD = /^(\d{1,15})\.record$/;

export const bytesName = (write: number, index: number): string => `${write}.${index}`;
export const recordName = (write: number): string => `${write}.record`;

/** The number of the write that made a file; undefined for a file that is not a store's. */
export const writeOf = (name: string): number | undefined => {
  const [, write] = BYTES.exec(name) ?? RECORD.exec(name) ?? [];
  return write === undefined ? undefined : Number(write);
};

export const isRecordName = (name: string): boolean => RECORD.test(name);

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A record's bytes: a line with the checksum of the rest, and JSON. */
export async function encodeRecord(record: OpfsRecord): Promise<Uint8Array<ArrayBuffer>> {
  const json = JSON.stringify({ version: 1, files: [...record] });
  const sum = await sha256(new TextEncoder().encode(json));
  return new TextEncoder().encode(`${sum}\n${json}`);
}

/** The record, unless the bytes are damaged. */
export async function decodeRecord(bytes: Uint8Array<ArrayBuffer>): Promise<OpfsRecord | undefined> {
  const end = bytes.indexOf(10);
  const decoder = new TextDecoder();
  if (end < 0 || decoder.decode(bytes.subarray(0, end)) !== (await sha256(bytes.slice(end + 1)))) return undefined;
  const value: unknown = JSON.parse(decoder.decode(bytes.subarray(end + 1)));
  if (!isRecord(value) || value.version !== 1 || !Array.isArray(value.files) || !value.files.every(isEntry)) return undefined;
  return new Map(value.files);
}

const isEntry = (entry: unknown): entry is [string, [Place, Place?]] =>
  Array.isArray(entry) && isStoreName(entry[0]) && Array.isArray(entry[1]) && entry[1].length > 0 && entry[1].every(isPlace);

const isPlace = (place: unknown): place is Place =>
  isRecord(place) && typeof place.file === "string" && BYTES.test(place.file) && isWhole(place.size) && typeof place.sha256 === "string";
