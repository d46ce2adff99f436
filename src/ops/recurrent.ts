import { recurrentCells } from "../backend/kernels.js";
import { keep } from "../tensor/scope.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkInteger, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkOptions } from "../util/options.js";
import { type Shape, sameShape } from "../util/shape.js";
import { add, less } from "./binary.js";
import { type BackwardContext, checkTensors, outOfRange, type SampleInput, viewOp } from "./define-op.js";
import { linear } from "./linear.js";
import { norm } from "./variance.js";
import { select, stack, unsqueeze } from "./views.js";
import { where } from "./where.js";

/**
 * Collects the norm of dLoss/dh_t of a layer, the whole gradient of the hidden state at each step t, when backward() passes: it shows
 * gradients that vanish or explode on their way to the first steps.
 * @example
 * const probe = new sg.GradientProbe();
 * const { output } = new sg.nn.RNN(3, 5).forward(sg.randn([8, 20, 3]), { probe });
 * sg.sum(sg.select(output, 1, -1)).backward();
 * const norms = await probe.norms(); // 20 numbers, small for t = 0
 */
export class GradientProbe {
  #norms: (Tensor | undefined)[] = [];

  /** Called by the layer before a sequence of `steps` steps. */
  start(steps: number): void {
    checkInteger("GradientProbe.start", "steps", steps, 0, 2 ** 24);
    this.dispose();
    this.#norms = new Array(steps).fill(undefined);
  }

  /** Called by the layer, for each step that a gradient reaches. */
  record(t: number, dh: Tensor): void {
    checkInteger("GradientProbe.record", "t", t, 0, this.#norms.length - 1);
    this.#norms[t]?.dispose();
    this.#norms[t] = keep(norm(dh));
  }

