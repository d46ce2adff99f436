import { afterEach, describe, expect, test } from "vitest";
import { type KernelName, type KernelRow, kernels } from "../../src/backend/kernels.js";
import { splits } from "../../src/backend/splits.js";
import { withSharedMemory } from "../../src/backend/wasm/threads/share.js";
import { createWasmBackend, type WasmBackend } from "../../src/backend/wasm/wasm-backend.js";
import { createDevice } from "../../src/tensor/device.js";
import { thinly } from "../helpers/full.js";
import { normals } from "../helpers/numbers.js";
import { canShare, erratic, type Settings, threaded } from "../helpers/threads.js";

const opened = new Set<WasmBackend>();
afterEach(() => {
  for (const backend of opened) backend.destroy();
  opened.clear();
});

async function crew(threads: number, settings: Settings = {}): Promise<WasmBackend> {
  const backend = await threaded(threads, settings);
  opened.add(backend);
  return backend;
}

const later = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const bitsOf = (x: Float32Array) => new Int32Array(x.buffer, x.byteOffset, x.length);

/** Compares by a loop: toEqual() takes some milliseconds for this many numbers, and tests call it hundreds of times. */
function expectBits(actual: Int32Array, expected: Int32Array): void {
  if (actual.length !== expected.length || actual.some((word, i) => word !== expected[i])) expect(actual).toEqual(expected);
}

/** A product of [m, k] and [k, n]. */
function product(backend: WasmBackend, m = 64, n = 40, k = 24): { call(): void; result(): Int32Array } {
  const put = (data: Float32Array) => {
    const address = backend.alloc(4 * data.length);
    backend.write(address, data);
    return address;
  };
  const [a, b, y] = [put(normals(m * k, 1)), put(normals(k * n, 2)), backend.alloc(4 * m * n)];
  const layout = { transA: 0, transB: 0, lda: k, ldb: n, ldy: n, strideA: 0, strideB: 0, strideY: 0, activation: 0, begin: 0, end: m };
  return {
    call: () => void backend.dispatch("gemm", { a, b, y, batch: 1, m, n, k, ...layout, alpha: 1, beta: 0 }),
    result: () => bitsOf(Float32Array.from(backend.readSync(y, m * n, "float32"))),
  };
}

/** The bits of product() on one thread. */
async function expectedOf(...sizes: number[]): Promise<Int32Array> {
  const { call, result } = product(await createWasmBackend({ variant: "simd" }), ...sizes);
  call();
  return result();
}

test("every split names arguments of its kernel, and a step for each buffer but those that all shares read whole", () => {
  const whole: Partial<Record<string, readonly string[]>> = {
    gemm: ["a"],
    rotary: ["table"],
    rmsNormForward: ["gamma"],
    gatherRows: ["x", "index"],
    adam: ["norm"],
    sgd: ["norm"],
    rmsprop: ["norm"],
    adagrad: ["norm"],
  };
  for (const [name, split] of Object.entries(splits)) {
    const row: KernelRow = kernels[name as KernelName];
    const buffers = [...row.reads, ...row.writes];
    for (const { units, steps } of split.ways) {
      for (const [buffer, step] of Object.entries(steps)) {
        expect(buffers, name).toContain(buffer);
        for (const factor of step) if (typeof factor === "string") expect(row.dims, name).toContain(factor);
      }
      expect([...row.dims, ...(row.dims.includes("begin") ? ["range"] : [])], name).toContain(units);
      if (units !== "range") expect([...Object.keys(steps), ...(whole[name] ?? [])].sort(), name).toEqual(expect.arrayContaining(buffers));
    }
  }
});

