export { CharTokenizer } from "./char-tokenizer.js";
export { decodeText } from "./utf8.js";
