import { Node } from "../../src/autograd/tape.js";
import { apply } from "../../src/ops/define-op.js";
import { zeros } from "../../src/tensor/create.js";
import { withDevice } from "../../src/tensor/device.js";
import { scope } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { type Context, label, medium, small, training } from "../context.js";
import { measure, quantile } from "../measure.js";
import { idling } from "../observe.js";
import { allOperations } from "../operations.js";
import type { Table } from "../table.js";
import { draw, largestSample } from "./kernels.js";

/** Copies of an operation in one graph, so that the cost of the scope and of the walk's start is shared, as in a model. */
const copies = 32;

/** x as an operation's output of which the gradient goes no further: what activations are in a model. */
function activation(x: Tensor): Tensor {
  const y = x.detach();
  if (x.requiresGrad) new Node("source", [x], [y], () => []);
  return y;
}

async function operationCosts(context: Context): Promise<Table> {
  const { device, idle } = idling(await context.device());
  const rows = [];
  for (const op of allOperations()) {
    if (!op.backward) continue;
    const { inputs: specs, attrs } = largestSample(op);
    idle.on = false;
    const inputs = withDevice(device, () => specs.map(draw));
    const dy = withDevice(device, () => {
      const shape = scope(() => apply(op, inputs, attrs)[0]!.shape);
      return zeros(shape);
    });
    idle.on = true;
    let sources: Tensor[][] = [];
    const prepare = () => {
      sources = Array.from({ length: copies }, () => inputs.map(activation));
    };
    const forwardAndBackward = () =>
      scope(() => {
        const outputs = sources.map((copy) => apply(op, copy, attrs)[0]!);
        const root = dy.detach();
        new Node("join", outputs, [root], () => outputs.map(() => dy));
        root.backward(dy);
      });
    prepare();
    idle.calls = 0;
    forwardAndBackward();
    const calls = idle.calls / copies;
    const { median } = measure(forwardAndBackward, context.time, prepare);
    rows.push({ operation: op.name, "us forward and backward": (median * 1e6) / copies, "kernel calls": calls });
    for (const x of [...inputs, dy]) x.dispose();
  }
  const costs = rows.map((row) => row["us forward and backward"]);
  return {
    title: "Host time of a recorded operation",
    note: `Kernels do nothing here. Median ${quantile(costs, 0.5).toFixed(2)} us, most ${Math.max(...costs).toFixed(2)} us; the bound is 5 us.`,
    rows: rows.toSorted((a, b) => b["us forward and backward"] - a["us forward and backward"]),
  };
}

async function stepCosts(context: Context): Promise<Table> {
  const rows = [];
  for (const cell of ["lstm", "gru", "rnn"] as const) {
    for (const size of [small, medium]) {
      const { device, idle } = idling(await context.device());
      const { step, next } = training(device, cell, size);
      for (let i = 0; i < 3; i++) step(next());
      idle.calls = 0;
      step(next());
      const calls = idle.calls;
      idle.on = true;
      const { median } = measure(() => step(next()), context.time);
      rows.push({ step: label(cell, size), "kernel calls": calls, "us of host": median * 1e6, "us a call": (median * 1e6) / calls });
    }
  }
  return { title: "Host time of a training step", note: "Kernels do nothing here. The bound is 20 kernel calls.", rows };
}

/** What the host costs: operations by themselves, and training steps. */
export const measureHost = async (context: Context): Promise<Table[]> => [await stepCosts(context), await operationCosts(context)];
