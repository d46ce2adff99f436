export { clipGradNorm, clipGradValue } from "./clip.js";
export { type CyclicOptions, cyclic, multiStep, warmRestarts } from "./cycles.js";
export type {
  Group,
  OptimizerOptions,
  ParameterGroup,
  ParameterList,
  ParametersOrGroups,
  PendingNumber,
} from "./optimizer.js";
export { Optimizer } from "./optimizer.js";
export {
  Adagrad,
  type AdagradOptions,
  Adam,
  type AdamOptions,
  AdamW,
  RMSprop,
  type RMSpropOptions,
  SGD,
  type SGDOptions,
} from "./optimizers.js";
export {
  constant,
  cosine,
  inverseSigmoid,
  linearDecay,
  linearWarmup,
  type OneCycleOptions,
  oneCycle,
  Plateau,
  type PlateauOptions,
  type Schedule,
  Scheduler,
  sequence,
  stepDecay,
} from "./schedules.js";
export type { OptimizerState } from "./state.js";
