// brain.js, plain JavaScript: it trains on one sequence of tokens at a time.
import { createRequire } from "node:module";
import { classes, dataOf } from "./works.mjs";

export const name = "brain.js";
export const load = async () => createRequire(import.meta.url)("brain.js");

export async function open(brain) {
  function step(work) {
    if (work.batch > 1) return "has no mini-batches";
    const Network = { lstm: brain.recurrent.LSTM, gru: brain.recurrent.GRU, rnn: brain.recurrent.RNN }[work.cell];
    const size = { inputSize: work.input, inputRange: classes, outputSize: classes };
    const network = new Network({ ...size, hiddenLayers: [work.hidden] });
    network.initialize();
    // It puts a token for the start before the others, and so takes one step more than it is given.
    const sets = dataOf(work).sets.map(({ y }) => Array.from(y.data.subarray(1)));
    return { run: (i) => void network.trainPattern(sets[i % sets.length]) };
  }

  const reasons = { gemm: "has no matrix product to call", forward: "runs on what it predicts itself, not on given inputs" };
  const unlike = "learns a table of tokens for its inputs, clips values, RMSprop for Adam; its LSTM keeps no cell state, its RNN is relu";
  return { info: `plain JavaScript; ${unlike}`, prepare: (work) => (work.kind === "step" ? step(work) : reasons[work.kind]) };
}
