import { linear, mseLoss } from "../../src/ops/index.js";
import { parameter, tensor } from "../../src/tensor/create.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { normals } from "./numbers.js";

/** The least squares of y = W x + b on fixed data: sizes that do not fill the lines of an arena. */
export class Regression {
  readonly weight = parameter([3, 7], (y) => y.write(normals(21, 1)));
  readonly bias = parameter([3], (y) => y.write(normals(3, 2)));
  readonly x = tensor(normals(35, 3), [5, 7]);
  readonly target = tensor(normals(15, 4), [5, 3]);

  get params(): Tensor[] {
    return [this.weight, this.bias];
  }
  get named(): [string, Tensor][] {
    return [
      ["weight", this.weight],
      ["bias", this.bias],
    ];
  }

  readonly loss = (): Tensor => mseLoss(linear(this.x, this.weight, this.bias), this.target);

  /** All parameters' elements. */
  values(): number[] {
    return this.params.flatMap((p) => [...p.dataSync()]);
  }
  gradients(): number[] {
    return this.params.flatMap((p) => [...p.grad!.dataSync()]);
  }
}
