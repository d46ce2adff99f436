import type { Backend, DType, TensorData } from "../backend/backend.js";
import { shown } from "../util/check.js";
import { messageOf, SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { nth } from "../util/nth.js";
import { promiseOfData } from "../util/promise.js";
import { type Shape, sameShape, stridesOf } from "../util/shape.js";
import { copyCall, planStrided, ROW } from "./layout.js";
import { checkNumbers, type Numbers } from "./numbers.js";
import { shownNumbers } from "./shown.js";
import { allocate, currentFrame, type Frame, release, type Tenant, type TensorStorage } from "./storage.js";
import { checkBackend, Tensor } from "./tensor.js";

/** Autograd's record on a tensor that an operation made. */
export interface GradientNode {
  backward(root: InternalTensor, gradient: InternalTensor | undefined): void;
}

/** The part of a tensor in the model that owns it. */
export type Role = "parameter" | "buffer";

/**
 * A tensor as the library handles it: a window (shape, strides, offset) on memory that views share, a place in the graph, and one in the
 * scopes. Every tensor is one; internal() gives it.
 */
export class InternalTensor extends Tensor implements Tenant {
  /** Its part in a model: what training changes, or what is only saved and moved with it. See parameter() and buffer(). */
  role: Role | undefined;
  #grad: InternalTensor | undefined;
  /** On a gradient: true while it holds only zeros and nothing was added. An optimizer treats it as a missing gradient. */
  isBlank = false;
  /** The operation that made it, while a gradient can still flow through. */
  node: GradientNode | undefined;
  /** The index of this output of `node`. */
  outputIndex = 0;
  /** True if it outlives every scope: see keep(). */
  kept = false;
  /** Why it is gone. */
  #gone: string | undefined;

  constructor(
    public storage: TensorStorage,
    shape: Shape,
    dtype: DType = "float32",
    /** The distance of neighbors in each dimension, in elements; default row-major. */
    readonly strides: readonly number[] = stridesOf(shape),
    /** Elements before the first. */
    public offset = 0,
    /** The scope that it ends with; default the scope of the memory. */
    frame: Frame | undefined = storage.frame,
  ) {
    super(shape, dtype);
    frame?.tensors.push(this);
  }

  get grad(): InternalTensor | undefined {
    return this.#grad;
  }

  set grad(gradient: Tensor | undefined) {
    this.#grad = gradient === undefined ? undefined : checkGradient(this, gradient);
  }

  get backend(): Backend {
    return this.storage.backend;
  }

  /** The address of the first element. @throws SeqgradError `state` when the memory is gone. */
  get address(): number {
    const cause = this.#cause;
    if (cause) throw new SeqgradError("state", `the tensor of shape ${formatShape(this.shape)} is gone: ${cause}.`);
    return this.storage.address + this.offset * 4;
  }

  get isContiguous(): boolean {
    let expected = 1;
    for (let i = this.shape.length - 1; i >= 0; i--) {
      if (this.shape[i] !== 1 && this.strides[i] !== expected) return false;
      expected *= this.shape[i] ?? 1;
    }
    return true;
  }

  get tracksGradient(): boolean {
    return this.requiresGrad || this.node !== undefined;
  }

  data(): Promise<TensorData> {
    return promiseOfData(this.#read());
  }

  async #readSingle(): Promise<number> {
    this.#checkSingle();
    return nth(await this.data(), 0);
  }

  async #read(): Promise<TensorData> {
    const [address, temporary] = this.#contiguousAddress();
    try {
      return await this.backend.read(address, this.size, this.dtype);
    } finally {
      if (temporary) release(temporary);
    }
  }

  dataSync(): TensorData {
    const { backend } = this;
    if (backend.async) throw new SeqgradError("device", `dataSync: ${backend.type} cannot answer at once; use \`await tensor.data()\`.`);
    const [address, temporary] = this.#contiguousAddress();
    try {
      return backend.readSync(address, this.size, this.dtype);
    } finally {
      if (temporary) release(temporary);
    }
  }

  async to(device: { readonly backend: Backend }): Promise<InternalTensor> {
    checkBackend("to", device?.backend);
    const data = await this.data();
    const copy = new InternalTensor(allocate(device.backend, this.size * 4, "other", null), this.shape, this.dtype);
    copy.write(data);
    return copy;
  }

  item(): Promise<number> {
    return promiseOfData(this.#readSingle());
  }

  itemSync(): number {
    this.#checkSingle();
    return nth(this.dataSync(), 0);
  }

  write(data: Numbers): void {
    const numbers = checkNumbers("write", data, this.dtype);
    if (numbers.length !== this.size) {
      throw new SeqgradError(
        "shape",
        `write: ${numbers.length} values do not fill the shape ${formatShape(this.shape)}, which holds ${this.size}.`,
      );
    }
    if (!this.isContiguous) throw new SeqgradError("state", "write: the tensor is a view with gaps; write to a contiguous one.");
    this.backend.write(this.address, numbers);
    this.isBlank = false;
  }

  backward(gradient?: Tensor): void {
    if (!this.node) {
      throw new SeqgradError(
        "state",
        "backward: no gradient can flow from this tensor: nothing it was made from has requiresGrad, it was detached, or backward() already ran.",
      );
    }
    const upstream = gradient === undefined ? undefined : checkTensor("backward", gradient, "the gradient");
    if (gradient ? !sameShape(gradient.shape, this.shape) : this.size !== 1) {
      const got = gradient ? `a gradient of shape ${formatShape(gradient.shape)}` : "no gradient";
      throw new SeqgradError(
        "shape",
        `backward: got ${got} for a tensor of shape ${formatShape(this.shape)}; reduce the loss to one number, or give a gradient of that shape.`,
      );
    }
    if (gradient && (gradient.dtype !== "float32" || gradient.backend !== this.backend))
      throw new SeqgradError("dtype", "backward: the gradient must be float32 and on the device of the tensor; cast it with toFloat().");
    this.node.backward(this, upstream);
  }

  detach(): InternalTensor {
    return this.view(this.shape, this.strides, this.offset);
  }

  /**
   * Returns another window on the same memory; not recorded. For users there is reshape().
   *
   * @param shape the shape
   * @param strides the distance of neighbors in each dimension, in elements
   * @param offset the elements before the first
   * @returns the view
   */
  view(shape: Shape, strides: readonly number[], offset: number): InternalTensor {
    this.storage.holders++;
    return new InternalTensor(this.storage, shape, this.dtype, strides, offset, currentFrame());
  }

  /**
   * Takes memory on another device instead of its own: new memory with undefined content, or the given one. The layout must be contiguous.
   *
   * @param backend the backend
   * @param memory the memory; default new
   */
  place(backend: Backend, memory: TensorStorage = allocate(checkBackend("place", backend), this.size * 4, this.storage.kind, null)): void {
    const { storage } = this;
    this.grad?.dispose();
    this.grad = undefined;
    this.storage = memory;
    this.offset = 0;
    if (--storage.holders === 0) release(storage);
  }

  dispose(): void {
    this.#end("it was disposed of");
  }

  /** Called by the scope that it was made in. */
  expire(): void {
    this.#end("the scope that it was made in has ended: return it from the scope, or keep() it");
  }

  /**
   * Called by the scope that it outlives.
   *
   * @param frame the scope around
   */
  leave(frame: Frame | undefined): void {
    // The graph behind it dies with the scope.
    this.node = undefined;
    frame?.tensors?.push(this);
  }

  toString(): string {
    const head = `Tensor ${this.dtype} ${formatShape(this.shape)}`;
    const cause = this.#cause;
    if (cause) return `${head}, gone: ${cause}`;
    if (this.backend.async) return `${head} on ${this.backend.type}: await its data() to see the numbers`;
    try {
      return `${head}\n${shownNumbers(this.shape, this.dtype, (index, n) => this.#run(index, n))}`;
    } catch (error) {
      return `${head}: ${messageOf(error)}`; // what prints must not throw
    }
  }

  /** n elements along the last dimension, from a place on. */
  #run(index: readonly number[], n: number): TensorData {
    const { strides, rank } = this;
    const offset = index.slice(0, rank).reduce((sum, i, axis) => sum + i * nth(strides, axis), this.offset);
    const part = this.view([n], [strides[rank - 1] ?? 1], offset);
    try {
      return part.dataSync();
    } finally {
      part.dispose();
    }
  }

  /** Why it cannot be used; undefined if it can. */
  get #cause(): string | undefined {
    return this.#gone ?? (this.storage.alive ? undefined : "its memory was freed");
  }

  #end(cause: string): void {
    if (this.#gone) return;
    this.#gone = cause;
    this.node = undefined;
    this.grad?.dispose();
    if (--this.storage.holders === 0) release(this.storage);
  }

  #checkSingle(): void {
    if (this.size !== 1)
      throw new SeqgradError(
        "shape",
        `item: the tensor of shape ${formatShape(this.shape)} has ${this.size} elements, not one; use data().`,
      );
  }

  #contiguousAddress(): [number, TensorStorage | undefined] {
    const { address } = this;
    if (this.isContiguous) return [address, undefined];
    const storage = allocate(this.backend, this.size * 4, "other", null);
    copyStrided(this, storage.address, stridesOf(this.shape));
    return [storage.address, storage];
  }
}

