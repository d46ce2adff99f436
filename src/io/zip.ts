import { checkArray, checkInteger, kindOf } from "../util/check.js";
import { messageOf, SeqgradError } from "../util/errors.js";
import { checkOptions, namesOf } from "../util/options.js";
import { change, checkStore, memoryStore, type Store } from "./store.js";
import { crc32, entriesOf, type ZipEntry } from "./zip-entries.js";

export interface ZipOptions {
  /** The names of the files to put in. Default: all files of the store. */
  readonly names?: readonly string[];
}

export interface UnzipOptions {
  /** The store to write the files to. Default: a new memoryStore(). */
  readonly into?: Store;
  /** The most bytes that all files may have, unpacked. Default 2^30. */
  readonly maxBytes?: number;
}

const zipNames = namesOf<ZipOptions>({ names: 1 });
const unzipNames = namesOf<UnzipOptions>({ into: 1, maxBytes: 1 });

/**
 * Packs a model's folder as one zip, to download it or to send it. The command line reads it where it reads a folder:
 * `seqgrad predict --model my-model.zip`. The same files give the same bytes.
 *
 * @param store the folder
 * @param options see ZipOptions
 * @returns the bytes of the zip
 * @throws SeqgradError `io` for a name that the store does not have, and from the store
 * @example
 * await sg.io.saveModel(store, { config, tensors: await model.stateDict() });
 * const zip = await sg.io.toZip(store);
 * const saved = await sg.io.loadModel(await sg.io.fromZip(zip));
 */
export async function toZip(store: Store, options: ZipOptions = {}): Promise<Uint8Array> {
  checkStore("toZip", store);
  checkOptions("toZip", options, zipNames);
  const names = checkArray("toZip", "names", options.names ?? (await store.list()), "names of files");
  const { zipSync } = await import("fflate");
  const files: Record<string, Uint8Array> = {};
  for (const name of names) {
    const bytes = await store.read(name);
    if (!bytes) throw new SeqgradError("io", `toZip: the store has no ${name}; it has ${(await store.list()).join(", ") || "nothing"}.`);
    files[name] = bytes;
  }
  const settings = { mtime: new Date(1980, 0, 1) };
  // Weights hardly become smaller.
  return zipSync(
    Object.fromEntries(
      Object.entries(files).map(([name, bytes]) => [name, [bytes, { ...settings, level: name.endsWith(".safetensors") ? 0 : 6 }]]),
    ),
  );
}

/**
 * Unpacks a zip of a model's folder. Nothing is written unless all of it is good. A folder around all files is left out, and so are hidden
 * files and what macOS adds.
 *
 * @param bytes the bytes of the zip
 * @param options see UnzipOptions
 * @returns the store with the files
 * @throws SeqgradError `format` for bytes that are not a zip, or a damaged or encrypted one, for two files of one name, for a path that
 *   leads out of the folder, and for files that are larger than `maxBytes`; `io` from the store
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 * @example
 * await sg.io.saveModel(store, { config, tensors: await model.stateDict() });
 * const unpacked = await sg.io.fromZip(await sg.io.toZip(store));
 * await unpacked.list(); // = ["config.json", "model.safetensors"]
 */
export async function fromZip(bytes: Uint8Array, options: UnzipOptions = {}): Promise<Store> {
  if (!(bytes instanceof Uint8Array)) throw new SeqgradError("value", `fromZip: the zip is ${kindOf(bytes)}; give a Uint8Array.`);
  checkOptions("fromZip", options, unzipNames);
  const { into = memoryStore(), maxBytes = 2 ** 30 } = options;
  checkStore("fromZip", into);
  checkInteger("fromZip", "maxBytes", maxBytes, 1);
  const entries = entriesOf(bytes, maxBytes);
  const { inflateSync } = await import("fflate");
  const files = new Map(entries.map((entry) => [entry.name, unpacked(bytes, entry, inflateSync)]));
  await change(into, files);
  return into;
}

type Inflate = (data: Uint8Array, options: { out: Uint8Array }) => Uint8Array;

function unpacked(zip: Uint8Array, { name, start, packed, size, crc, isDeflated }: ZipEntry, inflate: Inflate): Uint8Array {
  const damaged = (why: string, cause?: unknown) =>
    new SeqgradError("format", `fromZip: ${name} is damaged: ${why}; get the zip again.`, { cause });
  const data = zip.subarray(start, start + packed);
  let content = data;
  if (isDeflated) {
    try {
      content = inflate(data, { out: new Uint8Array(size) });
    } catch (cause) {
      throw damaged(messageOf(cause), cause);
    }
  }
  if (content.length !== size || crc32(content) !== crc) throw damaged("its bytes do not have the checksum that the zip states");
  return content;
}
