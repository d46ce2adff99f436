import { checkObject, isRecord, kindOf, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatBytes, formatShape } from "../util/format.js";
import type { Shape } from "../util/shape.js";
import { type ArrayType, arrayTypes, checkStored, halfTypes, type StoredTensor, unreadTypes, type WritableTensor } from "./dtypes.js";
import { parseJsonObject } from "./strict-json.js";

const METADATA = "__metadata__";
const HEADER_LIMIT = 100_000_000;

interface Entry {
  readonly name: string;
  /** The type of its array, or for half floats the function that widens them. */
  readonly type: ArrayType | ((bits: number) => number);
  readonly shape: Shape;
  /** Bytes, from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads the tensors of a safetensors file, in the order in which their bytes lie.
 *
 * An array is a view of `bytes` if its alignment allows it, else a copy. F16 and BF16 are widened to float32; dtypes narrower than a byte,
 * F8 and complex numbers are refused.
 *
 * Nothing in the file is trusted: the header's length, its JSON, every dtype, shape and offset is checked before a tensor is made, and the
 * tensors must fill the rest of the file without a hole or an overlap, as the format's description demands.
 *
 * @param bytes the file
 * @returns the tensors by name
 * @throws SeqgradError `format`, which names the tensor and what is wrong with it
 * @see https://github.com/huggingface/safetensors
 * @example
 * const bytes = sg.io.writeSafetensors(await model.stateDict()); // or a file, or what fetch() got
 * const { dtype, shape, data } = sg.io.parseSafetensors(bytes).get("linear.weight");
 */
export function parseSafetensors(bytes: Uint8Array): Map<string, StoredTensor> {
  const { header, body } = readHeader(checkBytes("parseSafetensors", bytes));
  const entries = Object.entries(header)
    .filter(([name]) => name !== METADATA)
    .map(([name, entry]) => readEntry(name, entry))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCover(entries, body.length);
  return new Map(entries.map((entry) => [entry.name, readTensor(entry, body)]));
}

/**
 * Reads the `__metadata__` of a safetensors file.
 *
 * @param bytes the file
 * @returns the strings by name; empty if it has none
 * @throws SeqgradError `format`
 * @example
 * const bytes = sg.io.writeSafetensors(tensors, { format: "pt" });
 * sg.io.readSafetensorsMetadata(bytes).format; // = "pt"
 */
export function readSafetensorsMetadata(bytes: Uint8Array): Record<string, string> {
  return readHeader(checkBytes("readSafetensorsMetadata", bytes)).metadata;
}

function checkBytes(op: string, bytes: Uint8Array): Uint8Array {
  if (!(bytes instanceof Uint8Array))
    throw new SeqgradError("value", `${op}: the file is ${kindOf(bytes)}; expected its bytes as a Uint8Array.`);
  return bytes;
}

function fail(what: string): never {
  throw new SeqgradError("format", `parseSafetensors: ${what}`);
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; metadata: Record<string, string>; body: Uint8Array } {
  if (bytes.length < 8) fail(`the file has ${bytes.length} bytes; a safetensors file begins with 8 that hold the header's length.`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length > HEADER_LIMIT)
    fail(`the header is said to take ${length} bytes; the format allows ${HEADER_LIMIT}. Is this a safetensors file?`);
  if (length > bytes.length - 8)
    fail(`the header is said to take ${length} bytes, but ${bytes.length - 8} are left; the file is cut short.`);

  const text = decodeHeader(bytes.subarray(8, 8 + length));
  if (text[0] !== "{") fail('the header does not begin with "{".');
  const header = parseJsonObject("parseSafetensors: the header", text);
  const metadata = Object.hasOwn(header, METADATA) ? header[METADATA] : {};
  if (!isStringRecord(metadata)) fail(`${METADATA} is not an object of strings.`);
  return { header, metadata, body: bytes.subarray(8 + length) };
}

function decodeHeader(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new SeqgradError("format", "parseSafetensors: the header is not UTF-8.", { cause: error });
  }
}

function isStringRecord(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every((v) => typeof v === "string");
}

function readEntry(name: string, entry: unknown): Entry {
  const refuse = (what: string): never => fail(`tensor ${JSON.stringify(name)}: ${what}`);
  if (isMalformed(name)) return refuse("its name is not well-formed text.");
  if (!isRecord(entry)) return refuse("its entry is not an object.");
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== "string") return refuse("it has no dtype.");
  if (!isListOfSizes(shape)) return refuse("its shape is not a list of whole numbers of at least 0.");
  const [begin, end] = isListOfSizes(offsets) && offsets.length === 2 ? offsets : [];
  if (begin === undefined || end === undefined) return refuse("its data_offsets are not two whole numbers of at least 0.");

  const type = halfTypes.get(dtype) ?? arrayTypes.get(dtype);
  if (!type && unreadTypes.includes(dtype)) return refuse(`the dtype ${dtype} cannot be read; convert the file to F32.`);
  if (!type) return refuse(`the dtype ${JSON.stringify(dtype)} is not known.`);
  const expected = byteLength(shape, typeof type === "function" ? 2 : type.array.BYTES_PER_ELEMENT);
  if (begin > end) return refuse(`its data_offsets [${begin}, ${end}] run backward.`);
  if (expected === undefined) return refuse(`the shape ${formatShape(shape)} has more elements than a file can hold.`);
  if (expected !== end - begin)
    return refuse(`${dtype} ${formatShape(shape)} takes ${expected} bytes, its data_offsets hold ${end - begin}.`);
  return { name, type, shape, begin, end };
}

function isListOfSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0 && !Object.is(n, -0));
}

/** Undefined beyond 2^53, also where a dimension of 0 comes after: the format computes from left to right in machine integers. */
function byteLength(shape: Shape, width: number): number | undefined {
  let length = width;
  for (const n of shape) {
    length *= n;
    if (!Number.isSafeInteger(length)) return undefined;
  }
  return length;
}

/** Throws unless the entries, in the order of their bytes, meet one another and the end. */
function checkCover(entries: readonly Entry[], size: number): void {
  let position = 0;
  for (const { name, begin, end } of entries) {
    const label = `tensor ${JSON.stringify(name)}: bytes ${begin} to ${end}`;
    if (end > size) fail(`${label} pass the end of the data, ${size}; the file is cut short or its header is wrong.`);
    if (begin < position) fail(`${label} overlap the tensor before, which ends at ${position}.`);
    if (begin > position) fail(`${label} leave a hole after ${position}.`);
    position = end;
  }
  if (position < size) fail(`the last ${size - position} bytes belong to no tensor.`);
}

function readTensor({ type, shape, begin, end }: Entry, body: Uint8Array): StoredTensor {
  const bytes = body.subarray(begin, end);
  if (typeof type === "function") {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const bits = new Int32Array(bytes.length / 2);
    for (let i = 0; i < bits.length; i++) bits[i] = type(view.getUint16(2 * i, true));
    return { dtype: "float32", shape, data: new Float32Array(bits.buffer) };
  }
  const width = type.array.BYTES_PER_ELEMENT;
  const { buffer, byteOffset, length } = bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
  return { dtype: type.dtype, shape, data: new type.array(buffer, byteOffset, length / width) } as StoredTensor;
}

/**
 * Writes tensors as a safetensors file.
 *
 * The same tensors give the same bytes, whatever their order in the map: they lie by falling width of their elements, then by name, so that
 * each is aligned to its own width.
 *
 * @param tensors the tensors by name
 * @param metadata strings about the file as a whole; default none
 * @returns the file
 * @throws SeqgradError `value`, `shape` or `dtype` for what the format cannot hold
 * @example
 * const bytes = sg.io.writeSafetensors(await model.stateDict(), { format: "pt" });
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, WritableTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  if (!(tensors instanceof Map))
    throw new SeqgradError("value", `writeSafetensors: the tensors are ${kindOf(tensors)}; give a Map, as stateDict() makes it.`);
  checkObject("writeSafetensors", "metadata", metadata, "an object of strings");
  const strange = [...tensors.keys()].find((name) => typeof name !== "string");
  if (strange !== undefined) throw new SeqgradError("value", `writeSafetensors: the name ${shown(strange)} is not a string.`);
  const order = Array.from<[string, WritableTensor]>(tensors)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, tensor]) => ({ name, ...checkWritable(name, tensor) }))
    .sort((a, b) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);

  const members: string[] = [];
  const add = (name: string, value: unknown) => members.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
  if (Object.keys(metadata).length > 0) add(METADATA, sortedMetadata(metadata));
  let end = 0;
  for (const { name, format, shape, data } of order) {
    const begin = end;
    end += data.byteLength;
    add(name, { dtype: format, shape, data_offsets: [begin, end] });
  }
  const header = new TextEncoder().encode(`{${members.join()}}`);
  const start = 8 + Math.ceil(header.length / 8) * 8;
  if (start - 8 > HEADER_LIMIT)
    throw new SeqgradError("value", `writeSafetensors: the header takes ${formatBytes(start)}, over the format's 100 MB.`);

  const bytes = new Uint8Array(start + end).fill(0x20, 8, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.set(header, 8);
  let position = start;
  for (const { data } of order) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return bytes;
}

/** The tensor and the format's name of its dtype. */
function checkWritable(name: string, tensor: WritableTensor) {
  const label = `writeSafetensors: tensor ${JSON.stringify(name)}`;
  if (name === METADATA || isMalformed(name)) throw new SeqgradError("value", `${label}: the format cannot hold this name.`);
  return checkStored(label, tensor);
}

/** Half a surrogate pair has no UTF-8. */
const isMalformed = (text: string): boolean => /\p{Surrogate}/u.test(text);

function sortedMetadata(metadata: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(metadata);
  for (const [key, value] of entries) {
    if (typeof value !== "string" || isMalformed(key) || isMalformed(value)) {
      throw new SeqgradError(
        "value",
        `writeSafetensors: the metadata's ${JSON.stringify(key)} is not text, which is all the format can hold.`,
      );
    }
  }
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