/** The library's own handle of a value, when it is a tensor. */
export function checkTensor(op: string, x: unknown, name = "argument 0"): InternalTensor {
  if (x instanceof InternalTensor) return x;
  throw new SeqgradError("value", `${op}: ${name} is ${shown(x)}, not a tensor; make one with tensor(data, shape).`);
}

/** The library's own handle of a tensor: the tensor itself, with what users need not see. */
export const internal = (x: Tensor): InternalTensor => checkTensor("internal", x);

/** A gradient of x, when an optimizer can read it. */
function checkGradient(x: Tensor, value: Tensor): InternalTensor {
  const gradient = checkTensor("grad", value, "the gradient");
  const fail = (code: "shape" | "dtype" | "device" | "value", what: string) => {
    throw new SeqgradError(code, `grad: the gradient ${what}.`);
  };
  if (!sameShape(gradient.shape, x.shape))
    fail("shape", `has shape ${formatShape(gradient.shape)}, expected ${formatShape(x.shape)}, as the tensor`);
  if (gradient.dtype !== "float32") fail("dtype", `is ${gradient.dtype}, expected float32; cast it with toFloat()`);
  if (gradient.backend !== x.backend) fail("device", "is on another device than the tensor; move one: await to(device)");
  if (!gradient.isContiguous) fail("value", "is a view with gaps; take contiguous() of it");
  return gradient;
}

/** Copies a tensor's elements to memory of the same backend, laid out by `strides`. */
export function copyStrided(x: InternalTensor, address: number, strides: readonly number[]): void {
  if (x.size === 0) return;
  const {
    dims,
    strides: [from = ROW, to = ROW],
    blocks,
  } = planStrided(x.shape, [x.strides, strides]);
  for (const [skip = 0, put = 0] of blocks)
    x.backend.dispatch("copyStrided", copyCall(x.address + skip * 4, address + put * 4, dims, from, to));
}
