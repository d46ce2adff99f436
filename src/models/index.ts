export { type LMState, RecurrentLM, type RecurrentLMConfig, type RecurrentCell, recurrentCells } from "./recurrent-lm.js";
