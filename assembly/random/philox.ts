import { storeLanes } from "../simd/lanes";
import { block0, block1, block2, block3, nextBlocks } from "./blocks";

/**
 * y[4 i + j] = word j of the Philox 4x32-10 block at counter + i (see blocks.ts), as int32; y [n], n any. Overwrites y.
 * The counter is 128 bits, counter0 the lowest; the sum carries. No alignment needed.
 */
export function philox(
  y: usize, n: i32, key0: u32, key1: u32, counter0: u32, counter1: u32, counter2: u32, counter3: u32,
): void {
  for (let i: i32 = 0; i < n; i += 16) {
    nextBlocks(i >> 2, key0, key1, counter0, counter1, counter2, counter3);
    const p = y + ((<usize>i) << 2);
    const left = n - i;
    storeLanes(p, block0, left);
    if (left > 4) storeLanes(p + 16, block1, left - 4);
    if (left > 8) storeLanes(p + 32, block2, left - 8);
    if (left > 12) storeLanes(p + 48, block3, left - 12);
  }
}
