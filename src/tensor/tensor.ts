import type { Backend, DType, TensorData } from "../backend/backend.js";
import { shown } from "../util/check.js";
import { messageOf, SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { nth } from "../util/nth.js";
import { promiseOfData } from "../util/promise.js";
import { checkShape, type Shape, sameShape, sizeOf, stridesOf } from "../util/shape.js";
import { copyCall, planStrided, ROW } from "./layout.js";
import { checkedNumber, checkNumbers, type Numbers } from "./numbers.js";
import { shownNumbers } from "./shown.js";
import { allocate, currentFrame, type Frame, release, type Tenant, type TensorStorage } from "./storage.js";

/** Autograd's record on a tensor that an operation made. */
export interface GradientNode {
  backward(root: Tensor, gradient: Tensor | undefined): void;
}

/** The part of a tensor in the model that owns it. */
export type Role = "parameter" | "buffer";

/**
 * An n-dimensional array of float32 or int32 on a device: a window (shape, strides, offset) on memory that views share.
 * Operations are free functions: `add(x, y)`, not `x.add(y)`.
 *
 * @param storage the memory
 * @param shape the shape
 * @param dtype float32 or int32; default float32
 * @param strides the distance of neighbors in each dimension, in elements; default row-major
 * @param offset the elements before the first; default 0
 * @param frame the scope that it ends with; default the scope of the memory
 * @example
 * const x = sg.tensor([1, 2, 3, 4], [2, 2], { requiresGrad: true });
 * sg.sum(sg.square(x)).backward();
 * x.grad; // = [[2, 4], [6, 8]]
 */
export class Tensor implements Tenant {
  /** Its part in a model: what training changes, or what is only saved and moved with it. See parameter() and buffer(). */
  role: Role | undefined;
  /** True if backward() stores a gradient here: set on parameters and on inputs under study. */
  requiresGrad = false;
  #grad: Tensor | undefined;
  /** On a gradient: true while it holds only zeros and nothing was added. An optimizer treats it as a missing gradient. */
  isBlank = false;
  /** The operation that made it, while a gradient can still flow through. */
  node: GradientNode | undefined;
  /** The index of this output of `node`. */
  outputIndex = 0;
  readonly size: number;
  /** True if it outlives every scope: see keep(). */
  kept = false;
  /** Why it is gone. */
  #gone: string | undefined;

  constructor(
    public storage: TensorStorage,
    readonly shape: Shape,
    readonly dtype: DType = "float32",
    readonly strides: readonly number[] = Array.isArray(shape) ? stridesOf(shape) : [],
    /** Elements before the first. */
    public offset = 0,
    /** The scope that it ends with. */
    frame: Frame | undefined = checkStorage(storage).frame,
  ) {
    checkShape("Tensor", shape);
    this.size = sizeOf(shape);
    frame?.tensors.push(this);
  }

  /** dLoss/dthis, of the same shape, after backward(). Setting throws `shape`, `dtype`, `device` or `value` for what cannot be such a gradient. */
  get grad(): Tensor | undefined {
    return this.#grad;
  }

  set grad(gradient: Tensor | undefined) {
    if (gradient !== undefined) checkGradient(this, gradient);
    this.#grad = gradient;
  }

  get rank(): number {
    return this.shape.length;
  }

  get backend(): Backend {
    return this.storage.backend;
  }

  /** The address of the first element. @throws SeqgradError `state` when the memory is gone. */
  get address(): number {
    if (!this.storage.alive || this.#gone) {
      const cause = this.#gone ?? "its memory was freed";
      throw new SeqgradError("state", `the tensor of shape ${formatShape(this.shape)} is gone: ${cause}.`);
    }
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

  /** True if a gradient flows to it. */
  get tracksGradient(): boolean {
    return this.requiresGrad || this.node !== undefined;
  }

  /**
   * Reads the elements.
   *
   * @returns a copy, in row-major order
   * @throws SeqgradError `state` if the tensor is gone
   */
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

  /**
   * Reads the elements at once.
   *
   * @returns a copy, in row-major order
   * @throws SeqgradError `device` if reading must wait, `state` if the tensor is gone
   */
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

  /**
   * Copies the tensor to another device, outside every scope and cut off from the graph.
   *
   * @param device a device of createDevice() or init()
   * @returns the copy
   * @throws SeqgradError `memory` if it does not fit there, `state` if the tensor is gone
   * @example
   * const exact = await sg.createDevice({ device: "reference" });
   * const x = await sg.ones([3]).to(exact);
   */
  async to(device: { readonly backend: Backend }): Promise<Tensor> {
    checkBackend("to", device?.backend);
    const data = await this.data();
    const copy = new Tensor(allocate(device.backend, this.size * 4, "other", null), this.shape, this.dtype);
    copy.write(data);
    return copy;
  }

  /**
   * Reads the only element.
   *
   * @returns the number
   * @throws SeqgradError `shape` if there are more or none
   */
  item(): Promise<number> {
    return promiseOfData(this.#readSingle());
  }

  /**
   * Reads the only element at once.
   *
   * @returns the number
   * @throws SeqgradError `shape` if there are more or none, `device` if reading must wait
   */
  itemSync(): number {
    this.#checkSingle();
    return nth(this.dataSync(), 0);
  }

  /**
   * Overwrites the elements with `data`, in row-major order. The layout must be contiguous.
   *
   * @param data as many numbers as elements, of the tensor's type
   * @throws SeqgradError `value` or `range` for something that is not a number of the tensor's type, `shape`, `state`; nothing has changed
   *   then
   */
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

  /**
   * Computes the gradient of this tensor with respect to every tensor it was made from that has `requiresGrad`, adds each to its `grad`,
   * and frees the graph.
   *
   * @param gradient dLoss/dthis, of the same shape, float32; for a tensor of one element default 1
   * @throws SeqgradError `state` if no gradient can flow from it, `shape` or `dtype` for a gradient that does not fit
   */
  backward(gradient?: Tensor): void {
    if (!this.node) {
      throw new SeqgradError(
        "state",
        "backward: no gradient can flow from this tensor: nothing it was made from has requiresGrad, it was detached, or backward() already ran.",
      );
    }
    if (gradient !== undefined) checkTensor("backward", gradient, "the gradient");
    if (gradient ? !sameShape(gradient.shape, this.shape) : this.size !== 1) {
      const got = gradient ? `a gradient of shape ${formatShape(gradient.shape)}` : "no gradient";
      throw new SeqgradError(
        "shape",
        `backward: got ${got} for a tensor of shape ${formatShape(this.shape)}; reduce the loss to one number, or give a gradient of that shape.`,
      );
    }
    if (gradient && (gradient.dtype !== "float32" || gradient.backend !== this.backend))
      throw new SeqgradError("dtype", "backward: the gradient must be float32 and on the device of the tensor; cast it with toFloat().");
    this.node.backward(this, gradient);
  }

  /**
   * Returns the same elements, cut off from the graph.
   *
   * @returns a view of the same memory
   */
  detach(): Tensor {
    return this.view(this.shape, this.strides, this.offset);
  }

  /**
   * Returns another window on the same memory; not recorded. For users there is reshape().
   *
   * @param shape the shape
   * @param strides the distance of neighbors in each dimension, in elements
   * @param offset the elements before the first
   * @returns the view
   * @throws SeqgradError `value` for strides or an offset that are not whole numbers
   */
  view(shape: Shape, strides: readonly number[], offset: number): Tensor {
    checkShape("view", shape);
    if (!Array.isArray(strides) || strides.length !== shape.length || ![offset, ...strides].every(Number.isInteger))
      throw new SeqgradError("value", "view: the strides or the offset are not whole numbers, a stride for each dimension; see reshape().");
    this.storage.holders++;
    return new Tensor(this.storage, shape, this.dtype, strides, offset, currentFrame());
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

  /** Frees the memory, when no other view holds it. In a scope there is no need. */
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

  [(Symbol.dispose ?? Symbol.for("Symbol.dispose")) as typeof Symbol.dispose](): void {
    this.dispose();
  }

  /**
   * Shows type, shape and numbers, abridged if there are many; on a device whose reading must wait, how to get them.
   *
   * @returns lines of text
   */
  toString(): string {
    const head = `Tensor ${this.dtype} ${formatShape(this.shape)}`;
    if (!this.storage.alive || this.#gone) return `${head}, gone: ${this.#gone ?? "its memory was freed"}`;
    if (this.backend.async) return `${head} on ${this.backend.type}: await its data() to see the numbers`;
    try {
      return `${head}\n${shownNumbers(this.shape, this.dtype, (index, n) => this.#run(index, n))}`;
    } catch (error) {
      return `${head}: ${messageOf(error)}`; // what prints must not throw
    }
  }

  /** The text that console.log shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** n elements along the last dimension, from a place on. */
  #run(index: readonly number[], n: number): TensorData {
    const { strides, rank } = this;
    const offset = index.slice(0, rank).reduce((sum, i, axis) => sum + i * nth(strides, axis), this.offset);
    this.storage.holders++;
    const part = new Tensor(this.storage, [n], this.dtype, [strides[rank - 1] ?? 1], offset, undefined);
    try {
      return part.dataSync();
    } finally {
      part.dispose();
    }
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

/** Throws unless it can be a gradient of x that an optimizer reads. */
function checkGradient(x: Tensor, gradient: Tensor): void {
  checkTensor("grad", gradient, "the gradient");
  const fail = (code: "shape" | "dtype" | "device" | "value", what: string) => {
    throw new SeqgradError(code, `grad: the gradient ${what}.`);
  };
  if (!sameShape(gradient.shape, x.shape))
    fail("shape", `has shape ${formatShape(gradient.shape)}, expected ${formatShape(x.shape)}, as the tensor`);
  if (gradient.dtype !== "float32") fail("dtype", `is ${gradient.dtype}, expected float32; cast it with toFloat()`);
  if (gradient.backend !== x.backend) fail("device", "is on another device than the tensor; move one: await to(device)");
  if (!gradient.isContiguous) fail("value", "is a view with gaps; take contiguous() of it");
}

function checkStorage(storage: TensorStorage): TensorStorage {
  if (typeof storage?.bytes !== "number")
    throw new SeqgradError("value", "Tensor: it has no storage; make tensors with tensor(data, shape).");
  return storage;
}

/** The backend, when memory can be taken of it. */
export function checkBackend(op: string, backend: Backend): Backend {
  if (typeof backend?.alloc === "function") return backend;
  throw new SeqgradError("value", `${op}: there is no such device; give one that init() or createDevice() answers.`);
}

/** The tensor, when it is one. */
export function checkTensor(op: string, x: unknown, name = "argument 0"): Tensor {
  if (x instanceof Tensor) return x;
  throw new SeqgradError("value", `${op}: ${name} is ${shown(x)}, not a tensor; make one with tensor(data, shape).`);
}

/** Moves tensors to another device with their content; where memory runs out there, all stay where they are. */
export async function moveAll(tensors: readonly Tensor[], backend: Backend): Promise<void> {
  const moving = tensors.filter((x) => x.backend !== backend);
  const values = await Promise.all(moving.map((x) => x.data()));
  const made: { x: Tensor; memory: TensorStorage }[] = [];
  try {
    for (const [i, x] of moving.entries()) {
      const memory = allocate(backend, x.size * 4, x.storage.kind, null);
      made.push({ x, memory });
      backend.write(memory.address, nth(values, i));
    }
  } catch (error) {
    for (const { memory } of made) release(memory);
    throw error;
  }
  for (const { x, memory } of made) x.place(backend, memory);
}

/** Copies a tensor's elements to memory of the same backend, laid out by `strides`. */
export function copyStrided(x: Tensor, address: number, strides: readonly number[]): void {
  if (x.size === 0) return;
  const {
    dims,
    strides: [from = ROW, to = ROW],
    blocks,
  } = planStrided(x.shape, [x.strides, strides]);
  for (const [skip = 0, put = 0] of blocks)
    x.backend.dispatch("copyStrided", copyCall(x.address + skip * 4, address + put * 4, dims, from, to));
}

/** Uninitialized memory under a shape, in the current scope. */
export function empty(backend: Backend, shape: Shape, dtype: DType = "float32"): Tensor {
  return new Tensor(allocate(backend, sizeOf(shape) * 4), shape, dtype);
}

/** Uninitialized memory that lives as long as `owner`: the home of its gradient. */
export function emptyBeside(owner: Tensor, shape: Shape): Tensor {
  const { storage } = owner;
  const home = (!storage.kept && storage.frame) || null;
  return new Tensor(allocate(owner.backend, sizeOf(shape) * 4, "gradient", home), shape);
}

/** Sets every element, which must lie contiguously. */
export function fill(y: Tensor, value: number): Tensor {
  if (y.dtype === "int32") y.write(new Int32Array(y.size).fill(checkedNumber("fill", value, "int32")));
  else if (y.size > 0) y.backend.dispatch("fill", { y, n: y.size, value });
  return y;
}