describe("a module for memory that threads share", () => {
  const text = (value: string) => [value.length, ...new TextEncoder().encode(value)];
  const imported = (name: string, ...type: number[]) => [...text("env"), ...text(name), ...type];
  /** A module that imports everything there is, its memory among them, behind 200 bytes of a section of its own. */
  function moduleOf(limits: readonly number[]): Uint8Array<ArrayBuffer> {
    const list = [
      imported("f", 0, 0),
      imported("t", 1, 0x70, 1, 1, 9),
      imported("g", 3, 0x7f, 0),
      imported("memory", 2, ...limits),
      imported("h", 3, 0x7e, 0),
    ];
    const section = [list.length, ...list.flat()];
    const note = [...text("note"), ...new Array<number>(200).fill(7)];
    const types = [1, 4, 1, 0x60, 0, 0];
    return new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0, 205, 1, ...note, ...types, 2, section.length, ...section]);
  }
  const env = (memory: WebAssembly.Memory) => ({
    ...{ f() {}, t: new WebAssembly.Table({ element: "anyfunc", initial: 1, maximum: 9 }), memory },
    ...{ g: new WebAssembly.Global({ value: "i32" }, 1), h: new WebAssembly.Global({ value: "i64" }, 1n) },
  });

  test.each([[[0, 1]], [[1, 1, 0xff, 0xff, 3]]])("takes such a memory and no other, and imports the same: limits %o", (limits) => {
    const before = new WebAssembly.Module(moduleOf(limits));
    const after = new WebAssembly.Module(withSharedMemory(moduleOf(limits), 65535));
    expect(WebAssembly.Module.imports(after)).toEqual(WebAssembly.Module.imports(before));
    expect(WebAssembly.Module.customSections(after, "note")[0]?.byteLength).toBe(200);
    const own = new WebAssembly.Memory({ initial: 1, maximum: 65535 });
    new WebAssembly.Instance(before, { env: env(own) });
    expect(() => new WebAssembly.Instance(after, { env: env(own) })).toThrow(/shared/);
    if (!canShare) return;
    const shared = new WebAssembly.Memory({ initial: 1, maximum: 65535, shared: true });
    new WebAssembly.Instance(after, { env: env(shared) });
    expect(() => new WebAssembly.Instance(before, { env: env(shared) })).toThrow(/shared/);
  });

  test("stays as it is without a memory, be it bytes of a buffer or of a part of one", () => {
    const bytes = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    expect(withSharedMemory(bytes, 10)).toEqual(bytes);
    expect(withSharedMemory(bytes.buffer, 10)).toEqual(bytes);
    expect(withSharedMemory(new DataView(new Uint8Array([9, ...bytes, 9]).buffer, 1, 8), 10)).toEqual(bytes);
  });
});

test.skipIf(canShare)("a page that is not cross-origin isolated has one thread, and says why", async () => {
  const device = await createDevice({ device: "wasm", threads: 4 });
  expect(device.threads).toBe(1);
  expect(device.info).toMatch(/, one thread \(this page is not cross-origin isolated: send the headers COOP and COEP; see .*\)$/);
});

