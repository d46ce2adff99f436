import { expect, test } from "vitest";
import { loadModel, saveModel } from "../../src/io/model-folder.js";
import { readSafetensorsMetadata, writeSafetensors } from "../../src/io/safetensors.js";
import { memoryStore, type Store } from "../../src/io/store.js";
import type { TensorValue } from "../../src/tensor/value.js";
import { expectRejection } from "../helpers/errors.js";

const config = { model_type: "recurrent-lm", hidden: 4, nested: { list: [1, "ü"] } };
const tensors = new Map<string, TensorValue>([
  ["linear.weight", { dtype: "float32", shape: [2, 3], data: new Float32Array([1, 2, 3, 4, 5, -0]) }],
  ["ids", { dtype: "int32", shape: [2], data: new Int32Array([-1, 7]) }],
]);
const vocabulary = { "\n": 0, "9": 1, a: 2, "😀": 3 };
const bytes = (text: string) => new TextEncoder().encode(text);

async function saved(): Promise<Store> {
  const store = memoryStore();
  await saveModel(store, { config, tensors, vocabulary });
  return store;
}

test("a model comes back as it was saved, in Hugging Face's files", async () => {
  const store = await saved();
  expect(await store.list()).toEqual(["config.json", "model.safetensors", "vocab.json"]);
  expect(readSafetensorsMetadata((await store.read("model.safetensors"))!)).toEqual({ format: "pt" });
  expect(await loadModel(store)).toEqual({ config, tensors, vocabulary });
});

test("a model without a vocabulary", async () => {
  const store = memoryStore();
  await saveModel(store, { config, tensors });
  expect(await store.list()).toEqual(["config.json", "model.safetensors"]);
  expect(await loadModel(store)).toEqual({ config, tensors });
});

test("float64 and int64 weights come as float32 and int32", async () => {
  const store = await saved();
  const wide = writeSafetensors(
    new Map([
      ["x", { dtype: "float64", shape: [1], data: new Float64Array([0.1]) }],
      ["n", { dtype: "int64", shape: [1], data: new BigInt64Array([5n]) }],
    ]),
  );
  await store.write("model.safetensors", wide);
  expect((await loadModel(store)).tensors).toEqual(
    new Map([
      ["x", { dtype: "float32", shape: [1], data: new Float32Array([0.1]) }],
      ["n", { dtype: "int32", shape: [1], data: new Int32Array([5]) }],
    ]),
  );
});

test("nothing is written when the tensors cannot be", async () => {
  const store = memoryStore();
  const wrong = new Map([["x", { dtype: "float32", shape: [2], data: new Float32Array(3) }] as const]);
  await expectRejection("shape", saveModel(store, { config, tensors: wrong }), '"x"');
  expect(await store.list()).toEqual([]);
});

test("files that are missing are named, and what is there", async () => {
  await expectRejection("io", loadModel(memoryStore()), "config.json", "the folder is empty");
  for (const name of ["config.json", "model.safetensors"]) {
    const store = await saved();
    await store.delete(name);
    await expectRejection("io", loadModel(store), `${name} is missing`, "vocab.json");
  }
});

test.each([
  ["config.json", "{", "not JSON"],
  ["config.json", "", "not JSON"],
  ["config.json", "[1]", "not a JSON object"],
  ["config.json", '{"a":1,"a":2}', '"a" twice'],
  ["vocab.json", "null", "not a JSON object"],
  ["vocab.json", '{"a":-1}', "whole numbers"],
  ["vocab.json", '{"a":"0"}', "whole numbers"],
  ["vocab.json", '{"a":0.5}', "whole numbers"],
  ["model.safetensors", "", "0 bytes"],
  ["model.safetensors", "not a model at all", "format allows"],
])("a damaged file is named: %s with %j", async (name, content, why) => {
  const store = await saved();
  await store.write(name, bytes(content));
  await expectRejection("format", loadModel(store), name, why);
});

test("text files that are not UTF-8", async () => {
  for (const name of ["config.json", "vocab.json"]) {
    const store = await saved();
    await store.write(name, new Uint8Array([0x7b, 0xff, 0x7d]));
    await expectRejection("format", loadModel(store), name, "UTF-8");
  }
});

test("a cut-off weights file", async () => {
  const store = await saved();
  const whole = (await store.read("model.safetensors"))!;
  for (const length of [1, 8, 50, whole.length - 1]) {
    await store.write("model.safetensors", whole.subarray(0, length));
    await expectRejection("format", loadModel(store), "model.safetensors");
  }
});

test("weights that are not finite are refused by name, and the folder stays as it was", async () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    const store = memoryStore();
    const tensors = new Map([["linear.weight", { dtype: "float32", shape: [2], data: Float32Array.of(1, 2) } as const]]);
    await saveModel(store, { config: { a: 1 }, tensors });
    const before = await loadModel(store);
    const spoiled = new Map<string, TensorValue>([
      ...tensors,
      ["linear.bias", { dtype: "float32", shape: [1], data: Float32Array.of(bad) } as const],
    ]);
    await expectRejection("not-finite", saveModel(store, { config: { a: 2 }, tensors: spoiled }), `linear.bias holds ${bad} at position 0`);
    expect(await loadModel(store)).toEqual(before);
  }
});

test("a store that gives anything but bytes is named as the fault, for each file", async () => {
  for (const file of ["config.json", "model.safetensors", "vocab.json"])
    for (const wrong of ["{}", null, [123, 125], new ArrayBuffer(2)]) {
      const store = await saved();
      const bad = { ...store, read: async (name: string) => (name === file ? (wrong as unknown as Uint8Array) : store.read(name)) };
      await expectRejection("io", loadModel(bad), "loadModel: the store's read() gave ", ` for ${file}; `);
    }
});
