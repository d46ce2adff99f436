export type { CarriedState, LossResult, Trainable } from "../nn/trainable.js";
export { type FitRun, fit } from "./fit.js";
export type {
  Batches,
  EventOf,
  FitEvent,
  FitHistory,
  FitOptions,
  Loader,
  Measured,
} from "./types.js";
