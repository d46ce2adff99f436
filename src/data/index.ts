export { sampleText } from "./sample.js";
export { ContinuousWindows, consecutiveWindows, RandomWindows, splitTokens, type WindowBatch, type WindowOptions } from "./windows.js";
