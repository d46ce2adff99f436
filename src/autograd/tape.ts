import { binaryOps } from "../backend/kernels.js";
import { checkTensor, copyStrided, type GradientNode, type InternalTensor, internal } from "../tensor/internal.js";
import { binaryCall, planStrided, ROW } from "../tensor/layout.js";
import { empty, emptyBeside, fill } from "../tensor/memory.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkFunction } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { refusePromise } from "../util/promise.js";
import { stridesOf } from "../util/shape.js";

const ADD = binaryOps.indexOf("add");

let enabled = true;
let nextId = 0;

/**
 * Runs a function without recording, so that no gradient flows through its results.
 *
 * @param fn a synchronous function; it may return the promise of a tensor's data()
 * @returns the result of `fn`
 * @throws SeqgradError `value` if it returns another promise: computations after an await would be recorded
 * @example
 * const w = sg.parameter([3], sg.nn.init.ones);
 * sg.noGrad(() => sg.sum(w)).tracksGradient; // = false
 */
export function noGrad<T>(fn: () => T): T {
  checkFunction("noGrad", "its argument", fn);
  const before = enabled;
  enabled = false;
  try {
    const advice = "Compute in a synchronous function, return tensors, and await their data() after it.";
    return refusePromise("noGrad", fn(), advice);
  } finally {
    enabled = before;
  }
}

/** True if an operation on these tensors is to be recorded. */
export function isRecording(inputs: readonly Tensor[]): boolean {
  return enabled && inputs.some((x) => x.tracksGradient);
}

/** True if a gradient from `root` comes to one of the leaves. It looks no further than the first one that it finds. */
export function reaches(root: Tensor, leaves: ReadonlySet<Tensor>): boolean {
  const seen = new Set<unknown>();
  const stack: InternalTensor[] = [internal(root)];
  for (let x = stack.pop(); x; x = stack.pop()) {
    if (leaves.has(x) && x.requiresGrad) return true;
    if (!(x.node instanceof TapeNode) || seen.has(x.node)) continue;
    seen.add(x.node);
    // A graph that was freed is for backward() to refuse.
    if (!x.node.inputs) return true;
    for (const input of x.node.inputs) stack.push(input);
  }
  return false;
}

/** Questions that a gradient function may ask of the walk. */
export interface GradientSink {
  /** True if input i needs a gradient. */
  needs(i: number): boolean;
  /** The gradient of input i so far, zeros at first, to be added into. */
  accumulator(i: number): InternalTensor;
}

/**
 * dLoss/doutputs -> dLoss/dinputs. An undefined output gradient is zero; an undefined result means no gradient, or one that was
 * added into the accumulator.
 */
export type GradientFunction = (dOutputs: readonly (InternalTensor | undefined)[], sink: GradientSink) => readonly (Tensor | undefined)[];

/** The gradient of one output as far as the walk has come; `own` when nothing else refers to it, so that it may be added into. */
interface Pending {
  gradient: InternalTensor;
  own: boolean;
}

/** One recorded operation. */
export class TapeNode implements GradientNode {
  readonly id = nextId++;
  readonly pending: (Pending | undefined)[];
  /** Outputs whose gradient the user asked to keep. */
  readonly retained: InternalTensor[] = [];
  /** Freed once the gradient has passed. */
  inputs: readonly InternalTensor[] | undefined;

  constructor(
    readonly name: string,
    inputs: readonly InternalTensor[],
    outputs: readonly InternalTensor[],
    private gradient: GradientFunction | undefined,
  ) {
    this.inputs = inputs;
    this.pending = new Array(outputs.length).fill(undefined);
    for (const [i, output] of outputs.entries()) {
      if (output.dtype !== "float32") continue;
      output.node = this;
      output.outputIndex = i;
    }
  }

  /** Walks the graph from `root` in the reverse order of its making, in a loop, so that a graph of any depth fits the stack. */
  backward(root: InternalTensor, gradient: InternalTensor | undefined): void {
    const nodes = this.#dependencies();
    try {
      // Gradients on the way are freed at its end; the gradients of leaves live as long as the leaves.
      scope(() =>
        noGrad(() => {
          this.pending[root.outputIndex] = { gradient: gradient ?? fill(empty(root.backend, root.shape), 1), own: false };
          for (const node of nodes) node.#visit();
        }),
      );
    } finally {
      for (const node of nodes) node.#free();
    }
  }

