/**
 * Sequence models that train where the data is: tensors with gradients, layers, optimizers, models and tasks on WebAssembly SIMD and WebGPU.
 *
 * Start with `init()`. From raw examples to answers: `tasks`. Models of your own: `nn`, `optim` and `fit()`. Texts and tables become batches by
 * tokenizers and loaders. `seqgrad/node` reads and writes files.
 * @example
 * import * as sg from "seqgrad";
 * await sg.init();
 * const layer = new sg.nn.Linear(2, 1);
 * const optimizer = new sg.optim.Adam(layer.parameters(), { lr: 0.1 });
 * const [x, y] = [sg.tensor([0, 1, 1, 0], [2, 2]), sg.tensor([1, -1], [2, 1])];
 * for (let step = 0; step < 100; step++) optimizer.step(() => sg.mseLoss(layer.forward(x), y));
 * console.log(layer.forward(x).toString()); // near 1 and -1
 * @module
 */

// Devices, and seeds of random numbers.

export {
  createDevice,
  type Device,
  defaultDevice,
  type InitOptions,
  init,
  type MemoryReport,
  memory,
  withDevice,
} from "./tensor/device.js";
export { manualSeed } from "./tensor/random.js";

// Tensors.

export type { DType, TensorData } from "./backend/backend.js";
export {
  arange,
  buffer,
  type CreateOptions,
  eye,
  fromArray,
  full,
  linspace,
  ones,
  parameter,
  rand,
  randn,
  tensor,
  zeros,
} from "./tensor/create.js";
export { type IntegerOptions, randint, randperm } from "./tensor/integers.js";
export { fullLike, type LikeOptions, onesLike, randLike, randnLike, zerosLike } from "./tensor/like.js";
export { Tensor } from "./tensor/tensor.js";
export type { TensorValue } from "./tensor/value.js";

// Layers, optimizers and training.

export * as nn from "./nn/index.js";
export * as optim from "./optim/index.js";
export * from "./train/index.js";

// Tasks, models, and what they write.

export { type GenerateOptions, generate } from "./decode/generate.js";
export * as decode from "./decode/index.js";
export * as models from "./models/index.js";
export * as tasks from "./tasks/index.js";
export * as worker from "./worker/index.js";

// Operations, gradients and the life of tensors.

export { noGrad, retainGrad } from "./autograd/tape.js";
export * from "./ops/index.js";
export { keep, scope } from "./tensor/scope.js";
export { leaks, setDebug } from "./tensor/storage.js";

// Texts, data, metrics and files.

export * as data from "./data/index.js";
export * as io from "./io/index.js";
export * as metrics from "./metrics/index.js";
export * as text from "./text/index.js";

// Errors and random generators.

export { detectVariant, type WasmSource } from "./backend/wasm/modules.js";
export { type ErrorCode, SeqgradError } from "./util/errors.js";
export { RandomGenerator } from "./util/philox.js";
