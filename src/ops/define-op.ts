import { isRecording, TapeNode } from "../autograd/tape.js";
import type { Backend, DType } from "../backend/backend.js";
import {
  addressOf,
  type KernelBuffer,
  type KernelCall,
  type KernelName,
  type KernelRow,
  kernels,
  type NamedCall,
} from "../backend/kernels.js";
import { neededKernels } from "../backend/needed.js";
import { checkTensor, copyStrided, InternalTensor, internal } from "../tensor/internal.js";
import { empty } from "../tensor/memory.js";
import { scope } from "../tensor/scope.js";
import { currentFrame } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkArray, checkFunction, checkObject, checkText, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { checkOptions, namesOf as namesOfOptions } from "../util/options.js";
import type { Shape } from "../util/shape.js";

/**
 * Runs a kernel; tensors that stand for buffers must be contiguous unless dims give their strides. Spreads come last in a call's arguments:
 * V8 takes microseconds for a literal that begins with one, and nanoseconds for one that ends with it.
 */
export type Run = <K extends KernelName>(kernel: K, call: KernelCall<K, KernelBuffer>) => void;

/** Tensors by name: all names of `I`, and names of `O` that may be missing. */
export type Inputs<I extends string, O extends string = never> = { readonly [K in I]: Tensor } & {
  readonly [K in O]?: Tensor | undefined;
};

/** The same as kernels take them. */
export type Handles<I extends string, O extends string = never> = { readonly [K in I]: InternalTensor } & {
  readonly [K in O]?: InternalTensor | undefined;
};

/** Inputs of any name; those left out are undefined. */
export type Named = Readonly<Record<string, Tensor | undefined>>;

/** Shapes of outputs by name, in the order of the outputs; undefined for one that this call does not have. */
export type Shapes = Readonly<Record<string, Shape | undefined>>;

type Outputs<S> = { readonly [K in keyof S]: undefined extends S[K] ? InternalTensor | undefined : InternalTensor };

/** The outputs that a caller sees: all but those in `V`, which are saved for backward. */
type Results<S, V> = { readonly [K in Exclude<keyof S, V>]: Tensor };

/** The function that an operation is; one whose page names no type of attributes takes none. */
type Op<I extends string, O extends string, R, A> = unknown extends A ? (inputs: Inputs<I, O>) => R : (inputs: Inputs<I, O>, attrs: A) => R;

/** Something about `K`; there for certain when `K` is the only name of `All`. */
type Certain<All, K> = InternalTensor | ([Exclude<All, K>] extends [never] ? never : undefined);

export interface BackwardContext<I extends string, O extends string, S extends Shapes, V extends string, A> {
  readonly run: Run;
  readonly inputs: Handles<I, O>;
  readonly outputs: Outputs<S>;
  /** dLoss/doutput by the output's name, contiguous; undefined is zero. */
  readonly dOutputs: { readonly [K in Exclude<keyof S, V>]: Certain<Exclude<keyof S, V>, K> };
  readonly attrs: A;
  /** True if an input is there and needs a gradient. */
  needs(name: I | O): boolean;
  /** The gradient so far of an input that needs one, to be added into; return none for that input. */
  accumulator<K extends I | O>(name: K): Certain<I | O, K>;
  /** Uninitialized memory like an input that needs a gradient. */
  gradientLike<K extends I | O>(name: K): Certain<I | O, K>;
}

/**
 * How a sample's input is drawn: a shape (standard normal), values from an interval, which get no gradient when `constant`, or int32 from
 * `least` (0) to below a bound.
 */
export type SampleInput =
  | Shape
  | { readonly shape: Shape; readonly from: number; readonly to: number; readonly constant?: true }
  | { readonly shape: Shape; readonly below: number; readonly least?: number };

/** Inputs of an operation, and its attributes. */
export interface Sample<X = Inputs<string>, A = unknown> {
  readonly inputs: { readonly [K in keyof X]: SampleInput };
  readonly attrs?: A;
}

