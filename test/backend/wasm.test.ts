import { expect, test } from "vitest";
import { createWasmBackend, type WasmBackend } from "../../src/backend/wasm/wasm-backend.js";
import { GuardedMemory } from "../helpers/kernel.js";
import { normals } from "../helpers/numbers.js";

const ROWS = 2;
const GUARDS = 1 << 15;

/** Buffers of batchNormForward for this many channels, and its call. Its scratch memory is 20 bytes a channel. */
function batchNorm(backend: WasmBackend, cols: number): { call: () => void; outputs: () => Float32Array } {
  const memory = new GuardedMemory(backend);
  const x = memory.put(normals(ROWS * cols, 1));
  const [y, mean, rstd] = [memory.out(ROWS * cols), memory.out(2 * cols), memory.out(cols)];
  const dims = { training: 1, rows: ROWS, cols };
  const call = () => void backend.dispatch("batchNormForward", { x, y, mean, rstd, ...dims, eps: 1e-5, momentum: 0.1, kept: 0.9 });
  return { call, outputs: () => memory.floats(y, ROWS * cols) };
}

test.each([1.01, 1.5, 1.9, 2, 3])(
  "a kernel that asks for %f times the scratch memory of the one before writes over nothing",
  async (times) => {
    const backend = await createWasmBackend({ variant: "simd" });
    // More than the heap's small blocks, so that what comes next lies behind it.
    const cols = 4096;
    const few = batchNorm(backend, cols);
    const many = batchNorm(backend, Math.ceil(cols * times));
    few.call();
    const [first, behind] = [backend.memory().reserved, backend.alloc(GUARDS * 4)];
    expect(behind).toBe(first);
    const guards = new Int32Array(GUARDS).fill(0x5ca1ab1e);
    backend.write(behind, guards);
    many.call();
    expect(backend.readSync(behind, GUARDS, "int32")).toEqual(guards);
    const wanted = many.outputs();
    expect(wanted.every(Number.isFinite)).toBe(true);
    // The same in memory that was never asked for less.
    const fresh = batchNorm(await createWasmBackend({ variant: "simd" }), Math.ceil(cols * times));
    fresh.call();
    expect(wanted).toEqual(fresh.outputs());
    // And the smaller one again.
    few.call();
    expect(backend.readSync(behind, GUARDS, "int32")).toEqual(guards);
  },
);

test("scratch memory that cannot be had is an error, and a smaller request still works", async () => {
  const backend = await createWasmBackend({ variant: "simd", memoryLimit: 2 ** 20 });
  const few = batchNorm(backend, 1024);
  const many = batchNorm(backend, 16 * 1024);
  few.call();
  const wanted = few.outputs();
  expect(many.call).toThrow("out of memory");
  for (let i = 0; i < 2; i++) few.call();
  expect(few.outputs()).toEqual(wanted);
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
