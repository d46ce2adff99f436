import fc from "fast-check";
import { expect, test } from "vitest";
import { Heap } from "../../src/backend/heap.js";

test("allocations never overlap, are aligned, and what is freed is used again", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 200_000 }), free: fc.nat(), keep: fc.boolean() }), { maxLength: 60 }),
      (steps) => {
        const heap = new Heap(65536, 2 ** 30, () => true);
        const live: { address: number; bytes: number }[] = [];
        for (const { bytes, free, keep } of steps) {
          const address = heap.alloc(bytes);
          expect(address % 64).toBe(0);
          for (const block of live) expect(address >= block.address + block.bytes || address + bytes <= block.address).toBe(true);
          live.push({ address, bytes });
          if (!keep) heap.free(live.splice(free % live.length, 1)[0]!.address);
        }
        for (const { address } of live) heap.free(address);
        expect(heap.use().inUse).toBe(0);
      },
    ),
  );
});

test("ten thousand rounds of the same requests leave the memory flat", () => {
  const heap = new Heap(0, 2 ** 30, () => true);
  const round = () => {
    const blocks = [100, 5000, 70_000, 1_000_000, 40_000, 64].map((bytes) => heap.alloc(bytes));
    for (const block of blocks) heap.free(block);
  };
  round();
  const { reserved } = heap.use();
  for (let i = 0; i < 10_000; i++) round();
  expect(heap.use().reserved).toBe(reserved);
});

test("out of memory names the request, what is in use and the limit", () => {
  const heap = new Heap(0, 1024 * 1024, () => true);
  heap.alloc(512 * 1024);
  expect(() => heap.alloc(768 * 1024)).toThrow(/asked for 768 KiB with 512 KiB in use of at most 1 MiB/);
  expect(heap.use().inUse).toBe(512 * 1024);
});

test("freeing twice is an error", () => {
  const heap = new Heap(0, 1024 * 1024, () => true);
  const address = heap.alloc(10);
  heap.free(address);
  expect(() => heap.free(address)).toThrow(/no allocation starts/);
});
