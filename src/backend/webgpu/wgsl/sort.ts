import { type Arguments, entry, line, type Pass, type WgslKernels } from "../kernel.js";

/** Merges of runs that make one run of n: 0 where there is nothing to merge. */
const mergesOf = (n: number) => (n > 1 ? Math.ceil(Math.log2(n)) : 0);

const total = (c: Arguments) => c.rows * c.n;

/**
 * Runs of doubling length are merged, a thread an element: its place is that in its own run plus the elements of the other run that come
 * before it, which a search by halves finds; equal elements of the left run come before those of the right one. Orders lie in the two halves
 * of the workspace by turns; the last goes to index. Step 0 writes the order 0, 1, 2, ..; step s > 0 merges runs of 2^(s - 1).
 */
const merge = (integer: boolean, descending: boolean) => /* wgsl */ `
fn keyAt(row: u32, position: u32) -> u32 {
  let bits = heap[c.x + row * u32(c.n) + position];
  ${integer ? "let key = bits ^ 0x80000000u;" : "let key = floatKey(bits);"}
  return ${descending ? "~key" : "key"};
}
/** A key that orders as floats do, NaN on top and -0 as 0. */
fn floatKey(bits: u32) -> u32 {
  let magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) { return 0xffffffffu; }
  return select(0x80000000u + magnitude, 0x80000000u - magnitude, (bits >> 31u) != 0u);
}
fn orderAt(step: i32) -> u32 { return c.workspace + u32(step & 1) * u32(c.rows * c.n); }
${entry("main")} {
  let t = line(id, groups);
  let n = u32(c.n);
  if (t >= u32(c.rows) * n) { return; }
  let row = t / n;
  let i = t % n;
  let isLast = (1u << u32(c.step)) >= n;
  let to = select(orderAt(c.step), c.index, isLast) + row * n;
  if (c.step == 0) {
    heap[to + i] = i;
    return;
  }
  let order = orderAt(c.step - 1) + row * n;
  let width = 1u << u32(c.step - 1);
  let begin = i / (2u * width) * 2u * width;
  let middle = min(begin + width, n);
  let isLeft = i < middle;
  let position = heap[order + i];
  let key = keyAt(row, position);
  var low = select(begin, middle, isLeft);
  let first = low;
  var high = select(middle, min(middle + width, n), isLeft);
  while (low < high) {
    let mid = (low + high) / 2u;
    let other = keyAt(row, heap[order + mid]);
    if (other < key || (other == key && !isLeft)) { low = mid + 1u; } else { high = mid; }
  }
  heap[to + begin + (i - select(middle, begin, isLeft)) + (low - first)] = position;
}
`;

/** argsort as its row in kernels.ts says. */
export const sortKernels = {
  argsort: {
    heap: "u32",
    code: (c) => merge(c.integer !== 0, c.descending !== 0),
    passes: (c) => Array.from({ length: mergesOf(c.n) + 1 }, (_, step): Pass => ({ entry: "main", groups: line(total(c)), step })),
    workspace: (c) => 8 * total(c),
  },
} satisfies WgslKernels;
