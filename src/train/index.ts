export { fit } from "./fit.js";
export type { AnyState, Batches, CarriedState, FitEvent, FitOptions, Loader, LossResult } from "./types.js";
