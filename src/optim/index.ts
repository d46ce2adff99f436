export { Adagrad, type AdagradOptions } from "./adagrad.js";
export { Adam, type AdamOptions, AdamW } from "./adam.js";
export { clipGradNorm, clipGradValue } from "./clip.js";
export { type CyclicOptions, cyclic, multiStep, warmRestarts } from "./cycles.js";
export type { Group, ParameterGroup, ParameterList, ParametersOrGroups } from "./groups.js";
export type { PendingNumber } from "./ledger.js";
export { Lion, type LionOptions } from "./lion.js";
export { Muon, type MuonOptions } from "./muon.js";
export { NAdam, type NAdamOptions } from "./nadam.js";
export { Optimizer } from "./optimizer.js";
export { RAdam, type RAdamOptions } from "./radam.js";
export { RMSprop, type RMSpropOptions } from "./rmsprop.js";
export {
  defineRule,
  type FusedCall,
  type Moment,
  type OptimizerDefinition,
  type OptimizerOptions,
  type Rule,
  type Settings,
  type Updated,
  type Values,
} from "./rule.js";
export { ScheduleFreeAdamW, type ScheduleFreeAdamWOptions } from "./schedule-free.js";
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
export { SGD, type SGDOptions } from "./sgd.js";
export type { OptimizerState } from "./state.js";
