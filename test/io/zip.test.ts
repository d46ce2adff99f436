import { strToU8, type Zippable, zipSync } from "fflate";
import { expect, test } from "vitest";
import { memoryStore } from "../../src/io/store.js";
import { fromZip, toZip } from "../../src/io/zip.js";
import { crc32 } from "../../src/io/zip-entries.js";
import { expectRejection } from "../helpers/errors.js";

const text = "a model ".repeat(100);
const files = { "config.json": strToU8(text), "model.safetensors": strToU8("weights") };

async function filled() {
  const store = memoryStore();
  for (const [name, bytes] of Object.entries(files)) await store.write(name, bytes);
  return store;
}

/** The place of the n-th record of the directory. */
function central(zip: Uint8Array, n = 0): number {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  for (let at = 0; at < zip.length - 4; at++) if (view.getUint32(at, true) === 0x02014b50 && n-- === 0) return at;
  throw new Error("no record");
}

/** A good zip with a number of its directory changed. */
async function changed(offset: number, bytes: 2 | 4, value: number): Promise<Uint8Array> {
  const zip = await toZip(await filled());
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const at = central(zip) + offset;
  if (bytes === 2) view.setUint16(at, value, true);
  else view.setUint32(at, value, true);
  return zip;
}

test("a zip holds the files of a store, byte for byte, and is the same each time", async () => {
  const store = await filled();
  const zip = await toZip(store);
  expect(await toZip(store)).toEqual(zip);
  expect(zip.length).toBeLessThan(text.length);
  const again = await fromZip(zip);
  expect(await again.list()).toEqual(Object.keys(files));
  for (const [name, bytes] of Object.entries(files)) expect(await again.read(name)).toEqual(bytes);
  const into = memoryStore();
  expect(await fromZip(await toZip(store, { names: ["config.json"] }), { into })).toBe(into);
  expect(await into.list()).toEqual(["config.json"]);
  await expectRejection("io", toZip(store, { names: ["none"] }), "none", "config.json");
});

test("the checksum is that of zip files", () => {
  expect(crc32(strToU8("123456789"))).toBe(0xcbf43926);
});

test("a folder around the files, hidden files and those of macOS are left out", async () => {
  const zip = zipSync({
    "my-model": { "config.json": files["config.json"], ".DS_Store": strToU8("x") },
    __MACOSX: { "._a": strToU8("x") },
  });
  expect(await (await fromZip(zip)).list()).toEqual(["config.json"]);
});

test.each(["../a", "../../a", "x/../a", "/a", "a\\b", "C:\\a", "a/b/c", "a b"])("a path %s is refused", async (path) => {
  const zip = zipSync({ "config.json": files["config.json"], [path]: strToU8("x") } as Zippable);
  await expectRejection("format", fromZip(zip), "plain names");
  await expectRejection("format", fromZip(zipSync({ [path.startsWith("a/") ? "../x" : path]: strToU8("x") })), "named");
});

test("two files of one name, an encrypted one and a strange method are refused", async () => {
  const zip = zipSync({ "a.txt": strToU8("1"), "b.txt": strToU8("2") });
  zip[central(zip, 1) + 46] = 97;
  await expectRejection("format", fromZip(zip), "two files", "a.txt");
  await expectRejection("format", fromZip(await changed(8, 2, 1)), "encrypted", "password");
  await expectRejection("format", fromZip(await changed(10, 2, 12)), "method 12");
});

test("sizes that are too large or cannot be are refused before anything is unpacked", async () => {
  await expectRejection("format", fromZip(await toZip(await filled()), { maxBytes: 100 }), "maxBytes");
  await expectRejection("format", fromZip(await changed(24, 4, 0x7fffffff)), "limit is maxBytes");
  await expectRejection("format", fromZip(await changed(24, 4, 0x3ffffff0)), "sizes");
  await expectRejection("format", fromZip(await changed(24, 4, text.length - 1)), "config.json is damaged");
  await expectRejection("format", fromZip(await changed(24, 4, text.length + 1)), "config.json is damaged");
  await expectRejection("format", fromZip(await changed(16, 4, 7)), "checksum");
  await expectRejection("format", fromZip(await changed(42, 4, 0x7fffffff)), "cut short");
});

test.each([
  ["a name", 28],
  ["extra data", 30],
  ["a comment", 32],
])("%s that reaches beyond the last entry of the directory is refused", async (_, at) => {
  const zip = zipSync({ "config.json": files["config.json"] });
  const view = new DataView(zip.buffer, zip.byteOffset);
  view.setUint16(central(zip) + at, view.getUint16(central(zip) + at, true) + 1, true);
  await expectRejection("format", fromZip(zip), "cut short");
});

test("a zip that is cut short, anywhere, or damaged, leaves the store as it was", async () => {
  const zip = await toZip(await filled());
  for (let length = 0; length < zip.length; length += 3) {
    const into = memoryStore();
    await expectRejection("format", fromZip(zip.subarray(0, length), { into }), "fromZip");
    expect(await into.list()).toEqual([]);
  }
  for (let at = 0; at < zip.length; at++) {
    const bytes = zip.slice();
    bytes[at]! ^= 0x10;
    const store = await fromZip(bytes).catch((error) => expectRejection("format", Promise.reject(error), "fromZip"));
    // What is not refused is a name, a date or a comment: no content differs.
    if (store) for (const name of await store.list()) expect(Object.values(files)).toContainEqual(await store.read(name));
  }
  await expectRejection("value", fromZip("zip" as never), "fromZip", "Uint8Array");
  await expectRejection("format", fromZip(zipSync({})), "no file");
});
