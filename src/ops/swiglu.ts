import type { Tensor } from "../tensor/tensor.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { mul } from "./binary.js";
import { defineOp } from "./define-op.js";
import { silu, toFloat } from "./unary.js";
import { split } from "./views.js";

const dimsOf = (x: Tensor) => ({ rows: x.size / x.shape.at(-1)!, cols: x.shape.at(-1)! / 2 });

const swigluOp = defineOp<null>({
  name: "swiglu",
  kernels: ["swigluForward", "swigluBackward"],
  shape([x]) {
    const width = x!.shape.at(-1) ?? 0;
    if (width % 2 !== 0 || width === 0) {
      throw new SeqgradError(
        "shape",
        `swiglu: x ${formatShape(x!.shape)} has an odd last dimension; expected 2 F, the F gates beside the F values.`,
      );
    }
    return [[...x!.shape.slice(0, -1), width / 2]];
  },
  compose([x]) {
    const { cols } = dimsOf(x!);
    const [a, b] = split(x!, [cols, cols], -1) as [Tensor, Tensor];
    return [mul(silu(a), b)];
  },
  forward: (run, [x], [y]) => run("swigluForward", { x: x!, y: y!, ...dimsOf(x!) }),
  backward({ run, inputs: [x], dOutputs: [dy], gradientLike }) {
    const dx = gradientLike(0)!;
    run("swigluBackward", { x: x!, dy: dy!, dx, ...dimsOf(x!) });
    return [dx];
  },
  samples: [{ inputs: [[2]] }, { inputs: [[3, 5, 14]] }, { inputs: [[64, 256]] }].map((sample) => ({ ...sample, attrs: null })),
});

/**
 * The gated linear unit SwiGLU (Shazeer 2020, "GLU Variants Improve Transformer"): silu(a) b, where x holds a, then b, side by side as one
 * linear layer of 2 F outputs makes them.
 *
 * @param x `[..., 2 F]`; the answer is `[..., F]`
 * @throws SeqgradError `shape` for an odd last dimension
 * @example
 * sg.swiglu(sg.tensor([0, 100, 5, 2])); // = [0, 200]
 */
export const swiglu = (x: Tensor): Tensor => swigluOp([toFloat(x)], null)[0]!;
