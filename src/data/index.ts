export { sampleText } from "./sample.js";
export { consecutiveWindows, RandomWindows, splitTokens, type WindowBatch, type WindowOptions } from "./windows.js";