  /** The norms over batch and units, for t = 0, 1, ... of the last backward(). */
  async norms(): Promise<number[]> {
    return Promise.all(this.#norms.map((value) => value?.item() ?? 0));
  }

  /** Frees the norms. */
  dispose(): void {
    for (const value of this.#norms) value?.dispose();
    this.#norms = [];
  }
}

/** The common part of the three cells. */
export interface RecurrentAttrs {
  /** The names of the inputs, in their order. */
  readonly names: readonly string[];
  /** From the last valid step to the first. */
  readonly reverse: boolean;
  readonly probe: GradientProbe | undefined;
}

/** Inputs by name; those left out are undefined. */
export type Named = Readonly<Record<string, Tensor | undefined>>;

export function byName(names: readonly string[], inputs: readonly Tensor[]): Named {
  const named: Record<string, Tensor> = {};
  for (let i = 0; i < names.length; i++) named[names[i]!] = inputs[i]!;
  return named;
}

/** How a backward pass hands gradients to inputs that may be left out. */
export function gradients(
  names: readonly string[],
  { needs, accumulator, gradientLike }: Pick<BackwardContext<unknown>, "needs" | "accumulator" | "gradientLike">,
) {
  const at = (name: string) => names.indexOf(name);
  return {
    /** Memory for the gradient of an input that needs one. */
    fresh: (name: string) => (at(name) >= 0 ? gradientLike(at(name)) : undefined),
    /** The gradient so far of an input that needs one. */
    into: (name: string) => (at(name) >= 0 && needs(at(name)) ? accumulator(at(name)) : undefined),
  };
}

/** A sample's inputs: lengths from 1 to T, all else as small as in a network that can be trained. */
export function sampleInputs(names: readonly string[], shapes: Readonly<Record<string, Shape>>): SampleInput[] {
  return names.map((name) => {
    const shape = shapes[name]!;
    return name === "lengths" ? { shape, least: 1, below: shapes.x![1]! + 1 } : { shape, from: -0.5, to: 0.5 };
  });
}

/**
 * Adds what backpropagation through time leaves to the gradients of the weights and biases that need one. `gates` [T, B, width] is as
 * the cell's backward kernel left it.
 */
export function weightGradients(context: BackwardContext<RecurrentAttrs>, gates: Tensor, cell: (typeof recurrentCells)[number]): void {
  const { run, inputs, outputs, attrs } = context;
  const { x, wIh, h0, lengths } = byName(attrs.names, inputs);
  const { into } = gradients(attrs.names, context);
  const y = outputs[0]!;
  const [B, T, I] = x!.shape as [number, number, number];
  const G = wIh!.shape[0]!;
  const buffers = { gates, x: x!, y, h0, lengths, dwIh: into("wIh"), dwHh: into("wHh"), dbIh: into("bIh"), dbHh: into("bHh") };
  const sizes = { B, T, I, H: y.shape[2]!, G, width: gates.shape[2]! };
  const reverse = Number(attrs.reverse);
  run("recurrentGradient", { ...buffers, ...sizes, reverse, cell: recurrentCells.indexOf(cell), begin: 0, end: G });
}

/** Shows the probe dh [T, B, H]. */
export function recordSteps(probe: GradientProbe | undefined, dh: Tensor | undefined): void {
  if (probe && dh) for (let t = 0; t < dh.shape[0]!; t++) probe.record(t, select(dh, 0, t));
}

/** The inputs that are there, and their names. */
export function present(inputs: Named): { names: string[]; tensors: Tensor[] } {
  const names = Object.keys(inputs).filter((name) => inputs[name]);
  return { names, tensors: names.map((name) => inputs[name]!) };
}

/** Throws unless each input has the shape that is wanted of it. */
export function checkShapes(op: string, inputs: Named, wanted: Readonly<Record<string, Shape>>): void {
  for (const [name, x] of Object.entries(inputs)) {
    if (x && wanted[name] && !sameShape(x.shape, wanted[name])) {
      throw new SeqgradError(
        "shape",
        `${op}: ${name} has shape ${formatShape(x.shape)}; expected ${formatShape(wanted[name])} beside x ${formatShape(inputs.x!.shape)}.`,
      );
    }
  }
  if (inputs.lengths && inputs.lengths.dtype !== "int32")
    throw new SeqgradError("dtype", `${op}: lengths are ${inputs.lengths.dtype}; expected int32.`);
}

/** Names of the options that the cells have in common. */
export const recurrentNames = { bIh: 1, bHh: 1, h0: 1, lengths: 1, reverse: 1, probe: 1 } as const;

/** Throws unless the tensors of a call are tensors and its options are those of the operation. */
export function checkCall(op: string, x: Tensor, wIh: Tensor, wHh: Tensor, options: object, known: readonly string[]): void {
  checkOptions(op, options, known);
  checkTensors(op, [x, wIh, wHh], ["x", "wIh", "wHh"]);
  const { reverse = false, probe, resetAfter, nonlinearity, ...tensors } = options as Record<string, unknown>;
  checkBoolean(op, "reverse", reverse as boolean);
  if (probe !== undefined && !(probe instanceof GradientProbe))
    throw new SeqgradError("value", `${op}: the probe is ${shown(probe)}; give a GradientProbe.`);
  for (const [name, value] of Object.entries(tensors)) if (value !== undefined) checkTensor(op, value as Tensor, name);
  for (const [name, w] of Object.entries({ wIh, wHh }))
    if (w.rank !== 2) throw new SeqgradError("shape", `${op}: ${name} has shape ${formatShape(w.shape)}; expected two dimensions.`);
}

/** B, T and I of x [B, T, I]. */
export function sequenceSize(op: string, x: Tensor): { B: number; T: number; I: number } {
  checkTensor(op, x, "x");
  const [B, T, I] = x.shape;
  if (x.rank !== 3) throw new SeqgradError("shape", `${op}: x has shape ${formatShape(x.shape)}; expected [B, T, I], batch first.`);
  if (B === 0 || T === 0) throw new SeqgradError("shape", `${op}: x ${formatShape(x.shape)} holds no step; B and T must be at least 1.`);
  if (x.dtype !== "float32")
    throw new SeqgradError("dtype", `${op}: x is ${x.dtype}; expected float32. Look tokens up with embedding() first.`);
  return { B: B!, T: T!, I: I! };
}

/** Checks that the kernels make themselves, if the tensor can be read at once. */
export function checkLengths(op: string, lengths: Tensor, low: number, high: number): void {
  const values = lengths.backend.readSync ? lengths.dataSync() : [];
  const bad = values.findIndex((n) => n < low || n > high);
  if (bad >= 0) throw outOfRange(op, `lengths[${bad}]`, values[bad], low, high);
}

/** The composition of a whole sequence from one step: state -> state, of which the first is h. */
export function unroll(
  op: string,
  x: Tensor,
  initial: readonly Tensor[],
  { lengths, reverse, probe }: { lengths: Tensor | undefined; reverse: boolean; probe: GradientProbe | undefined },
  step: (x: Tensor, state: readonly Tensor[]) => readonly Tensor[],
): Tensor[] {
  const T = x.shape[1]!;
  if (lengths) checkLengths(op, lengths, 1, T);
  const outputs = new Array<Tensor>(T);
  let state = initial;
  for (let s = 0; s < T; s++) {
    const t = reverse ? T - 1 - s : s;
    const [h, ...rest] = step(select(x, 1, t), state) as [Tensor, ...Tensor[]];
    const next = [probe ? observe(h, (dh) => probe.record(t, dh)) : h, ...rest];
    if (lengths) {
      const valid = unsqueeze(less(t, lengths), 1);
      state = next.map((h, i) => where(valid, h, state[i]!));
      outputs[t] = where(valid, next[0]!, 0);
    } else {
      state = next;
      outputs[t] = next[0]!;
    }
  }
  return [stack(outputs, 1), ...state];
}

/** x itself; `see` is shown its gradient. */
const observe = (x: Tensor, see: (dx: Tensor) => void): Tensor =>
  viewOp("observe", x, x.shape, x.strides, x.offset, (dx) => {
    see(dx);
    return dx;
  });

/** W_ih x + b_ih and W_hh h + b_hh, apart. */
export const projections = (x: Tensor, h: Tensor, { wIh, wHh, bIh, bHh }: Named): [Tensor, Tensor] => [
  linear(x, wIh!, bIh),
  linear(h, wHh!, bHh),
];

export const projectionSum = (x: Tensor, h: Tensor, named: Named): Tensor => {
  const [input, recurrent] = projections(x, h, named);
  return add(input, recurrent);
};