describe.skipIf(!canShare)("threads", () => {
  thinly(
    [2, 3, 4, 7],
    (threads) => threads === 2 || threads === 7,
    (some) =>
      test.each(some)("%d of them give the bits of one, call after call", async (threads) => {
        const expected = await expectedOf();
        const backend = await crew(threads);
        expect(backend.info).toBe(`WebAssembly, SIMD, ${threads} threads`);
        const { call, result } = product(backend);
        for (let i = 0; i < 300; i++) {
          call();
          expectBits(result(), expected);
        }
      }),
  );

  test("that pause and yield at every hand-over give the bits of one", async () => {
    const expected = await expectedOf();
    const backend = await crew(3, { pause: erratic });
    const { call, result } = product(backend);
    for (let i = 0; i < 60; i++) {
      call();
      expectBits(result(), expected);
    }
  });

  test("that sleep see memory which has grown meanwhile", async () => {
    const backend = await crew(3);
    product(backend).call();
    for (let megabytes = 1; megabytes <= 64; megabytes *= 2) {
      await later(2);
      const n = megabytes * 2 ** 18;
      const [x, y] = [backend.alloc(4 * n), backend.alloc(4 * n)];
      backend.dispatch("fill", { y: x, n, value: megabytes });
      backend.dispatch("copyStrided", {
        x,
        y,
        d0: 1,
        d1: 1,
        d2: 4,
        d3: n / 4,
        xs0: 0,
        xs1: 0,
        xs2: n / 4,
        xs3: 1,
        ys0: 0,
        ys1: 0,
        ys2: n / 4,
        ys3: 1,
      });
      const data = backend.readSync(y, n, "float32");
      expect(data.every((value) => value === megabytes)).toBe(true);
      expect(data.buffer).not.toBeInstanceOf(SharedArrayBuffer);
    }
  });

  test("of two devices do not meet", async () => {
    const expected = await expectedOf();
    const [first, second] = [product(await crew(2)), product(await crew(3))];
    for (let i = 0; i < 50; i++)
      for (const { call, result } of [first, second]) {
        call();
        expectBits(result(), expected);
      }
  });

  test("name the kernel that fails in one of them, and go on", async () => {
    const backend = await crew(2);
    const { call, result } = product(backend);
    const [expected, end] = [await expectedOf(), backend.memory().reserved];
    // The second share lies behind the end of the memory.
    const reach = () => backend.dispatch("fill", { y: Math.ceil(end / 65536) * 65536 - 4096, n: 2 ** 21, value: 0 });
    const messages = new Set<string>();
    for (let i = 0; i < 200 && messages.size < 2; i++) {
      try {
        reach();
      } catch (error) {
        messages.add(String(error));
      }
      if (i % 10 === 0) await later(1);
    }
    for (const message of messages)
      expect(message).toMatch(/^(SeqgradError: wasm: fill failed in a worker: )?RuntimeError: memory access out of bounds/);
    expect(messages.size).toBeGreaterThan(0);
    call();
    expectBits(result(), expected);
    expect(backend.threads).toBe(2);
  });

  test("share scratch memory that does not reach for all of them by working alone", async () => {
    const sizes = [256, 512, 256];
    const expected = await expectedOf(...sizes);
    const backend = await crew(7, { memoryLimit: 2.5 * 2 ** 20 });
    const { call, result } = product(backend, ...sizes);
    call();
    expectBits(result(), expected);
  });

  test("end with their device", async () => {
    const backend = await crew(3);
    product(backend).call();
    backend.destroy();
    expect(() => backend.dispatch("fill", { y: 0, n: 4096, value: 0 })).toThrow("the device was destroyed");
    expect(backend.threads).toBe(1);
  });

  thinly(
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    (count) => count % 5 === 1,
    (some) =>
      test.each(some)("one of which ends at hand-over %d: the call is right or an error, and then all are right", async (count) => {
        if ("document" in globalThis) return;
        const expected = await expectedOf();
        const pause = `globalThis.count = (globalThis.count ?? 0) + 1; if (count === ${count}) process.exit(3);`;
        const backend = await crew(2, { pause });
        const { call, result } = product(backend);
        let failures = 0;
        for (let i = 0; i < 40; i++) {
          const start = performance.now();
          try {
            call();
            expectBits(result(), expected);
          } catch (error) {
            failures++;
            expect(error).toMatchObject({
              code: "device",
              message: expect.stringMatching(/^wasm: a worker was ended in gemm, whose results are incomplete\./),
            });
          }
          // Not how long it takes, but that it ends.
          expect(performance.now() - start).toBeLessThan(60_000);
          await later(1);
        }
        expect(failures).toBeLessThan(2);
        for (let i = 0; i < 1000 && backend.threads === 2; i++) await later(10);
        expect(backend.info).toMatch(/^WebAssembly, SIMD, one thread of 2 \((a worker was ended|it ended with code 3)\)$/);
        call();
        expectBits(result(), expected);
      }),
  );
});
