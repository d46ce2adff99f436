import { nth } from "../../../util/nth.js";
import { type ReduceOp, reduceOps } from "../../kernels.js";
import { type Arguments, line, type Pass, type WgslKernel, type WgslKernels } from "../kernel.js";
import { math } from "./math.js";

/** Terms that a thread adds up, where it is not enough threads to give each result one of its own. */
const FAN = 64;
const ENOUGH = 16384;

/** Results, of which `parts` each are left after every level of the tree. */
function levels(n: number, outputs: number): number[] {
  const parts: number[] = [];
  do {
    n = n <= FAN || outputs >= ENOUGH ? 1 : Math.ceil(n / FAN);
    parts.push(n);
  } while (n > 1);
  return parts;
}

/**
 * Reduction along the middle axis of x [outer, n, inner] by a tree that depends on the sizes alone: each level makes of n items some
 * parts, part p of the items p, p + parts, p + 2 parts .., a thread a part, so that neighbors read neighbors. The first level reads x,
 * the others items of `words` words in the workspace, [outer, n, inner] too. `reducePart(s: Source)` is the kernel's, a text for each op.
 */
function treeKernel(words: number, outer: string, inner: string, outputs: (c: Arguments) => number, bodies: readonly string[]): WgslKernel {
  const tree = /* wgsl */ `${math}
/** Items first, first + stride, .. of the level (in x where raw, else at base), and the position of what they make (in y where last). */
struct Source { raw: bool, last: bool, base: u32, first: u32, stride: u32, count: u32, to: u32 }
fn partsOf(n: u32, outputs: u32) -> u32 { return select((n + ${FAN - 1}u) / ${FAN}u, 1u, n <= ${FAN}u || outputs >= ${ENOUGH}u); }
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let inner = u32(${inner});
  let outputs = u32(${outer}) * inner;
  var n = u32(c.n);
  var parts = partsOf(n, outputs);
  var base = c.x;
  var next = c.workspace;
  for (var level = 0; level < c.step; level++) {
    base = next;
    next += outputs * parts * ${words}u;
    n = parts;
    parts = partsOf(n, outputs);
  }
  let index = line(id, groups);
  if (index >= outputs * parts) { return; }
  let i = index % inner;
  let p = index / inner % parts;
  let o = index / (inner * parts);
  let last = parts == 1u;
  let to = select(next + index * ${words}u, c.y + index, last);
  reducePart(Source(c.step == 0, last, base, (o * n + p) * inner + i, parts * inner, (n - p + parts - 1u) / parts, to));
}
`;
  const texts = bodies.map((body) => tree + body);
  return {
    heap: "u32",
    code: (c) => nth(texts, c.op ?? 0),
    passes: (c) => levels(c.n, outputs(c)).map((parts, step): Pass => ({ entry: "main", groups: line(outputs(c) * parts), step })),
    workspace: (c) => levels(c.n, outputs(c)).reduce((bytes, parts) => bytes + (parts > 1 ? 4 * words * parts * outputs(c) : 0), 0),
  };
}

/** The sum with what each addition lost (Neumaier 1974); for mean, over n; for addSum, added to y. */
const sum = (op: "sum" | "mean" | "addSum") => /* wgsl */ `
fn reducePart(s: Source) {
  var total = 0.0;
  var lost = 0.0;
  for (var k = 0u; k < s.count; k++) {
    let v = bitcast<f32>(heap[s.base + s.first + k * s.stride]);
    let next = rounded(total + v);
    lost += select((v - next) + total, (total - next) + v, abs(total) >= abs(v));
    total = next;
  }
  if (isFinite(total)) { total += lost; }
  ${op === "mean" ? "if (s.last) { if (c.n == 0) { total = nan(); } else { total /= f32(c.n); } }" : ""}
  ${op === "addSum" ? "if (s.last) { total += bitcast<f32>(heap[s.to]); }" : ""}
  heap[s.to] = bitcast<u32>(total);
}
`;

