import { afterEach, expect, it } from "vitest";
import { forEachDevice, kernelDevices } from "../helpers/devices.js";
import { GuardedMemory } from "../helpers/kernel.js";
import { uniform } from "../helpers/uniform.js";

const sizes = [1, 3, 4, 5, 7, 8, 9, 31, 100].flatMap((inner) => [
  { outer: 1, n: 6, inner, m: 11 },
  { outer: 3, n: 4, inner, m: 2 },
]);

/** Indices in 0 .. n - 1, among which there are repetitions. */
const indices = (count: number, n: number) => Int32Array.from(uniform(count, 0, n, count), Math.floor);

await forEachDevice(kernelDevices, "indexing", ({ backend }) => {
  const memory = new GuardedMemory(backend);
  afterEach(() => memory.close());

  it.each(sizes)("gathers rows: %o", ({ outer, n, inner, m }) => {
    const x = Int32Array.from({ length: outer * n * inner }, (_, i) => i - 5);
    const index = indices(m, n);
    const y = memory.put(new Int32Array(outer * m * inner).fill(-7));
    expect(backend.dispatch("gatherRows", { x: memory.put(x), index: memory.put(index), y, outer, n, inner, m })).toBe(-1);
    const expected = Int32Array.from({ length: outer * m * inner }, (_, at) => {
      const row = Math.floor(at / inner);
      return x[(Math.floor(row / m) * n + index[row % m]!) * inner + (at % inner)]!;
    });
    expect(memory.ints(y, expected.length)).toEqual(expected);
  });

  it.each(sizes)("adds rows in ascending order, all but those skipped: %o", ({ outer, n, inner, m }) => {
    const index = indices(m, n);
    const dy = uniform(outer * m * inner, -1, 1, 3);
    const start = uniform(outer * n * inner, -1, 1, 4);
    for (const skip of [-1, index[0]!]) {
      const dx = memory.put(start);
      const call = { dy: memory.put(dy), index: memory.put(index), dx, outer, n, inner, m, skip };
      expect(backend.dispatch("scatterAddRows", call)).toBe(-1);
      const expected = start.slice();
      dy.forEach((value, at) => {
        const row = Math.floor(at / inner);
        if (index[row % m] !== skip) expected[(Math.floor(row / m) * n + index[row % m]!) * inner + (at % inner)]! += value;
      });
      expect(memory.floats(dx, expected.length)).toEqual(expected);
    }
  });

  it.each(sizes)("gathers elements: %o", ({ outer, n, inner, m }) => {
    const x = Int32Array.from({ length: outer * n * inner }, (_, i) => i - 5);
    const index = indices(outer * m * inner, n);
    const y = memory.put(new Int32Array(index.length).fill(-7));
    expect(backend.dispatch("gather", { x: memory.put(x), index: memory.put(index), y, outer, n, inner, m })).toBe(-1);
    const expected = index.map((k, at) => x[(Math.floor(at / (m * inner)) * n + k) * inner + (at % inner)]!);
    expect(memory.ints(y, expected.length)).toEqual(expected);
  });

  it.each(sizes)("adds elements in ascending order: %o", ({ outer, n, inner, m }) => {
    const index = indices(outer * m * inner, n);
    const dy = uniform(index.length, -1, 1, 3);
    const start = uniform(outer * n * inner, -1, 1, 4);
    const dx = memory.put(start);
    expect(backend.dispatch("scatterAdd", { dy: memory.put(dy), index: memory.put(index), dx, outer, n, inner, m })).toBe(-1);
    const expected = start.slice();
    index.forEach((k, at) => {
      expected[(Math.floor(at / (m * inner)) * n + k) * inner + (at % inner)]! += dy[at]!;
    });
    expect(memory.floats(dx, expected.length)).toEqual(expected);
  });

  it.each([-1, 4, 2 ** 31 - 1, -(2 ** 31)])("finds the index %d before it writes", (bad) => {
    const [outer, n, inner, m] = [2, 4, 3, 5];
    const size = { outer, n, inner, m };
    const x = memory.put(new Float32Array(outer * n * inner).fill(1));
    const y = memory.put(new Float32Array(outer * m * inner).fill(2));
    const rows = memory.put(Int32Array.of(0, 3, bad, bad, 1));
    const elements = memory.put(Int32Array.from({ length: outer * m * inner }, (_, i) => (i === 17 || i === 20 ? bad : i % n)));
    expect(backend.dispatch("gatherRows", { x, index: rows, y, ...size })).toBe(2);
    expect(backend.dispatch("gather", { x, index: elements, y, ...size })).toBe(17);
    // A padding index does not excuse a bad one.
    for (const skip of [-1, bad]) expect(backend.dispatch("scatterAddRows", { dy: y, index: rows, dx: x, ...size, skip })).toBe(2);
    expect(backend.dispatch("scatterAdd", { dy: y, index: elements, dx: x, ...size })).toBe(17);
    expect(memory.floats(x, outer * n * inner).every((v) => v === 1)).toBe(true);
    if ((backend.threads ?? 1) === 1) expect(memory.floats(y, outer * m * inner).every((v) => v === 2)).toBe(true);
  });

  it("takes no index at all", () => {
    const x = memory.put(Float32Array.of(1, 2));
    const none = memory.put(new Int32Array(0));
    const size = { outer: 1, n: 2, inner: 1, m: 0 };
    expect(backend.dispatch("gatherRows", { x, index: none, y: none, ...size })).toBe(-1);
    expect(backend.dispatch("scatterAdd", { dy: none, index: none, dx: x, ...size })).toBe(-1);
    expect([...memory.floats(x, 2)]).toEqual([1, 2]);
  });
});
