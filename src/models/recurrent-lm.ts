import type { WindowBatch } from "../data/windows.js";
import * as init from "../nn/init.js";
import { Dropout, Embedding, Linear } from "../nn/layers.js";
import { Module } from "../nn/module.js";
import type { RecurrentLayer, RecurrentState } from "../nn/recurrent.js";
import type { Trainable } from "../nn/trainable.js";
import { copyOf } from "../ops/copy.js";
import { crossEntropy } from "../ops/cross-entropy.js";
import { indexSelect } from "../ops/gather.js";
import { select } from "../ops/views.js";
import { tensor } from "../tensor/create.js";
import { checkTensor } from "../tensor/internal.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkChoice, checkInteger, checkLayers, checkObject, toTokens } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkConfig, checkOptions, namesOf } from "../util/options.js";
import { type RecurrentArch, recurrentArchs, recurrentLayer } from "./archs.js";
import { checkBatch, checkTokens, readStep, type Scores, tokensOf } from "./step.js";
import type { StepModel } from "./step-model.js";

export interface RecurrentLMConfig {
  /** Number of different tokens, V. */
  readonly vocab: number;
  readonly arch: RecurrentArch;
  /** Size of a token's vector. */
  readonly embed: number;
  /** Units of a layer, H. */
  readonly hidden: number;
  /** Default 1. */
  readonly layers?: number;
  /** The probability of zeroing an activation before each layer and the output, while training. Default 0. */
  readonly dropout?: number;
  /**
   * The output layer uses the embedding's table, which has then fewer weights to learn and a better perplexity (Press and Wolf 2017).
   * Default: true where `embed` is `hidden`; with other sizes it is impossible.
   */
  readonly tieWeights?: boolean;
}

export const recurrentLMNames = namesOf<RecurrentLMConfig>({
  vocab: 1,
  arch: 1,
  embed: 1,
  hidden: 1,
  layers: 1,
  dropout: 1,
  tieWeights: 1,
});

/**
 * A recurrent language model.
 *
 * tokens -> embedding -> recurrent layers -> linear layer to the scores of the next token
 *
 * @param config see RecurrentLMConfig
 * @throws SeqgradError `value` for an unknown arch or tied weights of different sizes, `range` for a size below 1
 * @example
 * const model = new sg.models.RecurrentLM({ vocab: 65, arch: "lstm", embed: 64, hidden: 256 });
 * const tokens = sg.zeros([8, 20], { dtype: "int32" });
 * model.forward(tokens).logits.shape; // = [8, 20, 65]
 */
export class RecurrentLM extends Module implements Trainable<WindowBatch, RecurrentState>, StepModel<RecurrentState> {
  readonly embedding: Embedding;
  readonly rnn: RecurrentLayer;
  readonly linear: Linear;
  readonly config: Required<RecurrentLMConfig>;
  readonly #dropout: Dropout;

  constructor(config: RecurrentLMConfig) {
    super();
    checkConfig("RecurrentLM", config, recurrentLMNames);
    try {
      const { vocab, arch, embed, hidden, layers = 1, dropout = 0, tieWeights = embed === hidden } = config;
      this.config = { vocab, arch, embed, hidden, layers, dropout, tieWeights };
      checkChoice("RecurrentLM", "arch", arch, recurrentArchs);
      checkBoolean("RecurrentLM", "tieWeights", tieWeights);
      checkInteger("RecurrentLM", "vocab", vocab, 1);
      checkInteger("RecurrentLM", "embed", embed, 1);
      checkInteger("RecurrentLM", "hidden", hidden, 1);
      checkLayers("RecurrentLM", "layers", layers);
      if (tieWeights && embed !== hidden)
        throw new SeqgradError(
          "value",
          `RecurrentLM: tieWeights needs embed (${embed}) equal to hidden (${hidden}); make them equal, or leave tieWeights out.`,
        );
      this.embedding = new Embedding(vocab, embed);
      this.rnn = recurrentLayer(arch, embed, hidden, { layers, dropout });
      // A standard normal table would drown the first scores.
      if (tieWeights) init.normal(this.embedding.weight, 0, 1 / Math.sqrt(embed));
      this.linear = new Linear(hidden, vocab, tieWeights ? { weight: this.embedding.weight } : {});
      this.#dropout = new Dropout(dropout);
    } catch (error) {
      throw this.abandon(error);
    }
  }

