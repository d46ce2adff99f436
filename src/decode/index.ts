export type { Step, StepModel } from "../models/step-model.js";
export { type BeamSearchOptions, beamSearch, type Hypothesis } from "./beam-search.js";
export { type CtcDecodeOptions, ctcDecode } from "./ctc.js";
export { penalizeRepetition } from "./repetition.js";
export { greedy, type SamplingOptions, sampleToken } from "./sampling.js";
export { viterbi } from "./viterbi.js";