/** An operation on one page. The types of its callbacks follow from `inputs`, `optional`, `saves` and the shapes that `shape` returns. */
export interface OpDefinition<I extends string, O extends string, S extends Shapes, V extends string, A> {
  readonly name: string;
  /** Names of the inputs. Absent: the operation takes any number of them, under any names. */
  readonly inputs?: readonly I[];
  /** Names of inputs that may be left out. */
  readonly optional?: readonly O[];
  /** Names of the outputs that only backward reads. */
  readonly saves?: readonly V[];
  /** Shapes of the outputs. Throws a SeqgradError when the inputs do not fit: nothing has happened then. */
  shape(inputs: Inputs<I, O>, attrs: A): S;
  /** Types of the outputs, float32 where absent. */
  dtypes?(inputs: Inputs<I, O>): { readonly [K in keyof S]?: DType };
  /** The same in primitives: the oracle, and what runs where a kernel of `kernels` is missing. */
  compose?(inputs: Inputs<I, O>, attrs: A): Results<S, V>;
  readonly kernels?: readonly KernelName[];
  /** True if forward reads inputs by their strides; else they are made contiguous for it. */
  readonly strided?: boolean;
  forward(run: Run, inputs: Handles<I, O>, outputs: Outputs<S>, attrs: A): void;
  /** dLoss/dinput by the input's name. Absent: the operation has no gradient. */
  backward?(context: BackwardContext<I, O, S, V, A>): { readonly [K in I | O]?: Tensor | undefined };
}

/** An operation of any names, as the harnesses and the engine see it. */
export type Operation = OpDefinition<string, string, Shapes, string, unknown>;

const definitionNames = /* @__PURE__ */ namesOfOptions<Operation>({
  ...{ name: 1, inputs: 1, optional: 1, saves: 1, shape: 1, dtypes: 1, compose: 1, kernels: 1, strided: 1, forward: 1, backward: 1 },
});

/** The definition of every operation, by the function that it is, for the harnesses. */
export const operations = new Map<unknown, Operation>();

/**
 * Makes an operation of kernels from its one-page definition, as all operations here are made: it checks, takes memory, calls kernels and
 * records. For those who know the engine; customOp() needs none of it.
 *
 * Define an operation before init(), which loads the kernels that operations name in `kernels`. Where a device lacks one of them, `compose`
 * runs instead.
 *
 * @param definition see OpDefinition; the kernels, with their buffers and dimensions, are rows of `src/backend/contract/`
 * @returns the function of inputs by name, and of attributes if its callbacks take any; it returns the outputs by name
 * @throws SeqgradError `value` for a definition without a name, `shape` or `forward`
 * @example
 * const softmaxRows = sg.defineOp({
 *   name: "softmaxRows",
 *   inputs: ["x"],
 *   kernels: ["softmaxForward", "softmaxBackward"],
 *   shape: ({ x }) => ({ y: x.shape }),
 *   forward: (run, { x }, { y }) => run("softmaxForward", { x, y, rows: 1, cols: x.size }),
 *   backward({ run, outputs: { y }, dOutputs: { y: dy }, gradientLike }) {
 *     const dx = gradientLike("x");
 *     run("softmaxBackward", { y, dy, dx, rows: 1, cols: y.size });
 *     return { x: dx };
 *   },
 * });
 * softmaxRows({ x: sg.tensor([0, Math.log(3)]) }).y; // = [0.25, 0.75]
 */
/* @__NO_SIDE_EFFECTS__ */
export function defineOp<
  const I extends string,
  S extends Shapes,
  A,
  const O extends string = never,
  const V extends keyof S & string = never,
>(definition: OpDefinition<I, O, S, V, A>): Op<I, O, Results<S, V>, A> {
  checkObject("defineOp", "the definition", definition, "{ name, inputs, shape, forward }");
  checkOptions("defineOp", definition, definitionNames);
  checkText("defineOp", definition.name, "name");
  for (const field of ["inputs", "optional", "saves", "kernels"] as const)
    for (const name of checkArray("defineOp", field, definition[field] ?? [], "an array of names"))
      checkText("defineOp", name, `a name of ${field}`);
  checkFunction("defineOp", "shape", definition.shape);
  checkFunction("defineOp", "forward", definition.forward);
  const op = definition as unknown as Operation;
  for (const kernel of op.kernels ?? []) neededKernels.add(kernel);
  const call = (inputs: Inputs<I, O>, attrs?: A) => apply(op, inputs, attrs) as Results<S, V>;
  operations.set(call, op);
  return call;
}

