export type { Checkpoint, RunOptions, TrainOptions } from "./base-task.js";
export * from "./kinds.js";
export type { LanguageModelMeasures } from "./language-measures.js";
export type { LanguageModelOptions, LanguageModelTrainOptions } from "./language-model-options.js";
export { load } from "./load.js";
export type { BatchOptions, SearchOptions, Task } from "./task.js";
export type { TextWriter, TextWriterReport } from "./text-writer.js";
