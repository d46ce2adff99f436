export { noGrad, retainGrad } from "./autograd/tape.js";
export type { DType, TensorData } from "./backend/backend.js";
export { detectVariant, type WasmSource, type WasmVariant } from "./backend/wasm/wasm-backend.js";
export * from "./data/index.js";
export * from "./decode/index.js";
export * as io from "./io/index.js";
export * as metrics from "./metrics/index.js";
export * as models from "./models/index.js";
export * as nn from "./nn/index.js";
export * from "./ops/index.js";
export * as optim from "./optim/index.js";
export * as tasks from "./tasks/index.js";
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
export { type IntegerOptions, randint, randperm } from "./tensor/integers.js";
export { fullLike, type LikeOptions, onesLike, randLike, randnLike, zerosLike } from "./tensor/like.js";
export { manualSeed } from "./tensor/random.js";
export { keep, scope } from "./tensor/scope.js";
export { leaks, setDebug } from "./tensor/storage.js";
export { Tensor } from "./tensor/tensor.js";
export type { TensorValue } from "./tensor/value.js";
export * from "./text/index.js";
export * from "./train/index.js";
export { type ErrorCode, SeqgradError } from "./util/errors.js";
export { Generator } from "./util/philox.js";
