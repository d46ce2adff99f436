// A module of its own, by which the host learns whether this runtime fuses pairs of 128-bit operations. It has its own memory.
import { gemm6x8 } from "./gemm/tiles";
import { gemm6x16 } from "./gemm/wide-tiles";

/** Steps of k. */
const depth: i32 = 32;
/** A [6, depth], B as two panels, and y [6, 16]. What is in them does not matter. */
const a = memory.data(6 * 32 * 4), b = memory.data(16 * 32 * 4), y = memory.data(6 * 16 * 4);

/**
 * Multiplies `count` times: by a tile of 6 x 8 (tile 1), by one of 6 x 16 (tile 2), or not at all (tile 0). A compiler counts the bytes of
 * each turn of a loop, also of those that a turn passes over, so that turns of 0 have the function compiled at its best in microseconds.
 */
export function multiply(tile: i32, count: i32): void {
  for (; count > 0; count--) {
    if (tile == 1) gemm6x8(a, depth << 2, 4, b, 32, depth, y, 64, y, 64);
    else if (tile == 2) gemm6x16(a, depth << 2, 4, b, 32, depth << 5, depth, y, 32, 64, y, 64);
  }
}