/** The largest or the smallest, NaN where there is one. */
const extreme = (op: "max" | "min") => /* wgsl */ `
fn reducePart(s: Source) {
  var best = ${op === "max" ? "-infinity()" : "infinity()"};
  var unordered = false;
  for (var k = 0u; k < s.count; k++) {
    let v = bitcast<f32>(heap[s.base + s.first + k * s.stride]);
    unordered = unordered || isNan(v);
    best = ${op}(best, v);
  }
  heap[s.to] = select(bitcast<u32>(best), 0x7fc00000u, unordered);
}
`;

/** Of int32: `next` is the result so far with one more, v. */
const integers = (first: string, next: string) => /* wgsl */ `
fn reducePart(s: Source) {
  var result = ${first};
  for (var k = 0u; k < s.count; k++) {
    let v = bitcast<i32>(heap[s.base + s.first + k * s.stride]);
    result = ${next};
  }
  heap[s.to] = bitcast<u32>(result);
}
`;

/** Items: a key that orders as the floats do, NaN on top and -0 as 0, and the index; of equal keys the least index wins. */
const largest = /* wgsl */ `
fn keyOf(x: u32) -> u32 {
  let magnitude = x & 0x7fffffffu;
  if (magnitude > 0x7f800000u) { return 0xffffffffu; }
  return select(0x80000000u + magnitude, 0x80000000u - magnitude, (x >> 31u) != 0u);
}
fn reducePart(s: Source) {
  var best = 0u;
  var index = 0xffffffffu;
  for (var k = 0u; k < s.count; k++) {
    let item = s.first + k * s.stride;
    var key = 0u;
    var at = 0u;
    if (s.raw) {
      key = keyOf(heap[s.base + item]);
      at = item / u32(c.inner) % u32(c.n);
    } else {
      key = heap[s.base + 2u * item];
      at = heap[s.base + 2u * item + 1u];
    }
    if (key > best || (key == best && at < index)) {
      best = key;
      index = at;
    }
  }
  if (s.last) { heap[s.to] = index; return; }
  heap[s.to] = best;
  heap[s.to + 1u] = index;
}
`;

/** Items: an exponent e, and a sum of squares in units of 4^e: nothing overflows or vanishes that the result does not. */
const squares = /* wgsl */ `
fn exponentAt(s: Source, k: u32) -> i32 {
  let item = s.first + k * s.stride;
  if (!s.raw) { return bitcast<i32>(heap[s.base + 2u * item]); }
  return clamp(i32((heap[s.base + item] >> 23u) & 0xffu) - 127, -125, 125);
}
fn reducePart(s: Source) {
  var exponent = -125;
  for (var k = 0u; k < s.count; k++) { exponent = max(exponent, exponentAt(s, k)); }
  var total = 0.0;
  for (var k = 0u; k < s.count; k++) {
    let item = s.first + k * s.stride;
    if (s.raw) {
      let v = bitcast<f32>(heap[s.base + item]) * power2(-exponent);
      total += v * v;
    } else {
      let scale = power2(max(bitcast<i32>(heap[s.base + 2u * item]) - exponent, -64));
      total += bitcast<f32>(heap[s.base + 2u * item + 1u]) * scale * scale;
    }
  }
  if (s.last) { heap[s.to] = bitcast<u32>(sqrt(total) * power2(exponent)); return; }
  heap[s.to] = bitcast<u32>(exponent);
  heap[s.to + 1u] = bitcast<u32>(total);
}
`;

const bodyOf: Record<ReduceOp, string> = {
  sum: sum("sum"),
  mean: sum("mean"),
  max: extreme("max"),
  min: extreme("min"),
  addSum: sum("addSum"),
  sumInt32: integers("0i", "result + v"),
  maxInt32: integers("i32(-2147483648)", "max(result, v)"),
  minInt32: integers("2147483647i", "min(result, v)"),
};

const outputs = (c: Arguments) => c.outer * c.inner;

/**
 * reduce, argmax and norm as their rows in kernels.ts say. Sums differ from assembly/reduce by roundings; no order of
 * additions depends on anything but the sizes.
 */
export const reduceKernels = {
  reduce: treeKernel(
    1,
    "c.outer",
    "c.inner",
    outputs,
    reduceOps.map((op) => bodyOf[op]),
  ),
  argmax: treeKernel(2, "c.outer", "c.inner", outputs, [largest]),
  norm: treeKernel(2, "1", "1", () => 1, [squares]),
} satisfies WgslKernels;
