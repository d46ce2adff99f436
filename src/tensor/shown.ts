import type { DType } from "../backend/backend.js";
import { nth } from "../util/nth.js";
import type { Shape } from "../util/shape.js";

/** Larger tensors are abridged: this many entries at both ends of each dimension. */
const MOST = 1000;
const EDGE = 3;

/**
 * The numbers of a tensor in nested brackets, abridged where there are many, as PyTorch prints them.
 * @param read answers n numbers along the last dimension, from the place of these indices on
 */
export function shownNumbers(shape: Shape, dtype: DType, read: (index: readonly number[], n: number) => ArrayLike<number>): string {
  const size = shape.reduce((a, b) => a * b, 1);
  const kept = shape.map((n) => (size > MOST && n > 2 * EDGE ? [...firsts(EDGE), ...firsts(EDGE).map((i) => n - EDGE + i)] : firsts(n)));
  const gap = shape.map((n, axis) => nth(kept, axis).length < n);
  const numbers: number[] = [];
  // The whole of what is shown is read first: its numbers decide on the width of all.
  const collect = (index: readonly number[]): Block => {
    const axis = index.length;
    if (axis < shape.length - 1) return { parts: nth(kept, axis).map((i) => collect([...index, i])) };
    const n = shape[axis] ?? 1;
    const row = gap[axis]
      ? [...Array.from(read([...index, 0], EDGE)), ...Array.from(read([...index, n - EDGE], EDGE))]
      : Array.from(read([...index, 0], n));
    for (const x of row) numbers.push(x);
    return { row };
  };
  if (size === 0) return "[]";
  const whole = collect([]);
  const write = writerOf(numbers, dtype);
  if (shape.length === 0) return write(nth(numbers, 0));
  const width = numbers.reduce((most, x) => Math.max(most, write(x).length), 0);
  const draw = (block: Block, axis: number): string => {
    const texts = block.row ? block.row.map((x) => write(x).padStart(width)) : block.parts.map((part) => draw(part, axis + 1));
    if (gap[axis]) texts.splice(EDGE, 0, "...");
    return `[${texts.join(block.row ? ", " : `,${"\n".repeat(Math.max(1, shape.length - axis - 1))}${" ".repeat(axis + 1)}`)}]`;
  };
  return draw(whole, 0);
}

/** The numbers along the last dimension, or what is along one before it. */
type Block = { readonly row: readonly number[]; readonly parts?: never } | { readonly row?: never; readonly parts: readonly Block[] };

const firsts = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** One form for all: whole numbers as they are, others with four decimals, or as powers of ten where these would hide them. */
function writerOf(numbers: readonly number[], dtype: DType): (x: number) => string {
  if (dtype === "int32") return String;
  const finite = numbers.filter((x) => Number.isFinite(x) && x !== 0).map(Math.abs);
  const [low, high] = finite.reduce(([a, b], x) => [Math.min(a, x), Math.max(b, x)], [Number.POSITIVE_INFINITY, 0]);
  const isWhole = finite.every(Number.isInteger);
  const isWide = finite.length > 0 && (high >= 1e8 || low < 1e-4 || high / low > 1e3);
  return (x) => {
    if (!Number.isFinite(x)) return String(x);
    if (isWhole && high < 1e8) return String(x);
    return isWide && (!isWhole || high >= 1e8) ? x.toExponential(4) : x.toFixed(4);
  };
}
