import { div, minimum, mul } from "../ops/binary.js";
import { contiguous } from "../ops/define-op.js";
import { affine } from "../ops/unary.js";
import { internal } from "../tensor/internal.js";
import { scope } from "../tensor/scope.js";
import { Tensor } from "../tensor/tensor.js";
import { shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { type Shape, sameShape, sizeOf } from "../util/shape.js";
import type { ParameterArena } from "./arena.js";
import type { Updated, Values } from "./rule.js";

/** Elements that a rule computes at once: what it makes on its way stays in the cache, or where calls run later, small. */
const BLOCK = { immediate: 1 << 14, later: 1 << 20 };

/** A part of the arenas, in bytes; with the shape of the one parameter there, if it must be seen whole. */
export interface Stretch {
  readonly begin: number;
  readonly end: number;
  readonly shape?: Shape;
}

/** Takes a result to its place: `from` is the address of n new elements, `to` the address of the old ones. */
export type Put = (from: number, to: number, n: number) => void;

/** Computes new values for a stretch by tensor operations, and puts them in place of the old ones. */
export function compose(
  op: string,
  arena: ParameterArena,
  names: readonly string[],
  { begin, end, shape: whole }: Stretch,
  compute: (values: Values<string>) => Updated<string>,
  put: Put,
): void {
  const size = whole ? sizeOf(whole) : arena.backend.async ? BLOCK.later : BLOCK.immediate;
  for (let at = begin; at < end; at += whole ? end - begin : size * 4)
    scope(() => {
      const shape = whole ?? [Math.min(size, (end - at) / 4)];
      const old = arena.views(names, at, shape);
      const results = Object.entries(compute(old)).map(([name, y]) => [laidOut(op, name, y, old[name]), old[name]] as const);
      for (const [y, before] of results) if (y && before) put(internal(y).address, internal(before).address, before.size);
    });
}

/** A new value, contiguous, when it can take the place of the old one. */
function laidOut(op: string, name: string, y: Tensor | undefined, old: Tensor | undefined): Tensor | undefined {
  if (y === undefined) return undefined;
  if (!(y instanceof Tensor))
    throw new SeqgradError("value", `${op}: its update returned ${name}, which is ${shown(y)}; expected a tensor.`);
  if (!old || name === "g")
    throw new SeqgradError("value", `${op}: its update returned ${name}, which is neither p nor one of its states.`);
  if (!sameShape(y.shape, old.shape) || y.dtype !== "float32" || y.backend !== old.backend)
    throw new SeqgradError(
      "shape",
      `${op}: its update returned ${name} as ${y.dtype} ${formatShape(y.shape)}; expected float32 ${formatShape(old.shape)} on the same device.`,
    );
  return y.isContiguous ? y : contiguous(y);
}

/** min(1, clipNorm / (norm + 1e-6)), as the kernels have it. */
export const clipFactor = (norm: Tensor, clipNorm: number): Tensor => minimum(div(clipNorm, affine(norm, 1, 1e-6)), 1);

export const clipped = (values: Values<string>, factor: Tensor | undefined): Values<string> =>
  factor ? { ...values, g: mul(values.g, factor) } : values;
