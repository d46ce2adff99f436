import type { Backend, DType, TensorData } from "../backend/backend.js";
import { disposeKey } from "../util/dispose-key.js";
import { SeqgradError } from "../util/errors.js";
import { checkShape, type Shape, sizeOf } from "../util/shape.js";
import type { Numbers } from "./numbers.js";

/**
 * An n-dimensional array of float32 or int32 on a device. Functions such as tensor() and zeros() make tensors, and operations are free
 * functions: `add(x, y)`, not `x.add(y)`.
 *
 * @param shape the sizes of its dimensions
 * @param dtype float32 or int32
 * @example
 * const x = sg.tensor([1, 2, 3, 4], [2, 2], { requiresGrad: true });
 * sg.sum(sg.square(x)).backward();
 * x.grad; // = [[2, 4], [6, 8]]
 */
export abstract class Tensor {
  /** True if backward() stores a gradient here: set on parameters and on inputs under study. */
  requiresGrad = false;
  /** Number of elements. */
  readonly size: number;

  protected constructor(
    readonly shape: Shape,
    readonly dtype: DType,
  ) {
    checkShape("Tensor", shape);
    this.size = sizeOf(shape);
  }

  /** dLoss/dthis, of the same shape, after backward(). Setting throws `shape`, `dtype`, `device` or `value` for what cannot be such a gradient. */
  abstract get grad(): Tensor | undefined;
  abstract set grad(gradient: Tensor | undefined);

  /** Number of dimensions. */
  get rank(): number {
    return this.shape.length;
  }

  /** The backend that holds the elements, the `backend` of its device. */
  abstract get backend(): Backend;

  /** True if the elements lie side by side in row-major order. */
  abstract get isContiguous(): boolean;

  /** True if a gradient flows to it. */
  abstract get tracksGradient(): boolean;

  /**
   * Reads the elements.
   *
   * @returns a copy, in row-major order
   * @throws SeqgradError `state` if the tensor is gone
   */
  abstract data(): Promise<TensorData>;

  /**
   * Reads the elements at once.
   *
   * @returns a copy, in row-major order
   * @throws SeqgradError `device` if reading must wait, `state` if the tensor is gone
   */
  abstract dataSync(): TensorData;

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
  abstract to(device: { readonly backend: Backend }): Promise<Tensor>;

  /**
   * Reads the only element.
   *
   * @returns the number
   * @throws SeqgradError `shape` if there are more or none
   */
  abstract item(): Promise<number>;

  /**
   * Reads the only element at once.
   *
   * @returns the number
   * @throws SeqgradError `shape` if there are more or none, `device` if reading must wait
   */
  abstract itemSync(): number;

  /**
   * Overwrites the elements with `data`, in row-major order. The layout must be contiguous.
   *
   * @param data as many numbers as elements, of the tensor's type
   * @throws SeqgradError `value` or `range` for something that is not a number of the tensor's type, `shape`, `state`; nothing has changed
   *   then
   */
  abstract write(data: Numbers): void;

  /**
   * Computes the gradient of this tensor with respect to every tensor it was made from that has `requiresGrad`, adds each to its `grad`,
   * and frees the graph.
   *
   * @param gradient dLoss/dthis, of the same shape, float32; for a tensor of one element default 1
   * @throws SeqgradError `state` if no gradient can flow from it, `shape` or `dtype` for a gradient that does not fit
   */
  abstract backward(gradient?: Tensor): void;

  /**
   * Returns the same elements, cut off from the graph.
   *
   * @returns a view of the same memory
   */
  abstract detach(): Tensor;

  /** Frees the memory, when no other view holds it. In a scope there is no need. */
  abstract dispose(): void;

  [disposeKey](): void {
    this.dispose();
  }

  /**
   * Shows type, shape and numbers, abridged if there are many; on a device whose reading must wait, how to get them.
   *
   * @returns lines of text
   */
  abstract toString(): string;

  /** The text that console.log shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** The backend, when memory can be taken of it. */
export function checkBackend(op: string, backend: Backend): Backend {
  if (typeof backend?.alloc === "function") return backend;
  throw new SeqgradError("value", `${op}: there is no such device; give one that init() or createDevice() answers.`);
}