  /** This node and every node it depends on, youngest first. */
  #dependencies(): TapeNode[] {
    const seen = new Set<TapeNode>([this]);
    const stack: TapeNode[] = [this];
    for (let node = stack.pop(); node; node = stack.pop()) {
      if (!node.inputs) {
        throw new SeqgradError(
          "state",
          `backward: the graph through ${node.name} was freed by an earlier backward(); compute the loss again.`,
        );
      }
      for (const { node: parent } of node.inputs) {
        if (parent instanceof TapeNode && !seen.has(parent)) {
          seen.add(parent);
          stack.push(parent);
        }
      }
    }
    return [...seen].sort((a, b) => b.id - a.id);
  }

  #visit(): void {
    const { inputs, gradient } = this;
    if (!inputs || !gradient) return;
    for (const output of this.retained) {
      const kept = this.pending[internal(output).outputIndex];
      if (kept) addToLeaf(output, kept.gradient);
    }
    if (this.pending.some((slot) => slot !== undefined)) {
      const results = gradient(
        this.pending.map((slot) => slot?.gradient),
        { needs: (i) => nth(inputs, i).tracksGradient, accumulator: (i) => accumulatorOf(nth(inputs, i)) },
      );
      for (const [i, result] of results.entries()) if (result && nth(inputs, i).tracksGradient) deposit(nth(inputs, i), internal(result));
    }
  }

  #free(): void {
    this.inputs = undefined;
    this.gradient = undefined;
    this.pending.fill(undefined);
    this.retained.length = 0;
  }
}

function accumulatorOf(x: InternalTensor): InternalTensor {
  if (!(x.node instanceof TapeNode)) {
    x.grad ??= fill(emptyBeside(x, x.shape), 0);
    x.grad.isBlank = false;
    return x.grad;
  }
  const { pending } = x.node;
  const slot = pending[x.outputIndex];
  if (slot?.own) return slot.gradient;
  const gradient = slot ? copyInto(empty(x.backend, x.shape), slot.gradient) : fill(empty(x.backend, x.shape), 0);
  pending[x.outputIndex] = { gradient, own: true };
  return gradient;
}

function deposit(x: InternalTensor, gradient: InternalTensor): void {
  if (!(x.node instanceof TapeNode)) {
    addToLeaf(x, gradient);
    return;
  }
  const slot = x.node.pending[x.outputIndex];
  if (slot?.own) addTo(slot.gradient, slot.gradient, gradient);
  else {
    const sum = slot && addTo(empty(x.backend, x.shape), slot.gradient, gradient);
    x.node.pending[x.outputIndex] = { gradient: sum ?? gradient, own: sum !== undefined };
  }
}

function addToLeaf(x: InternalTensor, gradient: InternalTensor): void {
  if (x.grad) addTo(x.grad, x.grad, gradient);
  else x.grad = copyInto(emptyBeside(x, x.shape), gradient);
  x.grad.isBlank = false;
}

function copyInto(y: InternalTensor, x: InternalTensor): InternalTensor {
  copyStrided(x, y.address, y.strides);
  return y;
}

/** y = a + b, y contiguous. */
function addTo(y: InternalTensor, a: InternalTensor, b: InternalTensor): InternalTensor {
  if (y.size === 0) return y;
  const { dims, strides, blocks } = planStrided(y.shape, [stridesOf(y.shape), a.strides, b.strides]);
  const [, as = ROW, bs = ROW] = strides;
  for (const [to = 0, aFrom = 0, bFrom = 0] of blocks) {
    const operands = { a: a.address + aFrom * 4, b: b.address + bFrom * 4, y: y.address + to * 4 };
    y.backend.dispatch("binary", binaryCall(ADD, operands, dims, as, bs));
  }
  return y;
}

/**
 * Asks backward() to store dLoss/dx in `x.grad` although x is not a leaf.
 *
 * @param x a tensor of any shape
 * @returns x itself
 * @example
 * const h = sg.retainGrad(sg.exp(sg.zeros([2], { requiresGrad: true })));
 * sg.sum(sg.affine(h, 3)).backward();
 * h.grad; // = [3, 3]
 */
export function retainGrad(x: Tensor): Tensor {
  const at = checkTensor("retainGrad", x, "x");
  if (!(at.node instanceof TapeNode)) x.requiresGrad = true;
  else if (!at.node.retained.includes(at)) at.node.retained.push(at);
  return x;
}
