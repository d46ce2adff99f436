import { type BinaryOp, binaryOps } from "../backend/kernels.js";
import type { InternalTensor } from "../tensor/internal.js";
import { binaryCall, planStrided, ROW, type StridedPlan, whereCall } from "../tensor/layout.js";
import { empty } from "../tensor/memory.js";
import { broadcastStrides, stridesOf } from "../util/shape.js";
import type { Run } from "./define-op.js";

/**
 * Elementwise kernels over the shape of `y`, for an operation that calls several: the layouts of its operands, which broadcast to that
 * shape, are planned once. Whatever else a call is given lies like `y`, and so does what it makes.
 */
export class Elementwise {
  readonly #plan: StridedPlan;

  constructor(
    private readonly run: Run,
    private readonly operands: readonly InternalTensor[],
    private readonly y: InternalTensor,
  ) {
    const layouts = operands.map((x) => broadcastStrides(x.shape, x.strides, y.shape));
    layouts.push(stridesOf(y.shape));
    this.#plan = planStrided(y.shape, layouts);
  }

  /** f(a, b), in memory of its own or in the memory of an earlier result, which may be a or b. */
  binary(name: BinaryOp, a: InternalTensor, b: InternalTensor, y = this.#like()): InternalTensor {
    if (y.size === 0) return y;
    const { dims, strides, blocks } = this.#plan;
    const [i, j, last] = [this.#place(a), this.#place(b), this.operands.length];
    const op = binaryOps.indexOf(name);
    const [as = ROW, bs = ROW] = [strides[i], strides[j]];
    for (const at of blocks) {
      const operands = {
        a: a.address + (at[i] ?? 0) * 4,
        b: b.address + (at[j] ?? 0) * 4,
        y: y.address + (at[last] ?? 0) * 4,
      };
      this.run("binary", binaryCall(op, operands, dims, as, bs));
    }
    return y;
  }

  /** a where the condition is not 0, else b. */
  where(condition: InternalTensor, a: InternalTensor, b: InternalTensor, y = this.#like()): InternalTensor {
    if (y.size === 0) return y;
    const { dims, strides, blocks } = this.#plan;
    const [k, i, j, last] = [this.#place(condition), this.#place(a), this.#place(b), this.operands.length];
    const [cs = ROW, as = ROW, bs = ROW] = [strides[k], strides[i], strides[j]];
    for (const at of blocks) {
      const operands = {
        a: a.address + (at[i] ?? 0) * 4,
        b: b.address + (at[j] ?? 0) * 4,
        y: y.address + (at[last] ?? 0) * 4,
      };
      this.run("where", whereCall(condition.address + (at[k] ?? 0) * 4, operands, dims, cs, as, bs));
    }
    return y;
  }

  #like(): InternalTensor {
    return empty(this.y.backend, this.y.shape);
  }

  /** The index of the layout of x among the operands; the result has the index after them. */
  #place(x: InternalTensor): number {
    const place = this.operands.indexOf(x);
    return place < 0 ? this.operands.length : place;
  }
}
