// A module of its own, by which the host learns whether this runtime fuses pairs of 128-bit operations. It has its own memory.
import { gemm6x8 } from "./gemm/tiles";
import { gemm6x16 } from "./gemm/wide-tiles";

/** Steps of k. */
const depth: i32 = 32;
/**
 * Multiplies `count` times numbers from `memory` on, which do not matter: by a tile of 6 x 8 (tile 1), by one of 6 x 16 (tile 2), or not at
 * all (tile 0). A compiler counts the bytes of each turn of a loop, also of those that a turn passes over, so that turns of 0 have the
 * function compiled at its best in microseconds.
 */
export function multiply(tile: i32, count: i32, memory: usize): void {
  const b = memory + (6 * depth << 2), y = b + (16 * depth << 2);
  for (; count > 0; count--) {
    if (tile == 1) gemm6x8(memory, depth << 2, 4, b, 32, depth, y, 64, y, 64);
    else if (tile == 2) gemm6x16(memory, depth << 2, 4, b, 32, depth << 5, depth, y, 32, 64, y, 64);
  }
}
