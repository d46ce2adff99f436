import { type BinaryOp, binaryOps } from "../backend/kernels.js";
import { planStrided, type StridedPlan } from "../tensor/layout.js";
import { empty, type Tensor } from "../tensor/tensor.js";
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
    private readonly operands: readonly Tensor[],
    private readonly y: Tensor,
  ) {
    const layouts = operands.map((x) => broadcastStrides(x.shape, x.strides, y.shape));
    layouts.push(stridesOf(y.shape));
    this.#plan = planStrided(y.shape, layouts);
  }

  /** f(a, b), in memory of its own or in the memory of an earlier result, which may be a or b. */
  binary(name: BinaryOp, a: Tensor, b: Tensor, y = this.#like()): Tensor {
    if (y.size === 0) return y;
    const { dims, strides, blocks } = this.#plan;
    const [i, j, last] = [this.#place(a), this.#place(b), this.operands.length];
    const op = binaryOps.indexOf(name);
    const [d0, d1, d2, d3] = dims;
    const [as0, as1, as2, as3] = strides[i]!;
    const [bs0, bs1, bs2, bs3] = strides[j]!;
    for (const at of blocks) {
      const buffers = { a: a.address + at[i]! * 4, b: b.address + at[j]! * 4, y: y.address + at[last]! * 4 };
      this.run("binary", { op, d0, d1, d2, d3, as0, as1, as2, as3, bs0, bs1, bs2, bs3, ...buffers });
    }
    return y;
  }

  /** a where the condition is not 0, else b. */
  where(condition: Tensor, a: Tensor, b: Tensor, y = this.#like()): Tensor {
    if (y.size === 0) return y;
    const { dims, strides, blocks } = this.#plan;
    const [k, i, j, last] = [this.#place(condition), this.#place(a), this.#place(b), this.operands.length];
    const [d0, d1, d2, d3] = dims;
    const [cs0, cs1, cs2, cs3] = strides[k]!;
    const [as0, as1, as2, as3] = strides[i]!;
    const [bs0, bs1, bs2, bs3] = strides[j]!;
    for (const at of blocks) {
      const inputs = { condition: condition.address + at[k]! * 4, a: a.address + at[i]! * 4, b: b.address + at[j]! * 4 };
      const call = { y: y.address + at[last]! * 4, d0, d1, d2, d3, cs0, cs1, cs2, cs3, ...inputs };
      this.run("where", { as0, as1, as2, as3, bs0, bs1, bs2, bs3, ...call });
    }
    return y;
  }

  #like(): Tensor {
    return empty(this.y.backend, this.y.shape);
  }

  /** The index of the layout of x among the operands; the result has the index after them. */
  #place(x: Tensor): number {
    const place = this.operands.indexOf(x);
    return place < 0 ? this.operands.length : place;
  }
}
