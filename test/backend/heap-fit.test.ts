import { expect, test } from "vitest";
import { Heap } from "../../src/backend/heap.js";

const KiB = 1024;
const MiB = 1024 * KiB;

/** A heap in which two blocks of these sizes are free, each between blocks that are not. */
function withHoles(first: number, second: number): { heap: Heap; holes: [number, number] } {
  const heap = new Heap(0, 64 * MiB, () => true);
  const holes: number[] = [];
  for (const bytes of [first, second]) {
    holes.push(heap.alloc(bytes));
    heap.alloc(64 * KiB);
  }
  for (const hole of holes) heap.free(hole);
  return { heap, holes: holes as [number, number] };
}

test.each([
  [200, 100, 1],
  [100, 200, 0],
])("of free blocks of %i and %i KiB a request of 80 KiB takes the smaller one", (first, second, smaller) => {
  const { heap, holes } = withHoles(first * KiB, second * KiB);
  expect(heap.alloc(80 * KiB)).toBe(holes[smaller]);
  // The larger one is still whole.
  expect(heap.alloc(200 * KiB)).toBe(holes[1 - smaller]);
});

test.each([
  [100, 200],
  [200, 100],
])("of free blocks of %i and %i KiB a request of 150 KiB takes the one that it fits into", (first, second) => {
  const { heap, holes } = withHoles(first * KiB, second * KiB);
  expect(heap.alloc(150 * KiB)).toBe(holes[first > second ? 0 : 1]);
});

test("a request as large as a free block takes it whole, and one of a line more takes none", () => {
  const { heap, holes } = withHoles(100 * KiB, 200 * KiB);
  const { reserved } = heap.use();
  expect(heap.alloc(200 * KiB + 64)).toBe(reserved);
  expect(heap.alloc(100 * KiB)).toBe(holes[0]);
  expect(heap.alloc(200 * KiB)).toBe(holes[1]);
});

test("the rest of a block that was cut serves the next request", () => {
  const { heap, holes } = withHoles(100 * KiB, 300 * KiB);
  heap.alloc(200 * KiB);
  heap.alloc(100 * KiB);
  expect(heap.alloc(100 * KiB)).toBe(holes[1] + 200 * KiB);
});

test.each([0, 64 * KiB])("memory from %i on can be had up to the last byte of the limit, and no further", (base) => {
  const ends: number[] = [];
  const heap = new Heap(base, base + MiB, (end) => ends.push(end) > 0);
  const half = MiB / 2;
  expect(heap.alloc(half)).toBe(base);
  expect(() => heap.alloc(half + 64)).toThrow("out of memory");
  expect(heap.alloc(half)).toBe(base + half);
  expect(ends).toEqual([base + half, base + MiB]);
  expect(() => heap.alloc(64)).toThrow("out of memory");
  expect(heap.use()).toMatchObject({ inUse: MiB, peak: MiB, reserved: base + MiB });
});

test("an allocation that the system refuses is out of memory, and the rest stays available", () => {
  const heap = new Heap(0, 64 * MiB, (end) => end <= MiB);
  expect(() => heap.alloc(MiB + 64)).toThrow("out of memory");
  expect(heap.use()).toMatchObject({ inUse: 0, reserved: 0 });
  expect(heap.alloc(MiB)).toBe(0);
});
