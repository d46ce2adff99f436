import { isRecording, Node } from "../autograd/tape.js";
import type { DType } from "../backend/backend.js";
import { type Buffer, type KernelCall, type KernelName, type KernelRow, kernels } from "../backend/kernels.js";
import { neededKernels } from "../backend/needed.js";
import { scope } from "../tensor/scope.js";
import { currentFrame } from "../tensor/storage.js";
import { checkTensor, copyStrided, empty, type Tensor } from "../tensor/tensor.js";
import { SeqgradError } from "../util/errors.js";
import type { Shape } from "../util/shape.js";

/** Runs a kernel; tensors that stand for buffers must be contiguous unless dims give their strides. */
export type Run = <K extends KernelName>(kernel: K, call: KernelCall<K, Buffer>) => void;

export interface BackwardContext<A> {
  readonly run: Run;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** dLoss/doutput, contiguous; undefined is zero. */
  readonly dOutputs: readonly (Tensor | undefined)[];
  readonly attrs: A;
  /** True if input i needs a gradient. */
  needs(i: number): boolean;
  /** The gradient of input i so far, to be added into; return undefined for it then. */
  accumulator(i: number): Tensor;
  /** Uninitialized memory like input i, if it needs a gradient. */
  gradientLike(i: number): Tensor | undefined;
}

/**
 * How a sample's input is drawn: a shape (standard normal), values from an interval, which get no gradient when `constant`, or int32 from
 * `least` (0) to below a bound.
 */
export type SampleInput =
  | Shape
  | { readonly shape: Shape; readonly from: number; readonly to: number; readonly constant?: true }
  | { readonly shape: Shape; readonly below: number; readonly least?: number };

export interface Sample<A> {
  readonly inputs: readonly SampleInput[];
  readonly attrs?: A;
}

export interface OpDefinition<A> {
  readonly name: string;
  /** Shapes of the outputs. Throws a SeqgradError when the inputs do not fit: nothing has happened then. */
  shape(inputs: readonly Tensor[], attrs: A): readonly Shape[];
  /** Types of the outputs, float32 unless said. */
  dtypes?(inputs: readonly Tensor[]): readonly DType[];
  /** The same in primitives: the oracle, and what runs where a kernel of `kernels` is missing. */
  compose?(inputs: readonly Tensor[], attrs: A): readonly Tensor[];
  readonly kernels?: readonly KernelName[];
  /** True if forward reads inputs by their strides; else they are made contiguous for it. */
  readonly strided?: boolean;
  forward(run: Run, inputs: readonly Tensor[], outputs: readonly Tensor[], attrs: A): void;
  /** dLoss/dinputs. Absent: the operation has no gradient. */
  backward?(context: BackwardContext<A>): readonly (Tensor | undefined)[];
  readonly samples: readonly Sample<A>[];
}

/** Every operation, for the harnesses that go through all samples. */
export const operations = new Map<string, OpDefinition<never>>();

/** Makes an operation from its one-page definition: checks, memory, kernels, recording. */
/* @__NO_SIDE_EFFECTS__ */
export function defineOp<A>(definition: OpDefinition<A>): (inputs: readonly Tensor[], attrs: A) => readonly Tensor[] {
  operations.set(definition.name, definition as unknown as OpDefinition<never>);
  for (const kernel of definition.kernels ?? []) neededKernels.add(kernel);
  return (inputs, attrs) => apply(definition, inputs, attrs);
}

/** Runs an operation: what the function does that defineOp makes of it. */
export function apply<A>(op: OpDefinition<A>, given: readonly Tensor[], attrs: A): readonly Tensor[] {
  checkTensors(op.name, given);
  const backend = given[0]!.backend;
  const shapes = op.shape(given, attrs);
  if (op.compose && op.kernels?.some((kernel) => !backend.has(kernel))) return op.compose(given, attrs);
  const run = runner(op.name, given[0]!);
  const read = () => (op.strided ? given : given.map(contiguous));
  const dtypes = op.dtypes?.(given);
  const outputs: Tensor[] = [];
  try {
    for (const [i, shape] of shapes.entries()) outputs.push(empty(backend, shape, dtypes?.[i]));
    if (op.backward && isRecording(given)) {
      // What forward read, backward reads again.
      const inputs = read();
      temporarily(() => op.forward(run, inputs, outputs, attrs));
      record(op, given, inputs, outputs, attrs, run);
    } else temporarily(() => op.forward(run, read(), outputs, attrs));
  } catch (error) {
    for (const y of outputs) y.dispose();
    throw error;
  }
  return outputs;
}

