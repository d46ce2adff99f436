import { afterEach, expect, test, vi } from "vitest";
import { httpStore } from "../../src/io/http-store.js";
import { loadModel, saveModel } from "../../src/io/model-folder.js";
import { memoryStore } from "../../src/io/store.js";
import { expectError, expectRejection } from "../helpers/errors.js";

const address = "https://example.com/models/my-model";
const asked: string[] = [];

/** A server of the files of a store. */
async function serve(missing: () => Response = () => new Response("not found", { status: 404 })) {
  const files = memoryStore();
  await saveModel(files, { config: { model: 1 }, tensors: new Map([["w", { dtype: "float32", shape: [1], data: Float32Array.of(7) }]]) });
  asked.length = 0;
  vi.stubGlobal("fetch", async (url: URL, { method }: RequestInit) => {
    asked.push(`${method} ${url}`);
    const bytes = await files.read(url.pathname.split("/").at(-1)!);
    return bytes
      ? new Response(method === "HEAD" ? null : new Uint8Array(bytes), { headers: { "content-type": "application/json" } })
      : missing();
  });
}
afterEach(() => vi.unstubAllGlobals());

test("reads the model of a folder on a server, and lists the files that a model may have", async () => {
  await serve();
  const { config, tensors } = await loadModel(httpStore(`${address}/?x=1#y`));
  expect([config.model, tensors.get("w")!.data[0]]).toEqual([1, 7]);
  expect(asked[0]).toBe(`GET ${address}/config.json`);
  expect(await httpStore(new URL(address)).list()).toEqual(["config.json", "model.safetensors"]);
  expect(await httpStore(address).read("none.json")).toBeUndefined();
});

test("takes a page instead of a file for no file, as servers of apps answer", async () => {
  await serve(() => new Response("<html>", { headers: { "content-type": "text/html; charset=utf-8" } }));
  const store = httpStore(address);
  expect(await store.read("vocab.json")).toBeUndefined();
  expect(await store.list()).toEqual(["config.json", "model.safetensors"]);
});

test("says what the server or the network refused", async () => {
  await serve(() => new Response("", { status: 403, statusText: "Forbidden" }));
  await expectRejection("io", httpStore(address).read("a"), `${address}/a`, "403");
  await expectRejection("io", httpStore(address).list(), "403");
  vi.stubGlobal("fetch", async () => Promise.reject(new TypeError("Failed to fetch")));
  await expectRejection("io", httpStore(address).read("a"), `${address}/a`, "CORS", "Failed to fetch");
  const broken = new ReadableStream({ start: (controller) => controller.error(new TypeError("reset")) });
  vi.stubGlobal("fetch", async () => new Response(broken));
  await expectRejection("io", httpStore(address).read("a"), "cut short", "try again");
});

test("refuses to write, and what is not a URL of a folder", async () => {
  const store = httpStore(address);
  await expectRejection("state", store.write("a", new Uint8Array(1)), address, "reads only", "memoryStore");
  await expectRejection("state", store.delete("a"), "reads only");
  await expectRejection("state", saveModel(store, { config: {}, tensors: new Map() }), "reads only");
  await expectRejection("io", store.read("../secret"), "../secret");
  for (const bad of [3, null, "file:///a", "data:text/plain,a"]) expectError("value", () => httpStore(bad as never), "httpStore");
  if (!("document" in globalThis)) expectError("value", () => httpStore("models/a"), "absolute");
  else expect(httpStore("models/a").origin!.at).toMatch(/^http.*\/models\/a\/$/);
});
