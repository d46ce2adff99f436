import { sizeOf, stridesOf } from "../util/shape.js";

export type Four = readonly [number, number, number, number];

/** Four dimensions and, for each operand, four strides: what the strided kernels take. */
export interface StridedPlan {
  readonly dims: Four;
  readonly strides: readonly Four[];
  /** Element offsets of each operand for every block of four dimensions; one block unless more than four remain after merging. */
  readonly blocks: readonly (readonly number[])[];
}

/**
 * Merges neighboring dimensions that every operand walks in one stride and drops dimensions of size 1. What is left beyond four
 * dimensions becomes blocks, outermost first.
 */
export function planStrided(shape: readonly number[], operands: readonly (readonly number[])[]): StridedPlan {
  // Innermost first.
  const dims: number[] = [];
  const strides = operands.map((): number[] => []);
  for (let i = shape.length - 1; i >= 0; i--) {
    const n = shape[i]!;
    if (n === 1) continue;
    const last = dims.length - 1;
    if (last >= 0 && operands.every((s, k) => s[i] === strides[k]![last]! * dims[last]!)) {
      dims[last]! *= n;
    } else {
      dims.push(n);
      for (let k = 0; k < operands.length; k++) strides[k]!.push(operands[k]![i]!);
    }
  }
  const outer = dims.slice(4);
  const blocks: number[][] = [];
  for (let block = 0; block < sizeOf(outer); block++) blocks.push(strides.map((s) => offsetOf(block, outer, s.slice(4))));
  return { dims: innerFour(dims, 1), strides: strides.map((s) => innerFour(s, 0)), blocks };
}

/** The first four of what is given innermost first, outermost first. */
function innerFour(values: readonly number[], missing: number): Four {
  const [d3 = missing, d2 = missing, d1 = missing, d0 = missing] = values;
  return [d0, d1, d2, d3];
}

/** The address of the element at `position` in row-major order; shape and strides are innermost first. */
function offsetOf(position: number, shape: readonly number[], strides: readonly number[]): number {
  let rest = position;
  let offset = 0;
  for (let i = 0; i < shape.length; i++) {
    offset += (rest % shape[i]!) * strides[i]!;
    rest = Math.floor(rest / shape[i]!);
  }
  return offset;
}

/** The dims of a strided kernel: `n` elements in a row. */
export const inRow = (n: number): Four => [1, 1, 1, n];
/** Strides of an operand that lies in a row, and of one element that repeats. */
export const ROW: Four = [0, 0, 0, 1];
export const REPEATED: Four = [0, 0, 0, 0];

// The calls of the strided kernels, spelled out: V8 makes these literals in nanoseconds, and longer with a spread in them.

interface Operands {
  readonly a: number;
  readonly b: number;
  readonly y: number;
}

/** A call of `copyStrided`. */
export const copyCall = (x: number, y: number, dims: Four, [xs0, xs1, xs2, xs3]: Four, [ys0, ys1, ys2, ys3]: Four) => {
  const [d0, d1, d2, d3] = dims;
  return { x, y, d0, d1, d2, d3, xs0, xs1, xs2, xs3, ys0, ys1, ys2, ys3 };
};

/** A call of `binary`; y is contiguous. */
export const binaryCall = (op: number, { a, b, y }: Operands, dims: Four, [as0, as1, as2, as3]: Four, [bs0, bs1, bs2, bs3]: Four) => {
  const [d0, d1, d2, d3] = dims;
  return { op, a, b, y, d0, d1, d2, d3, as0, as1, as2, as3, bs0, bs1, bs2, bs3 };
};

/** A call of `where`; y is contiguous. */
export const whereCall = (condition: number, { a, b, y }: Operands, dims: Four, cs: Four, as: Four, bs: Four) => {
  const [d0, d1, d2, d3] = dims;
  const [[cs0, cs1, cs2, cs3], [as0, as1, as2, as3], [bs0, bs1, bs2, bs3]] = [cs, as, bs];
  return { condition, a, b, y, d0, d1, d2, d3, cs0, cs1, cs2, cs3, as0, as1, as2, as3, bs0, bs1, bs2, bs3 };
};

/** Strides of `shape` over memory laid out by `fromShape` and `strides`, when no copy is needed; the rules of a reshape. */
export function viewStrides(fromShape: readonly number[], strides: readonly number[], shape: readonly number[]): number[] | undefined {
  if (sizeOf(shape) === 0) return stridesOf(shape);
  const from = fromShape.flatMap((n, i) => (n === 1 ? [] : [{ n, stride: strides[i]! }]));
  const result = new Array<number>(shape.length).fill(1);
  let at = from.length - 1;
  let i = shape.length - 1;
  while (at >= 0) {
    // The longest run of old dimensions that is one stride apart throughout.
    let { n, stride } = from[at]!;
    const inner = stride;
    while (at > 0 && from[at - 1]!.stride === stride * from[at]!.n) {
      at--;
      stride = from[at]!.stride;
      n *= from[at]!.n;
    }
    at--;
    let step = inner;
    while (i >= 0 && (n > 1 || shape[i] === 1)) {
      result[i] = step;
      if (n % shape[i]! !== 0) return undefined;
      n /= shape[i]!;
      step *= shape[i]!;
      i--;
    }
    if (n !== 1) return undefined;
  }
  return result;
}
