// Threads that every peer gets which has them: `--threads N`, by default one.
const words = globalThis.process?.argv ?? [];
const at = words.indexOf("--threads");
export const threads = at < 0 ? 1 : Number(words[at + 1]);
export const inWords = threads === 1 ? "one thread" : `${threads} threads`;
