import * as nn from "../../src/nn/index.js";
import { add, mul, sum } from "../../src/ops/index.js";
import { tensor } from "../../src/tensor/create.js";
import { scope } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { normals } from "./numbers.js";

export type State = { h: Tensor; c?: Tensor | undefined };
export type Layer = nn.Module & {
  readonly directions: number;
  readonly numLayers: number;
  forward(x: Tensor, options?: { state?: State; lengths?: readonly number[] }): { output: Tensor; state: State };
};

export const I = 4;
export const H = 5;

type Options = { numLayers?: number; bidirectional?: boolean };
const make =
  (build: (options: Options) => unknown) =>
  (options: Options = {}): Layer => {
    const layer = build(options) as Layer;
    for (const [i, p] of layer.parameters().entries()) p.write(normals(p.size, 100 + i, 0, 0.5));
    return layer;
  };

/** Every recurrent layer, with weights that are the same at each call. */
export const layers: Record<string, (options?: Options) => Layer> = {
  RNN: make((options) => new nn.RNN(I, H, options)),
  "RNN relu": make((options) => new nn.RNN(I, H, { ...options, nonlinearity: "relu" })),
  GRU: make((options) => new nn.GRU(I, H, options)),
  "GRU reset before": make((options) => new nn.GRU(I, H, { ...options, resetAfter: false })),
  LSTM: make((options) => new nn.LSTM(I, H, options)),
  "LSTM projected": make((options) => new nn.LSTM(I, H, { ...options, projSize: 3 })),
};

/** A tensor of normal numbers that needs a gradient. */
export function random(shape: readonly number[], seed: number): Tensor {
  const x = tensor(
    normals(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
    shape,
  );
  x.requiresGrad = true;
  return x;
}

/** A loss that every element of the tensors takes part in, each in its own measure. */
export const lossOf = (tensors: readonly Tensor[]): Tensor =>
  tensors
    .map((y) =>
      sum(
        mul(
          y,
          tensor(
            Float32Array.from({ length: y.size }, (_, i) => Math.cos(i)),
            y.shape,
          ),
        ),
      ),
    )
    .reduce((a, b) => add(a, b));

/** Runs backward() from the loss and answers the gradients, which it takes away. */
export function gradientsOf(loss: () => Tensor, leaves: readonly Tensor[]): number[][] {
  scope(() => loss().backward());
  return leaves.map((x) => {
    const data = Array.from(x.grad?.dataSync() ?? new Float32Array(x.size));
    x.grad?.dispose();
    x.grad = undefined;
    return data;
  });
}
