export { fit } from "./fit.js";
export type { Batches, CarriedState, FitEvent, FitOptions, Loader, LossResult } from "./types.js";
