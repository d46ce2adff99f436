export { type GenerateOptions, generate, type Step, type StepModel } from "./generate.js";
export { greedy, type SamplingOptions, sampleToken } from "./sampling.js";
