export { type FitRun, fit } from "./fit.js";
export type {
  AnyState,
  Batches,
  CarriedState,
  EventOf,
  FitEvent,
  FitHistory,
  FitOptions,
  Loader,
  LossResult,
  Measured,
} from "./types.js";
