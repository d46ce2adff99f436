import { isRecording, noGrad, TapeNode } from "../autograd/tape.js";
import { checkTensor, type InternalTensor } from "../tensor/internal.js";
import { empty, fill } from "../tensor/memory.js";
import { scope } from "../tensor/scope.js";
import { currentFrame } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkFunction, checkObject, checkText } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkOptions, namesOf } from "../util/options.js";
import { sameShape } from "../util/shape.js";
import { checkTensors } from "./define-op.js";

/** The inputs of a function of one's own: at least one tensor. */
export type CustomInputs = readonly [Tensor, ...Tensor[]];

/** One call of a function of one's own. */
export interface CustomContext {
  /** Keeps tensors made in forward until backward, in place of those kept before. */
  save(...tensors: readonly Tensor[]): void;
  /** The tensors that forward kept. */
  readonly saved: readonly Tensor[];
  /** True if input i needs a gradient; the gradients of others are not read. */
  needs(i: number): boolean;
}

export interface CustomOpDefinition<I extends CustomInputs, O extends Tensor | readonly Tensor[]> {
  /** Its name in errors. Default "customOp". */
  name?: string;
  /** The result: a tensor, or an array of several. What it computes is not recorded. */
  forward(inputs: I, context: CustomContext): O;
  /**
   * The gradient of each input, in an array, or alone where there is one input; null or undefined for an input without a gradient. `dy` has the form of
   * forward's result: the gradient of each output, zeros for an output that the loss does not depend on.
   */
  backward(inputs: I, dy: O, context: CustomContext): Tensor | null | undefined | readonly (Tensor | null | undefined)[];
}

const names = namesOf<CustomOpDefinition<CustomInputs, Tensor>>({ name: 1, forward: 1, backward: 1 });

class Context implements CustomContext {
  saved: readonly InternalTensor[] = [];

  constructor(
    private readonly op: string,
    private readonly inputs: readonly Tensor[],
  ) {}

  save(...tensors: readonly Tensor[]): void {
    this.saved = tensors.map((x, i) => checkTensor(`${this.op}: save`, x, `tensor ${i}`));
  }

  needs(i: number): boolean {
    return this.inputs[i]?.tracksGradient ?? false;
  }
}

/**
 * A differentiable function of one's own: PyTorch's `autograd.Function`.
 *
 * Neither forward nor backward is recorded, so that both may do what has no gradient, and call operations of one's own. What they make on
 * the way is freed; what the context saves lives until backward. Settings that are not tensors come from the code around the definition.
 *
 * @param definition forward, backward and a name for errors: see CustomOpDefinition
 * @returns the function, of tensors, one after another
 * @throws SeqgradError `value` for a definition that is not one, and, by the function, for what is not a tensor and for a number of
 *   gradients that is not the number of inputs; `shape`, `dtype`, `device` for a gradient that does not fit its input
 * @example
 * const roundThrough = sg.customOp({ // rounds, with the gradient of the identity
 *   name: "roundThrough",
 *   forward: ([x]) => sg.round(x),
 *   backward: (_, dy) => dy,
 * });
 * const x = sg.tensor([0.4, 1.6], [2], { requiresGrad: true });
 * sg.sum(sg.mul(roundThrough(x), 3)).backward();
 * x.grad; // = [3, 3]
 */
export function customOp<I extends CustomInputs, O extends Tensor | readonly Tensor[]>(
  definition: CustomOpDefinition<I, O>,
): (...inputs: I) => O {
  checkObject("customOp", "the definition", definition, "{ forward, backward }");
  checkOptions("customOp", definition, names);
  const { name = "customOp", forward, backward } = definition;
  checkText("customOp", name, "name");
  checkFunction("customOp", "forward", forward, "a function of the inputs, an array of tensors");
  checkFunction("customOp", "backward", backward, "a function of the inputs and the gradient of the result");
  return (...inputs: I): O => {
    checkTensors(name, inputs);
    const [first]: readonly InternalTensor[] = inputs;
    if (!first) throw new SeqgradError("value", `${name}: got no input; give at least one tensor.`);
    const { backend } = first;
    const context = new Context(name, inputs);
    const recording = isRecording(inputs);
    const { outputs, own, isOne } = scope(() => noGrad(() => outcome(name, forward(inputs, context), context, inputs, recording)));
    // The form of the result is forward's.
    const formed = (list: readonly Tensor[]) => (isOne ? list[0] : list) as O;
    if (recording) {
      new TapeNode(name, inputs, outputs, (gradients) => {
        const dy = outputs.map((y, i) => gradients[i] ?? fill(empty(backend, y.shape), 0));
        try {
          return scope(() => checkGradients(name, backward(inputs, formed(dy), context), inputs, context));
        } finally {
          for (const x of own) x.dispose();
        }
      });
    }
    return formed(outputs);
  };
}

/** The outputs, each a tensor of its own, and the saved tensors that forward made besides; the scope of the call frees all else. */
function outcome(op: string, made: unknown, context: Context, inputs: readonly Tensor[], recording: boolean) {
  const list: readonly unknown[] = Array.isArray(made) ? made : [made];
  if (list.length === 0) throw new SeqgradError("value", `${op}: forward returned no tensor; return one, or an array of several.`);
  const here = currentFrame()?.tensors ?? [];
  const outputs: InternalTensor[] = [];
  for (const [i, value] of list.entries()) {
    const y = checkOutput(op, value, `output ${i} of forward`, inputs);
    // An input, or what is not of this call, stays as it is: a view of it is the output.
    const isNew = here.includes(y) && !y.kept && !y.requiresGrad && !outputs.includes(y);
    outputs.push(isNew ? y : y.detach());
  }
  const own = recording ? context.saved.filter((x) => here.includes(x) && !x.kept && !outputs.includes(x)) : [];
  return { outputs, own, isOne: !Array.isArray(made) };
}

function checkOutput(op: string, value: unknown, what: string, [first]: readonly Tensor[]): InternalTensor {
  if (value instanceof Promise) value.catch(() => {}); // its error would end the process before this one could
  const y = checkTensor(op, value, what);
  checkTensors(op, [first, y], ["input 0", what]);
  return y;
}

/** The gradients, one for each input, when they fit. */
function checkGradients(op: string, gradients: unknown, inputs: readonly Tensor[], context: CustomContext): (Tensor | undefined)[] {
  const list: readonly unknown[] = Array.isArray(gradients) ? gradients : [gradients];
  if (list.length !== inputs.length)
    throw new SeqgradError(
      "value",
      `${op}: backward returned ${list.length} gradients for ${inputs.length} inputs; return an array of one for each, with null where there is none.`,
    );
  return list.map((value, i) => {
    const x = inputs[i];
    if (value === null || value === undefined || !x || !context.needs(i)) return undefined;
    return checkGradient(op, value, x, `gradient ${i} of backward`);
  });
}

function checkGradient(op: string, value: unknown, x: Tensor, what: string): Tensor {
  const gradient = checkOutput(op, value, what, [x]);
  if (!sameShape(gradient.shape, x.shape))
    throw new SeqgradError(
      "shape",
      `${op}: ${what} has shape ${formatShape(gradient.shape)}; expected ${formatShape(x.shape)}, as the input. Sum over what was broadcast.`,
    );
  if (gradient.dtype !== "float32")
    throw new SeqgradError("dtype", `${op}: ${what} is ${gradient.dtype}; expected float32. Cast it with toFloat().`);
  return gradient;
}
