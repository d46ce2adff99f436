import { describe, expect, it } from "vitest";
import { init } from "../../src/index.js";
import * as nn from "../../src/nn/index.js";
import { zeros } from "../../src/tensor/create.js";
import { expectError } from "../helpers/errors.js";

await init();

/** Calls as plain JavaScript can write them, past the types. */
const any = <T>(value: unknown) => value as T;
type Calls = Record<string, [call: () => unknown, message: string]>;

function refuses(calls: Calls): void {
  for (const [title, [call, message]] of Object.entries(calls)) it(title, () => expectError("value", call, message));
}

describe("a layer refuses an option that it does not know and names the right one:", () => {
  const typo = { bidirectionel: true };
  refuses({
    RNN: [() => new nn.RNN(3, 5, any(typo)), 'RNN: "bidirectionel" is not an option. Did you mean "bidirectional"?'],
    GRU: [() => new nn.GRU(3, 5, any(typo)), 'GRU: "bidirectionel" is not an option. Did you mean "bidirectional"?'],
    LSTM: [() => new nn.LSTM(3, 5, any(typo)), 'LSTM: "bidirectionel" is not an option. Did you mean "bidirectional"?'],
    "batch_first of PyTorch": [() => new nn.LSTM(3, 5, any({ batch_first: true })), "The batch always comes first here."],
    identityRNN: [() => nn.identityRNN(3, 5, any({ scael: 1 })), 'identityRNN: "scael" is not an option. Did you mean "scale"?'],
    RNNCell: [() => new nn.RNNCell(3, 5, any({ bais: false })), 'RNNCell: "bais" is not an option. Did you mean "bias"?'],
    GRUCell: [() => new nn.GRUCell(3, 5, any({ reset_after: false })), 'Did you mean "resetAfter"?'],
    LSTMCell: [() => new nn.LSTMCell(3, 5, any({ bais: false })), 'LSTMCell: "bais" is not an option. Did you mean "bias"?'],
    Linear: [() => new nn.Linear(3, 4, any({ bais: false })), 'Linear: "bais" is not an option. Did you mean "bias"?'],
    Embedding: [() => new nn.Embedding(3, 4, any({ padding_idx: 0 })), 'Did you mean "paddingIndex"?'],
    LayerNorm: [() => new nn.LayerNorm(4, any({ epsilon: 1 })), 'LayerNorm: "epsilon" is not an option.'],
    RMSNorm: [() => new nn.RMSNorm(4, any({ bias: false })), 'RMSNorm: "bias" is not an option.'],
    BatchNorm: [() => new nn.BatchNorm(4, any({ track_running_stats: false })), 'Did you mean "trackRunningStats"?'],
    FeedForward: [() => new nn.FeedForward(4, 8, any({ drop: 0.1 })), 'FeedForward: "drop" is not an option.'],
    MultiheadAttention: [() => new nn.MultiheadAttention(4, 2, any({ dropuot: 0.1 })), 'Did you mean "dropout"?'],
    AdditiveAttention: [() => new nn.AdditiveAttention(2, 2, 2, any({ bais: true })), 'Did you mean "bias"?'],
    TransformerEncoderLayer: [() => new nn.TransformerEncoderLayer(4, 2, any({ norm_first: true })), 'Did you mean "normFirst"?'],
    TransformerEncoder: [() => new nn.TransformerEncoder(4, 2, any({ nlayers: 2 })), 'Did you mean "numLayers"?'],
    TransformerDecoder: [() => new nn.TransformerDecoder(4, 2, any({ finalNrom: true })), 'Did you mean "finalNorm"?'],
    Transformer: [() => new nn.Transformer(4, 2, any({ numEncoderLayer: 1 })), 'Did you mean "numEncoderLayers"?'],
  });
});

describe("a layer refuses a value given instead of its options and says how to write it:", () => {
  refuses({
    "a number of layers": [() => new nn.LSTM(3, 5, any(2)), "write LSTM(…, { numLayers: 2 })"],
    "a number of layers of a GRU": [() => new nn.GRU(3, 5, any(2)), "write GRU(…, { numLayers: 2 })"],
    "a boolean": [() => new nn.Linear(3, 4, any(false)), "write Linear(…, { bias: false })"],
    "a boolean of a cell": [() => new nn.LSTMCell(3, 4, any(false)), "write LSTMCell(…, { bias: false })"],
    null: [() => new nn.Linear(3, 4, any(null)), "Linear: the options are null"],
    "a number of a norm": [() => new nn.LayerNorm(4, any(1e-6)), "write LayerNorm(…, { eps: 0.000001 })"],
    "a tensor": [() => new nn.RMSNorm(4, any(zeros([2]))), "RMSNorm: the options are"],
    "a text that means a boolean": [() => new nn.LSTM(3, 5, any({ bidirectional: "no" })), 'LSTM: bidirectional is "no"'],
    "a number that means a boolean": [() => new nn.Linear(3, 4, any({ bias: 0 })), "Linear: bias is 0"],
  });
});

describe("forward() of a layer refuses", () => {
  const x = zeros([1, 2, 4]);
  const h = zeros([1, 1, 5]);
  const attention = new nn.MultiheadAttention(4, 2);
  const encoder = new nn.TransformerEncoder(4, 2, { numLayers: 1, dimFeedforward: 4 });
  refuses({
    "the state of an LSTM as its options": [() => new nn.LSTM(4, 5).forward(x, any({ h, c: h })), "{ state: { h, c } }"],
    "the state of a GRU as its options": [() => new nn.GRU(4, 5).forward(x, any({ h })), "{ state: { h } }"],
    "a tensor as the options": [() => new nn.RNN(4, 5).forward(x, any(h)), "{ state: { h } }"],
    "a cell's state of another form": [() => new nn.LSTMCell(4, 5).forward(zeros([1, 4]), any([h, h])), "{ h, c }"],
    "isCausal of attention": [() => attention.forward(x, any({ isCausal: true })), 'Did you mean "causal"?'],
    "a key as the second argument of attention": [() => attention.forward(x, any(x)), "forward(x, { key, value })"],
    "isCausal of an encoder": [() => encoder.forward(x, any({ isCausal: true })), 'Did you mean "causal"?'],
  });

  it("but takes undefined for no options", () => {
    expect(new nn.LSTM(4, 5, undefined).forward(x, undefined).output.shape).toEqual([1, 2, 5]);
    expect(attention.forward(x, undefined).shape).toEqual([1, 2, 4]);
    expect(attention.forward(x, { causal: true, lengths: [2] }).shape).toEqual([1, 2, 4]);
  });
});
