import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { isStoreName } from "./store.js";

/** A file in a zip, where its packed bytes start, and what they become. */
export interface ZipEntry {
  readonly name: string;
  readonly start: number;
  readonly packed: number;
  readonly size: number;
  readonly crc: number;
  readonly isDeflated: boolean;
}

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
/** The bytes of the records without their names and comments. */
const SIZES = { end: 22, central: 46, local: 30 };
/** DEFLATE makes at most this many bytes of one. */
const MOST_RATIO = 1032;

const wrong = (what: string) => new SeqgradError("format", `fromZip: ${what}.`);
const cut = () => wrong("the zip is cut short or damaged; get it again");

/** The files of a zip, by its directory, checked before anything is unpacked. */
export function entriesOf(bytes: Uint8Array, maxBytes: number): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = endOf(view);
  const count = view.getUint16(end + 10, true);
  const [length, first] = [view.getUint32(end + 12, true), view.getUint32(end + 16, true)];
  if (count === 0xffff || first === 0xffffffff) throw wrong("the zip has the form for more than 4 GB (zip64), which is not read");
  if (first + length > end) throw cut();
  const entries: ZipEntry[] = [];
  for (let i = 0, at = first; i < count; i++) {
    if (at + SIZES.central > end || view.getUint32(at, true) !== CENTRAL) throw cut();
    const lengths = view.getUint16(at + 28, true) + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (at + SIZES.central + lengths > end) throw cut();
    entries.push(entryAt(view, bytes, at));
    at += SIZES.central + lengths;
  }
  const files = withoutFolder(entries.filter(({ name }) => !name.endsWith("/") && !isExtra(name)));
  checkNames(files);
  checkSizes(files, maxBytes, bytes.length);
  return files;
}

/** The place of the record that ends a zip: before a comment of at most 65,535 bytes. */
function endOf(view: DataView): number {
  const last = view.byteLength - SIZES.end;
  for (let at = last; at >= 0 && at >= last - 0xffff; at--) if (view.getUint32(at, true) === END) return at;
  if (view.byteLength >= 4 && view.getUint32(0, true) === LOCAL) throw cut();
  throw wrong("the bytes are not a zip; give the bytes that toZip() returned, or a zip of a model's folder");
}

function entryAt(view: DataView, bytes: Uint8Array, at: number): ZipEntry {
  const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
  const nameAt = at + SIZES.central;
  const name = new TextDecoder().decode(bytes.subarray(nameAt, nameAt + view.getUint16(at + 28, true)));
  if (flags & 1) throw wrong(`${shownName(name)} is encrypted; make the zip without a password`);
  if (method !== 0 && method !== 8) throw wrong(`${shownName(name)} is packed by method ${method}; expected stored or deflated files`);
  const [crc, packed, size] = [view.getUint32(at + 16, true), view.getUint32(at + 20, true), view.getUint32(at + 24, true)];
  const local = view.getUint32(at + 42, true);
  if (local + SIZES.local > bytes.length || view.getUint32(local, true) !== LOCAL) throw cut();
  const start = local + SIZES.local + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  if (start + packed > bytes.length) throw cut();
  if (method === 0 && packed !== size) throw cut();
  return { name, start, packed, size, crc, isDeflated: method === 8 };
}

const shownName = (name: string) => JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);

/** Hidden files, and what macOS adds. */
const isExtra = (name: string) => /^__MACOSX\//.test(name) || /(^|\/)\.[^./][^/]*$/.test(name);

/** The entries without the folder that is around all of them, if there is one. */
function withoutFolder(entries: readonly ZipEntry[]): ZipEntry[] {
  const [folder] = /^[^/\\]+\//.exec(entries[0]?.name ?? "") ?? [];
  if (!folder || folder === "../" || !entries.every(({ name }) => name.startsWith(folder))) return [...entries];
  return entries.map((entry) => ({ ...entry, name: entry.name.slice(folder.length) }));
}

function checkNames(entries: readonly ZipEntry[]): void {
  const seen = new Set<string>();
  for (const { name } of entries) {
    if (!isStoreName(name)) throw wrong(`it holds a file named ${shownName(name)}; expected plain names, with no folder within`);
    if (seen.has(name)) throw wrong(`it holds two files named ${shownName(name)}; make the zip again`);
    seen.add(name);
  }
  if (seen.size === 0) throw wrong("the zip holds no file; give the zip of a model's folder");
}

function checkSizes(entries: readonly ZipEntry[], maxBytes: number, length: number): void {
  const total = entries.reduce((sum, { size }) => sum + size, 0);
  if (total > maxBytes) throw wrong(`its files have ${total} bytes, unpacked; the limit is maxBytes, ${maxBytes}`);
  const impossible = entries.find(({ size, packed }) => size > MOST_RATIO * packed);
  const overlaps = entries.reduce((sum, { packed }) => sum + packed, 0) > length;
  if (impossible || overlaps) throw wrong("the zip states sizes that its bytes cannot have; do not trust it");
}

let table: Uint32Array | undefined;

/** The checksum of zip files: CRC-32, polynomial 0xedb88320, which fflate does not check. */
export function crc32(bytes: Uint8Array): number {
  table ??= Uint32Array.from({ length: 256 }, (_, value) => {
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
  let crc = 0xffffffff;
  for (const byte of bytes) crc = nth(table, (crc ^ byte) & 0xff) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
