import { shown } from "./check.js";
import { SeqgradError } from "./errors.js";
import { formatShape } from "./format.js";
import { nth } from "./nth.js";
import { refuseExtra } from "./options.js";

export type Shape = readonly number[];

/** The number of elements; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const n of shape) size *= n;
  return size;
}

/** The sizes of a shape whose rank has been checked. */
export const dimsOf = <R extends keyof Dims>(shape: Shape, _rank: R): Dims[R] => shape as unknown as Dims[R];

interface Dims {
  2: readonly [number, number];
  3: readonly [number, number, number];
  4: readonly [number, number, number, number];
}

/** A shape read as rows along its last dimension. */
export const rowsOf = (shape: Shape): { rows: number; cols: number } => ({
  rows: sizeOf(shape.slice(0, -1)),
  cols: shape.at(-1) ?? 1,
});

/** Strides, in elements, of a contiguous row-major layout. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= nth(shape, i);
  }
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}

/** The shape that two shapes broadcast to: aligned at the right, a dimension of 1 repeats. */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  const shape = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const m = a[a.length - i] ?? 1;
    const n = b[b.length - i] ?? 1;
    if (m !== n && m !== 1 && n !== 1) {
      throw new SeqgradError(
        "shape",
        `${op}: shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast: dimension ${rank - i} is ${m} against ${n}. Each pair, from the right, must be equal or hold a 1.`,
      );
    }
    shape[rank - i] = m === 1 ? n : m;
  }
  return shape;
}

/** Strides that read a tensor of `shape` and `strides` as if it had the shape `to`: 0 along repeated dimensions. */
export function broadcastStrides(shape: Shape, strides: readonly number[], to: Shape): readonly number[] {
  if (sameShape(shape, to)) return strides;
  const lead = to.length - shape.length;
  return to.map((_, i) => (i < lead || shape[i - lead] === 1 ? 0 : nth(strides, i - lead)));
}

/** A dimension counted from the end when negative. */
export function normalizeAxis(op: string, axis: number, rank: number): number {
  const positive = Number.isInteger(axis) && axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || positive < 0 || positive >= rank) {
    const choice = rank === 0 ? "" : ` (-${rank} to ${rank - 1})`;
    throw new SeqgradError("range", `${op}: axis ${shown(axis)} is not one of the ${rank} dimensions${choice}.`);
  }
  return positive;
}

/** Dimensions that a tensor may have, and elements: kernels count bytes in 32 bits. */
export const MOST_DIMENSIONS = 64;
export const MOST_ELEMENTS = 2 ** 29;

/** Throws unless it is an array of whole numbers of at least 0, whose product a tensor can hold. */
export function checkShape(op: string, shape: Shape): void {
  if (!Array.isArray(shape)) throw new SeqgradError("shape", `${op}: the shape is ${shown(shape)}; give an array such as [2, 3].`);
  if (shape.length > MOST_DIMENSIONS)
    throw new SeqgradError("shape", `${op}: a shape of ${shape.length} dimensions is too long; a tensor has at most ${MOST_DIMENSIONS}.`);
  for (const n of shape)
    if (!(Number.isInteger(n) && n >= 0))
      throw new SeqgradError("shape", `${op}: ${formatShape(shape)} is not a shape; give whole numbers of at least 0.`);
  const size = sizeOf(shape);
  if (size > MOST_ELEMENTS) {
    const limit = `a tensor holds at most ${MOST_ELEMENTS}, 2 GiB of memory`;
    throw new SeqgradError("memory", `${op}: the shape ${formatShape(shape)} holds ${size} elements; ${limit}. Give a smaller shape.`);
  }
}

/** Throws unless sizes or axes are given in one array. */
export function checkSizes(op: string, sizes: readonly number[], extra: readonly unknown[]): void {
  if (!Array.isArray(sizes)) {
    const list = [sizes, ...extra].map(shown).join(", ");
    throw new SeqgradError(
      "value",
      `${op}: got ${shown(sizes)}; give all in one array, as in ${op}(x, [${typeof sizes === "number" ? list : "2, 3"}]).`,
    );
  }
  const bad = sizes.findIndex((size) => typeof size !== "number");
  if (bad >= 0) throw new SeqgradError("value", `${op}: number ${bad} of the array is ${shown(sizes[bad])}; give whole numbers.`);
  refuseExtra(op, extra);
}
