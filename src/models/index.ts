export { type LMState, type RecurrentCell, RecurrentLM, type RecurrentLMConfig, recurrentCells } from "./recurrent-lm.js";
