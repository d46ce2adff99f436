import { TapeNode } from "../../src/autograd/tape.js";
import { apply, type Inputs, type Operation } from "../../src/ops/define-op.js";
import { zeros } from "../../src/tensor/create.js";
import { type Device, withDevice } from "../../src/tensor/device.js";
import { internal } from "../../src/tensor/internal.js";
import { scope } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { draw, largestSample } from "../calls.js";
import type { Context } from "../context.js";
import { measure, quantile } from "../measure.js";
import { idling } from "../observe.js";
import { allOperations } from "../operations.js";
import type { Table } from "../table.js";
import { label, medium, small, training } from "../training.js";

/** Copies of an operation in one graph, so that the cost of the scope and of the walk's start is shared, as in a model. */
const copies = 32;

/** x as an operation's output of which the gradient goes no further: what activations are in a model. */
function activation(x: Tensor): Tensor {
  const [from, y] = [internal(x), internal(x).detach()];
  if (x.requiresGrad) new TapeNode("source", [from], [y], () => []);
  return y;
}

const note = "Kernels do nothing here, but are called with all their arguments.";

/** The rows of the cases, measured when all of them have run once: V8 has seen then what a program with many operations shows it. */
function settledRows<C>(cases: readonly C[], row: (item: C) => Table["rows"][number]): Table["rows"] {
  cases.forEach(row);
  return cases.map(row);
}

function operationRow(context: Context, device: Device, count: { calls: number }, op: Operation): Table["rows"][number] {
  const { inputs: specs, attrs } = largestSample(op);
  const inputs = withDevice(device, () => Object.entries(specs).map(([name, spec]) => [name, draw(spec)] as const));
  const result = (of: Inputs<string>) => Object.values(apply(op, of, attrs))[0]!;
  const shape = scope(() => result(Object.fromEntries(inputs)).shape);
  const dy = zeros(shape, { device });
  let sources: Inputs<string>[] = [];
  const prepare = () => {
    sources = Array.from({ length: copies }, () => Object.fromEntries(inputs.map(([name, x]) => [name, activation(x)])));
  };
  const forwardAndBackward = () =>
    scope(() => {
      const outputs = sources.map(result).map(internal);
      const root = internal(dy).detach();
      new TapeNode("join", outputs, [root], () => outputs.map(() => dy));
      root.backward(dy);
    });
  prepare();
  count.calls = 0;
  forwardAndBackward();
  const calls = count.calls / copies;
  const { median } = measure(forwardAndBackward, context.time, prepare);
  for (const x of [...inputs.map(([, x]) => x), dy]) x.dispose();
  return { operation: op.name, "us forward and backward": (median * 1e6) / copies, "kernel calls": calls };
}

function operationCosts(context: Context): Table {
  const { device, count } = idling();
  const differentiable = allOperations().filter((op) => op.backward);
  const rows = settledRows(differentiable, (op) => operationRow(context, device, count, op));
  const cost = (row: Table["rows"][number]) => row["us forward and backward"] as number;
  const costs = rows.map(cost);
  return {
    title: "Host time of a recorded operation",
    note: `${note} Median ${quantile(costs, 0.5).toFixed(2)} us, most ${Math.max(...costs).toFixed(2)} us; the bound is 5 us.`,
    rows: rows.toSorted((a, b) => cost(b) - cost(a)),
  };
}

function stepCosts(context: Context): Table {
  const steps = (["lstm", "gru", "rnn"] as const).flatMap((cell) => [small, medium].map((size) => ({ cell, size })));
  const rows = settledRows(steps, ({ cell, size }) => {
    const { device, count } = idling();
    const { step, next } = training(device, cell, size);
    for (let i = 0; i < 3; i++) step(next());
    count.calls = 0;
    step(next());
    const { calls } = count;
    const { median } = measure(() => step(next()), context.time);
    return { step: label(cell, size), "kernel calls": calls, "us of host": median * 1e6, "us a call": (median * 1e6) / calls };
  });
  return { title: "Host time of a training step", note: `${note} The bound is 20 kernel calls.`, rows };
}

/** The cost of the host: of operations by themselves, and of training steps. */
export const measureHost = (context: Context): Table[] => [stepCosts(context), operationCosts(context)];