const samples = new Map<Operation, () => readonly Sample[]>();

/**
 * Gives the samples of an operation: the inputs on which every harness tries it. The annotation is for bundlers: a package has no harness,
 * so they drop the call.
 */
/* @__NO_SIDE_EFFECTS__ */
export function addSamples<X, A>(call: (inputs: X, attrs: A) => unknown, made: () => readonly Sample<NoInfer<X>, NoInfer<A>>[]): void {
  const op = operations.get(call);
  if (op) samples.set(op, made);
}

/** The samples of an operation. */
export function samplesOf(op: Operation): readonly Sample[] {
  const made = samples.get(op)?.() ?? [];
  if (made.length === 0) throw new Error(`the operation ${op.name} has no samples; add them with addSamples() below its definition.`);
  return made;
}

/** Runs an operation: what the function does that defineOp makes of it. */
export function apply(op: Operation, named: Named, attrs: unknown): Inputs<string> {
  const names = namesOf(op, named);
  const tensors: readonly unknown[] = names.map((name) => named[name]);
  checkTensors(op.name, tensors, names);
  const inputs = named as Handles<string>;
  const { backend } = nth(tensors, 0);
  const shapes = op.shape(inputs, attrs);
  if (op.compose && op.kernels?.some((kernel) => !backend.has(kernel))) return op.compose(inputs, attrs);
  const run = runner(op.name, backend);
  const read = () => (op.strided || tensors.every((x) => x.isContiguous) ? inputs : contiguousInputs(names, tensors));
  const dtypes = op.dtypes?.(inputs);
  const outputs: Record<string, InternalTensor> = {};
  try {
    for (const name in shapes) {
      const shape = shapes[name];
      if (shape) outputs[name] = empty(backend, shape, dtypes?.[name]);
    }
    if (op.backward && isRecording(tensors)) {
      // What forward read, backward reads again.
      const kept = read();
      temporarily(() => op.forward(run, kept, outputs, attrs));
      record(op, { names, tensors, inputs: kept, outputs, attrs, run });
    } else temporarily(() => op.forward(run, read(), outputs, attrs));
  } catch (error) {
    for (const y of Object.values(outputs)) y.dispose();
    throw error;
  }
  return outputs;
}

/** Names of the inputs that must be there, and of those others that are. */
function namesOf({ inputs, optional }: Operation, named: Named): readonly string[] {
  const required = inputs ?? Object.keys(named);
  const more = optional?.filter((name) => named[name] !== undefined) ?? [];
  return more.length > 0 ? [...required, ...more] : required;
}

const contiguousInputs = (names: readonly string[], tensors: readonly InternalTensor[]): Handles<string> =>
  Object.fromEntries(names.map((name, i) => [name, contiguous(nth(tensors, i))]));

/** In a scope if none is open: what `fn` makes on its way is freed. */
const temporarily = (fn: () => void): void => (currentFrame() ? fn() : scope(fn));

/** A call whose gradient is needed. */
interface Recorded extends Pick<BackwardContext<string, never, Shapes, never, unknown>, "run" | "inputs" | "attrs"> {
  /** Of the inputs that are there. */
  readonly names: readonly string[];
  readonly tensors: readonly InternalTensor[];
  readonly outputs: Handles<string>;
}

function record(op: Operation, { names, tensors, inputs, outputs, attrs, run }: Recorded): void {
  const produced = Object.keys(outputs);
  new TapeNode(op.name, tensors, Object.values(outputs), (gradients, sink) => {
    const dOutputs: Record<string, InternalTensor> = {};
    for (const [i, dy] of gradients.entries()) if (dy) dOutputs[nth(produced, i)] = contiguous(dy);
    /** The position of an input that needs a gradient, or -1. */
    const place = (name: string) => {
      const i = names.indexOf(name);
      return i >= 0 && sink.needs(i) ? i : -1;
    };
    const ifNeeded = (make: (i: number) => InternalTensor) => (name: string) => {
      const i = place(name);
      return (i < 0 ? undefined : make(i)) as InternalTensor;
    };
    const results = op.backward!({
      run,
      inputs,
      outputs,
      attrs,
      dOutputs,
      needs: (name) => place(name) >= 0,
      accumulator: ifNeeded(sink.accumulator),
      gradientLike: ifNeeded((i) => empty(nth(tensors, i).backend, nth(tensors, i).shape)),
    });
    return names.map((name) => results[name]);
  });
}

