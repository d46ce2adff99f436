import { recurrentCells } from "../backend/kernels.js";
import { checkTensor, type InternalTensor } from "../tensor/internal.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkFunction } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkOptions } from "../util/options.js";
import { dimsOf, type Shape, sameShape } from "../util/shape.js";
import { add, less } from "./binary.js";
import { checkTensors, gradientSeen, type Handles, type Inputs, outOfRange, type Run, type Sample, type SampleInput } from "./define-op.js";
import { linear } from "./linear.js";
import { select, stack, unsqueeze } from "./views.js";
import { where } from "./where.js";

/** Is shown what a layer computes, for Module.capture(). Whoever looks reads a tensor in the call: its memory is used again after it. */
export interface Observer {
  /** A value by its name. */
  show(name: string, value: () => Tensor): void;
  /** The observer of one layer and direction of a layer: l0, l0_reverse, .. */
  at(place: string): Observer;
  /** After a recurrence's forward kernel: y [B, T, H], gates [T, B, ..], which begin with `count` gates, and cells [T, B, H]. */
  forward(outputs: { readonly y: InternalTensor; readonly gates?: InternalTensor; readonly cells?: InternalTensor }, count: number): void;
  /** After its backward kernel: dLoss/dh_t in full, [T, B, H]. */
  backward(dh: InternalTensor | undefined): void;
  /** Before a recurrence of T steps in primitives. */
  compose(T: number): StepsObserver;
}

/** Is shown a recurrence in primitives, step by step. */
export interface StepsObserver {
  /** The gates of step t, [B, H] each; `valid` [B, 1] is 0 for the rows that have ended. */
  gates(t: number, gates: Tensor[], valid: Tensor | undefined): void;
  /** Returns the state h of step t, whose gradient it will see. */
  hidden(t: number, h: Tensor): Tensor;
  /** After a step. */
  cells(t: number, c: Tensor | undefined): void;
  /** After the last step: each step's output. */
  end(outputs: readonly Tensor[]): void;
}

/** The common part of the three cells. */
export interface RecurrentAttrs {
  /** From the last valid step to the first. */
  readonly reverse: boolean;
  readonly observe: Observer | undefined;
}

export const cellInputs = ["x", "wIh", "wHh"] as const;
export const cellOptions = ["bIh", "bHh", "h0", "lengths"] as const;
export type CellInputs = Inputs<(typeof cellInputs)[number], (typeof cellOptions)[number]>;

/** A sample's inputs, those that every cell has and `more`: lengths from 1 to T, all else as small as in a network that can be trained. */
export function sampleInputs(
  shapes: Readonly<Record<(typeof cellInputs)[number], Shape>>,
  more: readonly string[],
): Sample<Inputs<(typeof cellInputs)[number]>>["inputs"] {
  const [, T] = dimsOf(shapes.x, 3);
  const all = new Map(Object.entries(shapes));
  const draw = (name: string): SampleInput => {
    const shape = all.get(name) ?? [];
    return name === "lengths" ? { shape, least: 1, below: T + 1 } : { shape, from: -0.5, to: 0.5 };
  };
  return { x: draw("x"), wIh: draw("wIh"), wHh: draw("wHh"), ...Object.fromEntries(more.map((name) => [name, draw(name)])) };
}

/** The part of a cell's context that `weightGradients` reads. */
interface CellContext {
  readonly run: Run;
  readonly inputs: Handles<(typeof cellInputs)[number], (typeof cellOptions)[number]>;
  readonly outputs: { readonly y: InternalTensor };
  readonly attrs: RecurrentAttrs;
  accumulator(name: "wIh" | "wHh" | "bIh" | "bHh"): InternalTensor | undefined;
}

/**
 * Adds what backpropagation through time leaves to the gradients of the weights and biases that need one. `gates` [T, B, width] is as
 * the cell's backward kernel left it.
 */
export function weightGradients(
  { run, inputs: { x, wIh, h0, lengths }, outputs: { y }, attrs, accumulator }: CellContext,
  gates: InternalTensor,
  cell: (typeof recurrentCells)[number],
): void {
  const [B, T, I] = dimsOf(x.shape, 3);
  const [, , H] = dimsOf(y.shape, 3);
  const [G] = dimsOf(wIh.shape, 2);
  const [, , width] = dimsOf(gates.shape, 3);
  const into = { dwIh: accumulator("wIh"), dwHh: accumulator("wHh"), dbIh: accumulator("bIh"), dbHh: accumulator("bHh") };
  const settings = { reverse: Number(attrs.reverse), cell: recurrentCells.indexOf(cell), begin: 0, end: G };
  run("recurrentGradient", { gates, x, y, h0, lengths, ...into, B, T, I, H, G, width, ...settings });
}

