export { type LMState, type RecurrentCell, RecurrentLM, type RecurrentLMConfig, recurrentCells } from "./recurrent-lm.js";
export { TransformerLM, type TransformerLMConfig } from "./transformer-lm.js";
