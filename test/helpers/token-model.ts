import * as nn from "../../src/nn/index.js";
import type { Tensor } from "../../src/tensor/tensor.js";

const cells = { RNN: nn.RNN, GRU: nn.GRU, LSTM: nn.LSTM };

export interface TokenModelOptions {
  readonly cell: keyof typeof cells;
  readonly vocabulary: number;
  readonly embed: number;
  readonly hidden: number;
  readonly outputs: number;
  readonly numLayers?: number;
  readonly bidirectional?: boolean;
}

/** The model of golden/fixtures/models.py: tokens [B, T] -> embedding -> recurrent layer -> linear -> logits [B, T, outputs]. */
export class TokenModel extends nn.Module {
  readonly embedding: nn.Embedding;
  readonly rnn: nn.RNN | nn.GRU | nn.LSTM;
  readonly linear: nn.Linear;

  constructor({ cell, vocabulary, embed, hidden, outputs, ...options }: TokenModelOptions) {
    super();
    this.embedding = new nn.Embedding(vocabulary, embed);
    this.rnn = new cells[cell](embed, hidden, options);
    this.linear = new nn.Linear(hidden * this.rnn.directions, outputs);
  }

  forward(tokens: Tensor): Tensor {
    return this.linear.forward(this.rnn.forward(this.embedding.forward(tokens)).output);
  }
}