/** Throws unless each input has the expected shape. */
export function checkShapes(op: string, inputs: CellInputs, expected: Readonly<Record<string, Shape>>): void {
  for (const [name, x] of Object.entries(inputs)) {
    if (x && expected[name] && !sameShape(x.shape, expected[name])) {
      throw new SeqgradError(
        "shape",
        `${op}: ${name} has shape ${formatShape(x.shape)}; expected ${formatShape(expected[name])} for x ${formatShape(inputs.x.shape)}.`,
      );
    }
  }
  if (inputs.lengths && inputs.lengths.dtype !== "int32")
    throw new SeqgradError("dtype", `${op}: lengths are ${inputs.lengths.dtype}; expected int32.`);
}

/** Names of the options that the cells have in common. */
export const recurrentNames = { bIh: 1, bHh: 1, h0: 1, lengths: 1, reverse: 1, observe: 1 } as const;

/** The options that are not tensors. */
interface CellOptions {
  readonly reverse?: boolean | undefined;
  readonly observe?: Observer | undefined;
  readonly resetAfter?: boolean | undefined;
  readonly nonlinearity?: string | undefined;
}

/** Throws unless the tensors of a call are tensors and the operation knows its options. */
export function checkCall(op: string, x: Tensor, wIh: Tensor, wHh: Tensor, options: CellOptions, known: readonly string[]): void {
  checkOptions(op, options, known);
  checkTensors(op, [x, wIh, wHh], ["x", "wIh", "wHh"]);
  const { reverse = false, observe, resetAfter, nonlinearity, ...tensors } = options;
  checkBoolean(op, "reverse", reverse);
  if (observe !== undefined) checkFunction(op, "observe.show", observe?.show);
  for (const [name, value] of Object.entries(tensors)) if (value !== undefined) checkTensor(op, value, name);
  for (const [name, w] of Object.entries({ wIh, wHh }))
    if (w.rank !== 2) throw new SeqgradError("shape", `${op}: ${name} has shape ${formatShape(w.shape)}; expected two dimensions.`);
}

/** B, T and I of x [B, T, I]. */
export function sequenceSize(op: string, x: Tensor): { B: number; T: number; I: number } {
  checkTensor(op, x, "x");
  const [B, T, I] = dimsOf(x.shape, 3);
  if (x.rank !== 3) throw new SeqgradError("shape", `${op}: x has shape ${formatShape(x.shape)}; expected [B, T, D], batch first.`);
  if (B === 0 || T === 0) throw new SeqgradError("shape", `${op}: x ${formatShape(x.shape)} holds no step; B and T must be at least 1.`);
  if (x.dtype !== "float32")
    throw new SeqgradError("dtype", `${op}: x is ${x.dtype}; expected float32. Look tokens up with embedding() first.`);
  return { B, T, I };
}

/** Checks that the kernels make themselves, if the tensor can be read at once. */
export function checkLengths(op: string, lengths: Tensor, low: number, high: number): void {
  const values = lengths.backend.async ? [] : lengths.dataSync();
  const bad = values.findIndex((n) => n < low || n > high);
  if (bad >= 0) throw outOfRange(op, `lengths[${bad}]`, values[bad], low, high);
}

/** The composition of a whole sequence from one step: state -> state. The step shows its gates, each [B, H]. */
export function unroll<S extends Readonly<Record<string, Tensor>> & { readonly h: Tensor }>(
  op: string,
  x: Tensor,
  initial: S,
  { lengths, reverse, observe }: RecurrentAttrs & { lengths: Tensor | undefined },
  step: (x: Tensor, state: S, show: (...gates: Tensor[]) => void) => S,
): S & { readonly y: Tensor } {
  const [, T] = dimsOf(x.shape, 3);
  if (lengths) checkLengths(op, lengths, 1, T);
  const outputs = new Array<Tensor>(T);
  const watch = observe?.compose(T);
  let state = initial;
  for (let s = 0; s < T; s++) {
    const t = reverse ? T - 1 - s : s;
    const valid = lengths && unsqueeze(less(t, lengths), { axis: 1 });
    const made = step(select(x, t, { axis: 1 }), state, (...gates) => watch?.gates(t, gates, valid));
    const next = watch ? { ...made, h: watch.hidden(t, made.h) } : made;
    if (valid) {
      state = Object.fromEntries(Object.entries(next).map(([name, value]) => [name, where(valid, value, state[name]!)])) as S;
      outputs[t] = where(valid, next.h, 0);
    } else {
      state = next;
      outputs[t] = next.h;
    }
    watch?.cells(t, state.c);
  }
  watch?.end(outputs);
  // Tensors of their own, as a kernel's outputs are: their gradients are apart from the gradients of the steps, which y and the state share.
  const finals = Object.fromEntries(Object.entries(state).map(([name, x]) => [name, gradientSeen(x, () => {})])) as S;
  return { ...finals, y: stack(outputs, { axis: 1 }) };
}

/** W_ih x + b_ih and W_hh h + b_hh, apart. */
export const projections = (x: Tensor, h: Tensor, { wIh, wHh, bIh, bHh }: CellInputs): [Tensor, Tensor] => [
  linear(x, wIh, bIh),
  linear(h, wHh, bHh),
];

export const projectionSum = (x: Tensor, h: Tensor, { wIh, wHh, bIh, bHh }: CellInputs): Tensor =>
  add(linear(x, wIh, bIh), linear(h, wHh, bHh));
