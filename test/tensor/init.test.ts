import { afterEach, describe, expect, test, vi } from "vitest";
import { createDevice, defaultDevice, detectVariant, type InitOptions, init } from "../../src/index.js";
import { dropDefault } from "../helpers/default-device.js";

afterEach(dropDefault);

describe("a second call of init()", () => {
  test.each<[InitOptions, InitOptions]>([
    [{}, {}],
    [{ device: "wasm" }, { device: "wasm", deterministic: false, precision: "f32" }],
    [{}, { device: "auto" }],
    [
      { device: "reference", memoryLimit: 2 ** 20 },
      { device: "reference", memoryLimit: 2 ** 20 },
    ],
  ])("with the same options returns the same device: %o, %o", async (first, second) => {
    const device = await init(first);
    expect(await init(second)).toBe(device);
    expect(defaultDevice()).toBe(device);
  });

  test.each<[InitOptions, InitOptions, string]>([
    [{ device: "wasm" }, { device: "reference" }, 'device is "reference", and the default device was made with "wasm"'],
    [{ device: "wasm" }, {}, 'device is "auto", and the default device was made with "wasm"'],
    [{}, { deterministic: true }, "deterministic is true, and the default device was made with false"],
    [{}, { wasm: { url: "simd.wasm" } }, 'url is "simd.wasm", and the default device was made with undefined'],
    [{ memoryLimit: 2 ** 20 }, {}, "memoryLimit is undefined, and the default device was made with 1048576"],
  ])("with other options is an error, and the device stays: %o, %o", async (first, second, part) => {
    const device = await init(first);
    await expect(init(second)).rejects.toMatchObject({
      code: "state",
      message: `init: ${part}. createDevice() makes a second device; destroy() frees the default one.`,
    });
    expect(defaultDevice()).toBe(device);
  });

  test("before the first is ready shares its device", async () => {
    const [first, second] = [init(), init()];
    await expect(init({ device: "reference" })).rejects.toMatchObject({ code: "state" });
    expect(await second).toBe(await first);
  });

  test("after one that failed, or whose device was destroyed, makes a device", async () => {
    await expect(init({ wasm: { bytes: new Uint8Array(4) } })).rejects.toMatchObject({ code: "device" });
    const first = await init();
    first.destroy();
    const second = await init({ device: "reference" });
    expect(second).not.toBe(first);
    expect(second.type).toBe("reference");
  });
});

describe.skipIf("document" in globalThis)("kernels from elsewhere", () => {
  const bytes = async (variant: string) => {
    const { readFile } = await import("node:fs/promises");
    return new Uint8Array(await readFile(`build/${variant}.wasm`));
  };

  test("decide the variant that the device reports", async () => {
    const simd = await createDevice({ device: "wasm", threads: 1, wasm: { bytes: await bytes("simd") } });
    expect(simd).toMatchObject({ variant: "simd", info: "WebAssembly, SIMD, one thread" });
    if ((await detectVariant()) !== "relaxed") return;
    const relaxed = await createDevice({ device: "wasm", threads: 2, wasm: { bytes: await bytes("relaxed") } });
    expect(relaxed).toMatchObject({ variant: "relaxed", info: "WebAssembly, relaxed SIMD, 2 threads" });
    await expect(createDevice({ device: "wasm", deterministic: true, wasm: { bytes: await bytes("relaxed") } })).rejects.toMatchObject({
      code: "value",
      message: /^init: the kernels of the option wasm use relaxed SIMD, which is not deterministic; give seqgrad\/wasm\/simd\.wasm/,
    });
  });

  test("hold all kernels in one module", async () => {
    const whole = await createDevice({ device: "wasm", wasm: { bytes: await bytes("simd") } });
    for (const name of ["lstmForward", "attentionForward", "ctcForward", "word2vecStep"] as const)
      expect(whole.backend.has(name)).toBe(true);
  });
});

test.each([0, -1, 1.5, 65, Number.NaN, Number.POSITIVE_INFINITY, "2", "all", null, true, [2]])(
  "threads: %o are refused, on every device",
  async (threads) => {
    for (const device of ["wasm", "reference", "auto"] as const) {
      await expect(createDevice({ device, threads: threads as never })).rejects.toMatchObject({
        code: "value",
        message: expect.stringMatching(/^init: threads is .*; give "auto" or a whole number from 1 to 64\.$/),
      });
    }
  },
);

test.each([
  [
    "Chromium",
    "WebAssembly.compile(): Refused to compile or instantiate WebAssembly module because 'unsafe-eval' is not an allowed source",
  ],
  ["Firefox", "call to WebAssembly.compile() blocked by CSP"],
  ["Safari", "Refused to create a WebAssembly object because 'unsafe-eval' or 'wasm-unsafe-eval' is not an allowed source of script"],
  ["Node", "Wasm code generation disallowed by embedder"],
])("the message of %s about a Content Security Policy is followed by advice", async (_, message) => {
  vi.spyOn(WebAssembly, "compile").mockRejectedValue(new WebAssembly.CompileError(message));
  await expect(createDevice({ device: "wasm" })).rejects.toMatchObject({
    code: "device",
    message:
      /the page's Content Security Policy forbids it: add 'wasm-unsafe-eval' to script-src\. On Cloudflare, bundle with the condition workerd\.$/,
  });
});
