export type { CarriedState, LossResult, Trainable } from "../nn/trainable.js";
export { fit } from "./fit.js";
export type { FitRun } from "./fit-run.js";
export type {
  Batches,
  EventOf,
  FitEvent,
  FitHistory,
  FitOptions,
  Loader,
  Measured,
} from "./types.js";
