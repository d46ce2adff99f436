import { expect, test } from "vitest";
import { type KernelName, type KernelRow, kernels } from "../../src/backend/kernels.js";
import { neededKernels } from "../../src/backend/needed.js";
import { createWasmBackend, type WasmBackend } from "../../src/backend/wasm/wasm-backend.js";
import { GuardedMemory } from "../helpers/kernel.js";
import { normals } from "../helpers/numbers.js";

const [M, K] = [64, 256];
const GUARDS = 1 << 15;

/** A product [M, K] [K, n] and its call. Its scratch memory is 1024 n bytes, all of which it writes: n is a multiple of 8. */
function product(backend: WasmBackend, n: number): { call: () => void; outputs: () => Float32Array } {
  const memory = new GuardedMemory(backend);
  const [a, b, y] = [memory.put(normals(M * K, 1)), memory.put(normals(K * n, 2)), memory.out(M * n)];
  const layout = { transA: 0, transB: 0, lda: K, ldb: n, ldy: n, strideA: 0, strideB: 0, strideY: 0, begin: 0, end: M };
  const dims = { batch: 1, m: M, n, k: K, activation: 0, ...layout };
  const call = () => void backend.dispatch("gemm", { a, b, y, ...dims, alpha: 1, beta: 0 });
  return { call, outputs: () => memory.floats(y, M * n) };
}

test.each([1.125, 1.5, 1.875, 2, 3])(
  "a kernel that asks for %f times the scratch memory of the one before writes over nothing",
  async (times) => {
    const backend = await createWasmBackend({ variant: "simd" });
    // More than the heap's small blocks, so that what comes next lies behind it.
    const n = 64;
    const few = product(backend, n);
    const many = product(backend, n * times);
    few.call();
    const [first, behind] = [backend.memory().reserved, backend.alloc(GUARDS * 4)];
    expect(behind).toBe(first);
    const guards = new Int32Array(GUARDS).fill(0x5ca1ab1e);
    backend.write(behind, guards);
    many.call();
    expect(backend.readSync(behind, GUARDS, "int32")).toEqual(guards);
    const expected = many.outputs();
    expect(expected.every(Number.isFinite)).toBe(true);
    // The same in memory that was never asked for less.
    const fresh = product(await createWasmBackend({ variant: "simd" }), n * times);
    fresh.call();
    expect(expected).toEqual(fresh.outputs());
    // And the smaller one again.
    few.call();
    expect(backend.readSync(behind, GUARDS, "int32")).toEqual(guards);
  },
);

test("scratch memory that cannot be had is an error, and a smaller request still works", async () => {
  const backend = await createWasmBackend({ variant: "simd", memoryLimit: 768 * 1024 });
  const few = product(backend, 64);
  const many = product(backend, 256);
  few.call();
  const expected = few.outputs();
  expect(many.call).toThrow("out of memory");
  for (let i = 0; i < 2; i++) few.call();
  expect(few.outputs()).toEqual(expected);
});

test.each([2 ** 32, 2 ** 40, Number.POSITIVE_INFINITY, undefined])(
  "with a memoryLimit of %s the limit is what an address can reach",
  async (memoryLimit) => {
    const backend = await createWasmBackend({ variant: "simd", memoryLimit });
    expect(backend.memory().limit).toBe(65535 * 65536);
    expect(() => backend.alloc(2 ** 32)).toThrow(/^out of memory: asked for 4 GiB with .* in use of at most/);
    expect(backend.memory()).toMatchObject({ inUse: 0, reserved: 65536 });
  },
);

test("the kernels of the second module are loaded where one of them is needed", async () => {
  const bare = await createWasmBackend({ variant: "simd", needed: ["gemm", "lstmForward"] });
  expect(bare.has("lstmForward")).toBe(true);
  expect(bare.has("attentionForward")).toBe(false);
  expect(() => bare.dispatch("swigluForward", { x: 0, y: 0, rows: 1, cols: 1 })).toThrow(
    /^wasm: the simd kernels lack swigluForward; they are of another version, or the operation was loaded after the device was made\.$/,
  );
  const full = await createWasmBackend({ variant: "simd", needed: ["ctcForward"] });
  expect(Object.keys(kernels).filter((name) => !full.has(name as KernelName))).toEqual([]);
});

test("a module says how much scratch memory each of its kernels needs, by the arguments that the row names", async () => {
  const backend = await createWasmBackend({ variant: "simd" });
  const sized = Object.entries<KernelRow>(kernels).filter(([, row]) => row.workspace);
  expect(sized.map(([name]) => name)).toEqual(expect.arrayContaining(["gemm", "lstmForward", "attentionBackward", "argsort"]));
  for (const [name, row] of sized) {
    const bytes = (size: number) => backend.workspace(name as KernelName, Object.fromEntries(row.dims.map((dim) => [dim, size])));
    expect([...row.dims, ...(row.optional ?? [])], name).toEqual(expect.arrayContaining([...(row.workspace ?? [])]));
    expect(bytes(1), name).toBeGreaterThan(0);
    expect(bytes(64), name).toBeGreaterThan(bytes(1));
  }
  expect(backend.workspace("fill", { y: 0, n: 9, value: 1 })).toBe(0);
});

test("a product of more than 4 GiB of scratch memory is refused for its size, which does not wrap around", async () => {
  const backend = await createWasmBackend({ variant: "simd" });
  const dims = { B: 1, T: 1, I: 2 ** 28, H: 8, reverse: 0, activation: 0, begin: 0, end: 1 };
  expect(backend.workspace("rnnForward", dims)).toBeGreaterThan(2 ** 32);
  expect(() => backend.dispatch("rnnForward", { x: 0, wIh: 0, wHh: 0, y: 0, hN: 0, ...dims })).toThrow(
    /^out of memory: asked for 8\.0 GiB/,
  );
});

test("the package needs every kernel of the second module", async () => {
  await import("../../src/index.js");
  const bare = await createWasmBackend({ variant: "simd", needed: [] });
  const second = Object.keys(kernels).filter((name) => !bare.has(name as KernelName));
  expect(second.length).toBeGreaterThan(10);
  expect(second.filter((name) => !neededKernels.has(name as KernelName))).toEqual([]);
});