  /**
   * Scores the token after each token.
   *
   * @param tokens int32 `[B, T]`, each in 0..V-1
   * @param options `state`: the state before the first token, default zeros
   * @returns logits `[B, T, V]` and the state after the last token
   * @throws SeqgradError `range` for an unknown token, `shape`, `dtype`
   */
  forward(tokens: Tensor, options: { state?: RecurrentState | undefined } = {}): { logits: Tensor; state: RecurrentState } {
    checkOptions("RecurrentLM", options, ["state"]);
    checkTokens("RecurrentLM", tokens);
    const x = this.#drop(this.embedding.forward(tokens));
    const { output, state } = this.rnn.forward(x, options);
    return { logits: this.linear.forward(this.#drop(output)), state };
  }

  /**
   * Returns the mean cross-entropy of the next tokens, and the state after them.
   *
   * @param batch windows over a text, as `data.RandomWindows` and `data.ContinuousWindows` make them
   * @param state the state before the first token; default zeros
   * @returns `loss`, a scalar, in nats, and `state` after the last token
   * @throws SeqgradError `value` for a batch of another form, `range` for an unknown token
   */
  loss(batch: WindowBatch, state?: RecurrentState): { loss: Tensor; state: RecurrentState } {
    checkBatch("RecurrentLM", batch, "x", "y", "shape");
    const next = this.forward(tensor(batch.x, batch.shape), { state });
    return { loss: crossEntropy(next.logits, tensor(batch.y, batch.shape)), state: next.state };
  }

  /**
   * Reads tokens and scores the next one: what generate() calls, for a model in evaluation mode. Release the new state when it is not
   * needed any more.
   *
   * @param tokens at least one, after the tokens that led to `state`
   * @param state the state of an earlier step; default none
   * @returns the scores `[V]` and the new state
   * @throws SeqgradError `range` for an unknown token, `value` for no token
   */
  async step(tokens: ArrayLike<number>, state?: RecurrentState): Promise<Scores<RecurrentState>> {
    return this.#read(tokens, undefined, () => state);
  }

  /**
   * Reads one token for each of R texts and scores the next: what beamSearch() calls, for a model in evaluation mode.
   *
   * @param tokens R tokens; `tokens[r]` continues row `rows[r]` of the state
   * @param state the state of an earlier step
   * @param rows R indices of rows of the state
   * @returns the scores `[R, V]` and the new state, of R rows
   * @throws SeqgradError `range` for an unknown token or row, `shape` for another number of rows than tokens
   */
  async stepRows(tokens: ArrayLike<number>, state: RecurrentState, rows: ArrayLike<number>): Promise<Scores<RecurrentState>> {
    checkState(state);
    return this.#read(tokens, rows, () => {
      const index = tensor(toTokens("RecurrentLM", "rows", rows), [rows.length]);
      const h = indexSelect(state.h, index, { axis: 1 });
      return state.c ? { h, c: indexSelect(state.c, index, { axis: 1 }) } : { h };
    });
  }

  #read(
    ids: ArrayLike<number>,
    rows: ArrayLike<number> | undefined,
    stateOf: () => RecurrentState | undefined,
  ): Promise<Scores<RecurrentState>> {
    return readStep(() => {
      const { logits, state } = this.forward(tokensOf("RecurrentLM", ids, rows), { state: stateOf() });
      return { last: copyOf(select(logits, -1, { axis: 1 })), state };
    });
  }

  /**
   * Frees a state that step() or stepRows() returned.
   *
   * @param state the state
   */
  release(state: RecurrentState): void {
    checkState(state);
    state.h.dispose();
    state.c?.dispose();
  }

  #drop(x: Tensor): Tensor {
    return this.training ? this.#dropout.forward(x) : x;
  }
}

/** Throws unless the state is one that step() answered. */
function checkState(state: RecurrentState): void {
  const { h, c } = checkObject("RecurrentLM", "the state", state, "one that step() answered");
  checkTensor("RecurrentLM", h, "the state's h");
  if (c !== undefined) checkTensor("RecurrentLM", c, "the state's c");
}
