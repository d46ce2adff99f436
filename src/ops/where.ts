import { planStrided } from "../tensor/layout.js";
import type { Tensor } from "../tensor/tensor.js";
import { broadcastShapes, broadcastStrides, stridesOf } from "../util/shape.js";
import { defineOp } from "./define-op.js";
import { sumTo } from "./reduce.js";
import { operand, toFloat } from "./unary.js";

const whereOp = defineOp<null>({
  name: "where",
  strided: true,
  shape: ([condition, a, b]) => [broadcastShapes("where", condition!.shape, broadcastShapes("where", a!.shape, b!.shape))],
  forward(run, inputs, [y]) {
    if (y!.size === 0) return;
    const [condition, a, b] = inputs as [Tensor, Tensor, Tensor];
    const views = inputs.map((x) => broadcastStrides(x.shape, x.strides, y!.shape));
    const { dims, strides, blocks } = planStrided(y!.shape, [...views, stridesOf(y!.shape)]);
    const [d0, d1, d2, d3] = dims;
    type Four = (typeof strides)[0];
    const [[cs0, cs1, cs2, cs3], [as0, as1, as2, as3], [bs0, bs1, bs2, bs3]] = strides as [Four, Four, Four];
    for (const [co, ao, bo, yo] of blocks as [number, number, number, number][]) {
      const at = { condition: condition.address + co * 4, a: a.address + ao * 4, b: b.address + bo * 4, y: y!.address + yo * 4 };
      run("where", { ...at, d0, d1, d2, d3, cs0, cs1, cs2, cs3, as0, as1, as2, as3, bs0, bs1, bs2, bs3 });
    }
  },
  backward({ inputs, dOutputs: [dy], needs }) {
    const [condition, a, b] = inputs as [Tensor, Tensor, Tensor];
    return [
      undefined,
      needs(1) ? sumTo(where(condition, dy!, 0), a.shape) : undefined,
      needs(2) ? sumTo(where(condition, 0, dy!), b.shape) : undefined,
    ];
  },
  samples: [
    { inputs: [{ shape: [5], below: 2 }, [5], [5]], attrs: null },
    { inputs: [{ shape: [4, 1], below: 2 }, [4, 9], [1]], attrs: null },
  ],
});

/**
 * a where the condition is not 0, else b, elementwise, with broadcasting; a and b may be numbers.
 * @throws SeqgradError `shape` when they do not broadcast
 * @example
 * sg.where(sg.tensor([1, 0]), sg.tensor([5, 6]), -1); // = [5, -1]
 */
export function where(condition: Tensor, a: Tensor | number, b: Tensor | number): Tensor {
  return whereOp([toFloat(condition), operand(a, condition), operand(b, condition)], null)[0]!;
}