/** A view as an operation: no memory, no kernel. `backward` maps the view's gradient to the gradient of x; `skip` elements of x come first. */
export function viewOp(
  name: string,
  x: InternalTensor,
  shape: Shape,
  strides: readonly number[],
  backward: (dy: InternalTensor) => Tensor,
  skip = 0,
): InternalTensor {
  const y = x.view(shape, strides, x.offset + skip);
  if (isRecording([x])) new TapeNode(name, [x], [y], ([dy]) => [dy && backward(dy)]);
  return y;
}

/** x itself; `see` is shown its gradient, in backward(). */
export const gradientSeen = (x: Tensor, see: (dx: Tensor) => void): Tensor =>
  viewOp("gradientSeen", internal(x), x.shape, internal(x).strides, (dx) => {
    see(dx);
    return dx;
  });

/**
 * Returns x itself if its layout is contiguous, else a copy; not recorded.
 *
 * @param x of any shape and dtype
 * @returns the same elements side by side in row-major order
 * @example
 * sg.contiguous(sg.transpose(sg.zeros([2, 3]))).isContiguous; // = true
 */
export function contiguous(x: Tensor): InternalTensor {
  const from = checkTensor("contiguous", x, "x");
  if (from.isContiguous) return from;
  const y = empty(x.backend, x.shape, x.dtype);
  copyStrided(from, y.address, y.strides);
  return y;
}

/** Numbers of the host as a tensor on the device of another; not recorded. */
export function constant(like: Tensor, data: Float32Array | Int32Array, shape: Shape): InternalTensor {
  const x = empty(like.backend, shape, data instanceof Int32Array ? "int32" : "float32");
  x.write(data);
  return x;
}

/** Throws unless all are tensors of one device. */
export function checkTensors(
  op: string,
  tensors: readonly unknown[],
  names: readonly string[] = [],
): asserts tensors is readonly InternalTensor[] {
  let first: InternalTensor | undefined;
  for (const [i, value] of tensors.entries()) {
    const name = names[i] ?? `argument ${i}`;
    const x = checkTensor(op, value, name);
    first ??= x;
    if (x.backend !== first.backend) {
      throw new SeqgradError(
        "device",
        `${op}: ${name} is on another device (${x.backend.type}) than ${names[0] ?? "argument 0"} (${first.backend.type}); move one: await to(device) of the tensor, model or optimizer.`,
      );
    }
  }
}

function runner(op: string, backend: Backend): Run {
  return (kernel, call) => {
    const bad = backend.dispatch(kernel, call);
    if (bad >= 0) throw badIndex(op, kernel, call, bad);
  };
}

function badIndex(op: string, kernel: KernelName, call: NamedCall, position: number): SeqgradError {
  const { checks: name = "" }: KernelRow = kernels[kernel];
  const { [name]: index, T, S, n, cols } = call;
  const backend = index instanceof InternalTensor ? index.backend : undefined;
  const value = !backend || backend.async ? undefined : backend.readSync(addressOf(index ?? 0) + position * 4, 1, "int32")[0];
  // Lengths are 1 to T steps of a recurrence, 0 to S keys of attention.
  const steps = S === undefined ? [1, Number(T)] : [0, Number(S)];
  const [low = 0, high = 0] = name === "lengths" ? steps : [0, Number(n ?? cols) - 1];
  return outOfRange(op, `${name}[${position}]`, value, low, high);
}

/** An integer in a tensor is not one of `low` to `high`. */
export function outOfRange(op: string, what: string, value: number | undefined, low: number, high: number): SeqgradError {
  const advice = low === 0 ? "Mend the data, or make that dimension larger." : "Mend the data.";
  return new SeqgradError(
    "range",
    `${op}: ${what} is ${value === undefined ? "out of range" : shown(value)}; expected a number from ${low} to ${high}. ${advice}`,
  );
}
