export type { CarriedState, LossResult, Trainable } from "../nn/trainable.js";
export { fit } from "./fit.js";
export type { FitRun } from "./fit-run.js";
export { RunControl } from "./run-control.js";
export type {
  Batches,
  EventOf,
  FitEvent,
  FitHistory,
  FitOptions,
  Loader,
  Measured,
} from "./types.js";