/** In a scope if none is open: what `fn` makes on its way is freed. */
const temporarily = (fn: () => void): void => (currentFrame() ? fn() : scope(fn));

function record<A>(
  op: OpDefinition<A>,
  given: readonly Tensor[],
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  attrs: A,
  run: Run,
): void {
  const backward = op.backward!;
  new Node(op.name, given, outputs, (dOutputs, sink) =>
    backward.call(op, {
      run,
      inputs,
      outputs,
      attrs,
      dOutputs: dOutputs.map((dy) => dy && contiguous(dy)),
      needs: sink.needs,
      accumulator: sink.accumulator,
      gradientLike: (i) => (sink.needs(i) ? empty(inputs[i]!.backend, inputs[i]!.shape) : undefined),
    }),
  );
}

/** A view as an operation: no memory, no kernel. `backward` maps the gradient of the view to that of x. */
export function viewOp(
  name: string,
  x: Tensor,
  shape: Shape,
  strides: readonly number[],
  offset: number,
  backward: (dy: Tensor) => Tensor,
): Tensor {
  checkTensors(name, [x]);
  const y = x.view(shape, strides, offset);
  if (isRecording([x])) new Node(name, [x], [y], ([dy]) => [backward(dy!)]);
  return y;
}

/**
 * x itself when its layout is contiguous, else a copy; not recorded.
 * @example
 * sg.contiguous(sg.transpose(sg.zeros([2, 3]))).isContiguous; // = true
 */
export function contiguous(x: Tensor): Tensor {
  if (checkTensor("contiguous", x, "x").isContiguous) return x;
  const y = empty(x.backend, x.shape, x.dtype);
  copyStrided(x, y.address, y.strides);
  return y;
}

/** Numbers of the host as a tensor beside another; not recorded. */
export function constant(like: Tensor, data: Float32Array | Int32Array, shape: Shape): Tensor {
  const x = empty(like.backend, shape, data instanceof Int32Array ? "int32" : "float32");
  x.write(data);
  return x;
}

/** Throws unless all are tensors of one device. */
export function checkTensors(op: string, tensors: readonly Tensor[], names: readonly string[] = []): void {
  for (const [i, x] of tensors.entries()) {
    const name = names[i] ?? `argument ${i}`;
    checkTensor(op, x, name);
    if (x.backend !== tensors[0]!.backend) {
      throw new SeqgradError(
        "device",
        `${op}: ${name} is on another device (${x.backend.type}) than ${names[0] ?? "argument 0"} (${tensors[0]!.backend.type}); move one: await to(device) of the tensor, model or optimizer.`,
      );
    }
  }
}

function runner(op: string, like: Tensor): Run {
  const { backend } = like;
  return (kernel, call) => {
    const bad = backend.dispatch(kernel, call);
    if (bad >= 0) throw badIndex(op, kernel, call, bad);
  };
}

function badIndex(op: string, kernel: KernelName, call: object, position: number): SeqgradError {
  const name = (kernels[kernel] as KernelRow).checks!;
  const given = call as Readonly<Record<string, unknown>>;
  const index = given[name] as Tensor;
  const value = index.backend.readSync?.(index.address + position * 4, 1, "int32")[0];
  // Lengths are 1 to T steps of a recurrence, 0 to S keys of attention.
  const { T, S, n, cols } = given as Readonly<Record<string, number>>;
  const steps = S === undefined ? [1, T!] : [0, S];
  const [low, high] = (name === "lengths" ? steps : [0, (n ?? cols)! - 1]) as [number, number];
  return outOfRange(op, `${name}[${position}]`, value, low, high);
}

/** An integer in a tensor is not one of `low` to `high`. */
export function outOfRange(op: string, what: string, value: number | undefined, low: number, high: number): SeqgradError {
  const advice = low === 0 ? "Mend the data, or make that dimension larger." : "Mend the data.";
  return new SeqgradError("range", `${op}: ${what} is ${value ?? "out of range"}; expected a number from ${low} to ${high}. ${advice}`);
}
