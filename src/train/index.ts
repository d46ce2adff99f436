export { type CarriedState, type FitEvent, type FitOptions, fit, type Loader, type LossResult } from "./fit.js";
