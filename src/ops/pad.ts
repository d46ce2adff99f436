import { checkTensor, copyStrided, type InternalTensor } from "../tensor/internal.js";
import { fill } from "../tensor/memory.js";
import { checkedNumber } from "../tensor/numbers.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkArray, checkChoice, checkInteger } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { nth } from "../util/nth.js";
import { checkOptions, namesOf } from "../util/options.js";
import type { Shape } from "../util/shape.js";
import { addSamples, constant, defineOp } from "./define-op.js";
import { indexSelect } from "./gather.js";
import { slice } from "./views.js";

const modes = ["constant", "reflect", "replicate", "circular"] as const;

export interface PadOptions {
  /**
   * The new elements: `constant` is `value`, `reflect` mirrors at the outermost elements, `replicate` repeats them, and `circular`
   * continues at the other end. Default `constant`.
   */
  mode?: (typeof modes)[number];
  /** The new elements of `constant`. Default 0. */
  value?: number;
}

const names = namesOf<PadOptions>({ mode: 1, value: 1 });

interface Frame {
  readonly shape: Shape;
  /** New elements before the first, of each dimension. */
  readonly before: readonly number[];
  readonly value: number;
}

const offsetIn = (y: InternalTensor, before: readonly number[]) =>
  y.strides.reduce((at, stride, axis) => at + (before[axis] ?? 0) * stride, 0);

const padOp = defineOp({
  name: "pad",
  inputs: ["x"],
  strided: true,
  shape: (_inputs, { shape }: Frame) => ({ y: shape }),
  dtypes: ({ x }) => ({ y: x.dtype }),
  forward: (_run, { x }, { y }, { before, value }) => copyStrided(x, fill(y, value).address + offsetIn(y, before) * 4, y.strides),
  backward: ({ inputs: { x }, dOutputs: { y: dy }, attrs: { before } }) => ({
    x: dy.view(x.shape, dy.strides, dy.offset + offsetIn(dy, before)),
  }),
});
addSamples(padOp, () => [
  { inputs: { x: [3] }, attrs: { shape: [6], before: [1], value: 7 } },
  { inputs: { x: [2, 3, 4] }, attrs: { shape: [2, 5, 5], before: [0, 2, 0], value: 0 } },
  { inputs: { x: { shape: [2, 3], below: 9 } }, attrs: { shape: [4, 3], before: [1, 0], value: 5 } },
]);

/** The index, of n, of the source of element i of the padded dimension. */
const sources = {
  reflect: (i: number, n: number) => (i < 0 ? -i : i < n ? i : 2 * (n - 1) - i),
  replicate: (i: number, n: number) => Math.min(Math.max(i, 0), n - 1),
  circular: (i: number, n: number) => (i + n) % n,
};

/**
 * Adds elements around x, or takes elements away where a size is negative.
 *
 * @param x of any shape, float32 or int32
 * @param sizes elements before and after, in pairs from the last dimension on, as in PyTorch: `[left, right, top, bottom]`
 * @param options `mode` and `value`: see PadOptions
 * @returns the shape of x, larger by the sizes
 * @throws SeqgradError `value` for sizes that are not pairs, `range` for more elements than the mode can give, `shape` if nothing is left
 * @example
 * sg.pad(sg.tensor([1, 2, 3]), [2, 1]); // = [0, 0, 1, 2, 3, 0]
 * sg.pad(sg.tensor([1, 2, 3]), [2, 1], { mode: "reflect" }); // = [3, 2, 1, 2, 3, 2]
 */
export function pad(x: Tensor, sizes: readonly number[], options: PadOptions = {}): Tensor {
  checkTensor("pad", x, "x");
  checkArray("pad", "sizes", sizes, "numbers of elements in pairs, such as [1, 1]");
  checkOptions("pad", options, names);
  const { value = 0 } = options;
  const mode = checkChoice("pad", "mode", options.mode ?? "constant", modes);
  const number = checkedNumber("pad", value, x.dtype);
  if (sizes.length % 2 !== 0 || sizes.length > 2 * x.rank)
    throw new SeqgradError(
      "value",
      `pad: got ${sizes.length} sizes for a tensor of shape ${formatShape(x.shape)}; expected a pair for each of at most ${x.rank} dimensions.`,
    );
  for (const [i, size] of sizes.entries()) {
    const n = nth(x.shape, x.rank - 1 - (i >> 1));
    const most = { constant: Number.MAX_SAFE_INTEGER, reflect: n - 1, replicate: n > 0 ? Number.MAX_SAFE_INTEGER : 0, circular: n }[mode];
    checkInteger("pad", `sizes[${i}]`, size, mode === "constant" ? -n : 0, Math.max(0, most));
  }
  const around = x.shape.map((_, axis) => [sizes[2 * (x.rank - 1 - axis)] ?? 0, sizes[2 * (x.rank - 1 - axis) + 1] ?? 0] as const);
  const shape = x.shape.map((n, axis) => n + nth(around, axis)[0] + nth(around, axis)[1]);
  if (shape.some((n) => n < 0))
    throw new SeqgradError("shape", `pad: ${formatShape(x.shape)} is smaller than what the sizes ${formatShape(sizes)} take away.`);
  if (mode !== "constant")
    return around.reduce((y, [before, after], axis) => (before + after > 0 ? extend(y, axis, before, after, mode) : y), x);
  const cut = around.reduce(
    (y, [before, after], axis) =>
      before < 0 || after < 0 ? slice(y, { axis, start: Math.max(0, -before), end: nth(x.shape, axis) + Math.min(0, after) }) : y,
    x,
  );
  return padOp({ x: cut }, { shape, before: around.map(([before]) => Math.max(0, before)), value: number }).y;
}

function extend(x: Tensor, axis: number, before: number, after: number, mode: keyof typeof sources): Tensor {
  const n = nth(x.shape, axis);
  const index = Int32Array.from({ length: before + n + after }, (_, i) => sources[mode](i - before, n));
  return indexSelect(x, constant(x, index, [index.length]), { axis });
}
