import { empty, fill, type Tensor } from "../tensor/tensor.js";
import { checkChoice } from "../util/check.js";
import { namesOf } from "../util/options.js";
import { defineOp, type Sample } from "./define-op.js";
import {
  byName,
  checkCall,
  checkShapes,
  type GradientProbe,
  gradients,
  type Named,
  present,
  projectionSum,
  type RecurrentAttrs,
  recordSteps,
  recurrentNames,
  sampleInputs,
  sequenceSize,
  unroll,
  weightGradients,
} from "./recurrent.js";
import { relu, tanh } from "./unary.js";

const nonlinearities = ["tanh", "relu"] as const;
export type Nonlinearity = (typeof nonlinearities)[number];

/** The nonlinearity, by default tanh, when it is one. */
export function checkNonlinearity(op: string, value: Nonlinearity = "tanh"): Nonlinearity {
  return checkChoice(op, "nonlinearity", value, nonlinearities);
}

interface Attrs extends RecurrentAttrs {
  readonly nonlinearity: Nonlinearity;
}

const sizes = ({ x, wHh }: Named) => ({ ...sequenceSize("rnn", x!), H: wHh!.shape[0]! });
const shapes = (B: number, T: number, I: number, H: number) => {
  return { x: [B, T, I], wIh: [H, I], wHh: [H, H], bIh: [H], bHh: [H], h0: [B, H], lengths: [B] };
};

function sample(B: number, T: number, I: number, H: number, names: string, options: Partial<Attrs> = {}): Sample<Attrs> {
  const attrs = { names: names.split(" "), reverse: false, probe: undefined, nonlinearity: "tanh" as const, ...options };
  return { inputs: sampleInputs(attrs.names, shapes(B, T, I, H)), attrs };
}

const rnnOp = defineOp<Attrs>({
  name: "rnn",
  kernels: ["rnnForward", "rnnBackward", "recurrentGradient"],
  shape(inputs, { names }) {
    const named = byName(names, inputs);
    const { B, T, I, H } = sizes(named);
    checkShapes("rnn", named, shapes(B, T, I, H));
    return [
      [B, T, H],
      [B, H],
    ];
  },
  compose(inputs, { names, reverse, probe, nonlinearity }) {
    const named = byName(names, inputs);
    const { B, H } = sizes(named);
    const f = nonlinearity === "relu" ? relu : tanh;
    const h0 = named.h0 ?? fill(empty(named.x!.backend, [B, H]), 0);
    return unroll("rnn", named.x!, [h0], { lengths: named.lengths, reverse, probe }, (x, [h]) => [f(projectionSum(x, h!, named))]);
  },
  forward(run, inputs, [y, hN], { names, reverse, nonlinearity }) {
    const named = byName(names, inputs);
    const { x, wIh, wHh, bIh, bHh, h0, lengths } = named;
    const dims = { ...sizes(named), reverse: Number(reverse), activation: Number(nonlinearity === "relu"), begin: 0, end: x!.shape[0]! };
    run("rnnForward", { x: x!, wIh: wIh!, wHh: wHh!, bIh, bHh, h0, lengths, y: y!, hN: hN!, ...dims });
  },
  backward(context) {
    const { run, inputs, attrs, dOutputs, outputs } = context;
    const { names, reverse, probe, nonlinearity } = attrs;
    const named = byName(names, inputs);
    const { x, wIh, wHh, lengths } = named;
    const { B, T, I, H } = sizes(named);
    const { fresh } = gradients(names, context);
    const [y] = outputs;
    const [dy, dhN] = dOutputs;

    const dx = fresh("x");
    const dh0 = fresh("h0");
    const gates = empty(x!.backend, [T, B, H]);
    const dh = probe ? empty(x!.backend, [T, B, H]) : undefined;
    const dims = { B, T, I, H, reverse: Number(reverse), activation: Number(nonlinearity === "relu"), begin: 0, end: B };
    run("rnnBackward", { wIh: wIh!, wHh: wHh!, lengths, y: y!, dy, dhN, gates, dx, dh0, dh, ...dims });
    weightGradients(context, gates, "plain");
    recordSteps(probe, dh);
    return names.map((name) => ({ x: dx, h0: dh0 })[name]);
  },
  samples: [
    sample(1, 1, 1, 1, "x wIh wHh bIh bHh"),
    sample(2, 5, 3, 7, "x wIh wHh bIh bHh h0", { reverse: true, nonlinearity: "relu" }),
    sample(5, 6, 9, 8, "x wIh wHh bIh bHh h0 lengths"),
    sample(4, 5, 2, 12, "x wIh wHh lengths", { reverse: true }),
    sample(8, 9, 16, 33, "x wIh wHh"),
  ],
});

export interface RnnOptions {
  bIh?: Tensor | undefined;
  bHh?: Tensor | undefined;
  h0?: Tensor | undefined;
  /** int32 `[B]`, each in 1..T: how many steps of a row are valid. */
  lengths?: Tensor | undefined;
  reverse?: boolean;
  /** Default `tanh`. */
  nonlinearity?: Nonlinearity;
  probe?: GradientProbe | undefined;
}

const optionNames = namesOf<RnnOptions>({ ...recurrentNames, nonlinearity: 1 });

/**
 * One layer and direction of a simple recurrent network (Elman 1990) over a whole sequence:
 * h_t = f(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), f tanh or relu.
 *
 * @param x `[B, T, I]`
 * @param wIh `[H, I]`
 * @param wHh `[H, H]`
 * @returns y `[B, T, H]`, 0 past a row's length; h `[B, H]` after each row's last valid step
 * @throws SeqgradError `shape`, `dtype`, `range` for a length outside 1..T
 * @example
 * const { y, h } = sg.rnn(sg.randn([8, 20, 3]), sg.randn([5, 3]), sg.randn([5, 5]), { nonlinearity: "relu" });
 */
export function rnn(x: Tensor, wIh: Tensor, wHh: Tensor, options: RnnOptions = {}): { y: Tensor; h: Tensor } {
  checkCall("rnn", x, wIh, wHh, options, optionNames);
  const { bIh, bHh, h0, lengths, reverse = false, probe } = options;
  const nonlinearity = checkNonlinearity("rnn", options.nonlinearity);
  probe?.start(sequenceSize("rnn", x).T);
  const { names, tensors } = present({ x, wIh, wHh, bIh, bHh, h0, lengths });
  const [y, h] = rnnOp(tensors, { names, reverse, probe, nonlinearity }) as [Tensor, Tensor];
  return { y, h };
}
