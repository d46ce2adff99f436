import { Captioner } from "../models/captioner.js";
import type { RecurrentDecoder } from "../models/recurrent-decoder.js";
import { RecurrentSeq2Seq } from "../models/recurrent-seq2seq.js";
import { TransformerSeq2Seq } from "../models/transformer-seq2seq.js";
import { AdditiveAttention, DotAttention, GeneralAttention } from "../nn/attention-scores.js";
import type { Embedding } from "../nn/layers.js";
import { LSTM } from "../nn/recurrent.js";
import { SeqgradError } from "../util/errors.js";
import { type Exporter, exporter } from "./exporter.js";
import type { Graph, Value } from "./graph.js";
import { placed } from "./language.js";
import { embedding, gemm, linear, pooled, within } from "./layers.js";
import { sinusoidal } from "./positions.js";
import { recurrent, type StateValues } from "./recurrent.js";
import { cacheInputs, cacheOutputs, stateInputs, stateOutputs } from "./state.js";
import { causalBias, decoderStack, type KeysAndValues, lengthBias, memoryOf, transformer } from "./transformer.js";

// Models that read a source once and then write step by step: the outputs of `encoder` are inputs of `decoder` by the same names.

/** A recurrent decoder, whatever it reads. */
type Decoder = Pick<RecurrentDecoder<never>, "attention" | "combine" | "linear" | "rnn" | "targetEmbedding" | "config">;

/** The size of the states that a decoder looks back at, and of their projection. */
function keySizes({ attention, combine, config: { hidden: H } }: Decoder): { readonly values: number; readonly keys: number } {
  const values = (combine?.weight.shape[1] ?? 0) - H;
  return { values, keys: attention instanceof DotAttention ? values : H };
}

/** The outputs that the decoder starts from and looks back at. @param output the states `[batch, source, K]` */
function sourceOutputs(g: Graph, model: Decoder, output: Value, state: StateValues): void {
  const { attention, rnn, config } = model;
  if (attention) {
    const sizes = keySizes(model);
    g.output("values", output, "float", ["batch", "source", sizes.values]);
    const keys = attention instanceof DotAttention ? output : linear(g, output, attention.key);
    g.output("keys", keys, "float", ["batch", "source", sizes.keys]);
  }
  stateOutputs(g, rnn, state);
  if (config.inputFeeding)
    g.output("feed", zeros(g, g.concat([g.size(output, 0), g.ints(config.hidden)], 0)), "float", ["batch", config.hidden]);
}

const zeros = (g: Graph, shape: Value): Value => g.node("Expand", [g.float(0), shape]);

function recurrentEncoder(g: Graph, model: RecurrentSeq2Seq): void {
  const { sourceEmbedding, encoder, bridge, config } = model;
  const { layers, hidden: H, reverse } = config;
  const tokens = g.input("tokens", "int32", ["batch", "source"]);
  const lengths = g.input("lengths", "int32", ["batch"]);
  const x = embedding(g, tokens, sourceEmbedding);
  const read = reverse ? g.node("ReverseSequence", [x, g.cast(lengths, "int64")], { batch_axis: 0, time_axis: 1 }) : x;
  const { output, state } = recurrent(g, encoder, read, { lengths });
  const first = (last: Value, i: number) => {
    const layer = bridge[i];
    if (!layer) return last;
    const both = g.reshape(g.transpose(g.reshape(last, layers, 2, -1, H), 0, 2, 1, 3), 0, 0, 2 * H);
    return linear(g, both, layer);
  };
  const h = first(state.h, 0);
  const c = state.c === undefined ? undefined : first(state.c, 1);
  sourceOutputs(g, model, output, { h: bridge.length > 0 ? g.node("Tanh", [h]) : h, c });
}

function captionEncoder(g: Graph, model: Captioner): void {
  const { projection, positions, pooling, bridge, rnn, config } = model;
  const { features, layers, hidden: H, inject, inputFeeding } = config;
  const frames = g.input("frames", "float", ["batch", "source", features]);
  const lengths = g.input("lengths", "int32", ["batch"]);
  const places = g.node("Tanh", [placed(g, linear(g, frames, projection), positions)]);
  const pool = gemm(g, pooled(g, pooling, places, lengths), bridge);
  if (inject === "input") {
    const read = inputFeeding ? g.concat([pool, zeros(g, g.concat([g.size(pool, 0), g.ints(H)], 0))], 1) : pool;
    sourceOutputs(g, model, places, recurrent(g, rnn, g.unsqueeze(read, 1), {}).state);
    return;
  }
  const parts = rnn instanceof LSTM ? 2 : 1;
  const states = g.transpose(g.reshape(g.node("Tanh", [pool]), 0, parts * layers, H), 1, 0, 2);
  const [h = "", c] = g.split(states, new Array<number>(parts).fill(layers), 0);
  sourceOutputs(g, model, places, { h, c });
}

/** The scores of queries `[B, T, H]` and projected keys: `[B, T, S]`. */
function alignment(g: Graph, attention: NonNullable<Decoder["attention"]>, query: Value, keys: Value): Value {
  if (attention instanceof AdditiveAttention) {
    const pairs = g.node("Tanh", [g.add(g.unsqueeze(linear(g, query, attention.query), 2), g.unsqueeze(keys, 1))]);
    return g.squeeze(g.node("MatMul", [pairs, g.unsqueeze(g.weight(attention.v), 1)]), 3);
  }
  if (!(attention instanceof DotAttention || attention instanceof GeneralAttention))
    throw new SeqgradError("value", "toOnnx: the attention is of an unknown kind; use additive, dot or general.");
  return g.mul(g.node("MatMul", [query, g.transpose(keys, 0, 2, 1)]), g.float(attention.scale));
}

/** A step of a recurrent decoder: of one token where it reads its last attentional state. */
function recurrentStep(g: Graph, model: Decoder): void {
  const { attention, combine, linear: head, rnn, targetEmbedding, config } = model;
  const { hidden: H, targetVocab, inputFeeding, window } = config;
  const time = inputFeeding ? 1 : "time";
  const tokens = g.input("tokens", "int32", ["batch", time]);
  const state = stateInputs(g, rnn);
  const x = embedding(g, tokens, targetEmbedding);
  const read = inputFeeding ? g.concat([x, g.unsqueeze(g.input("feed", "float", ["batch", H]), 1)], 2) : x;
  const { output, state: next } = recurrent(g, rnn, read, { state });
  let y = output;
  if (attention && combine) {
    const sizes = keySizes(model);
    const values = g.input("values", "float", ["batch", "source", sizes.values]);
    const keys = g.input("keys", "float", ["batch", "source", sizes.keys]);
    const there = g.unsqueeze(within(g, values, g.input("lengths", "int32", ["batch"])), 1);
    const visible = window > 0 ? g.node("And", [there, near(g, values, output, window)]) : there;
    const scores = g.node("Where", [visible, alignment(g, attention, output, keys), g.float(LOWEST)]);
    const weights = g.node("Where", [visible, g.node("Softmax", [scores], { axis: -1 }), g.float(0)]);
    y = g.node("Tanh", [linear(g, g.concat([g.node("MatMul", [weights, values]), output], 2), combine)]);
    g.output("attention", weights, "float", ["batch", time, "source"]);
  }
  g.output("logits", linear(g, y, head), "float", ["batch", time, targetVocab]);
  stateOutputs(g, rnn, next, "next.");
  if (inputFeeding) g.output("next.feed", g.squeeze(y, 1), "float", ["batch", H]);
}

/** The lowest finite float32: a query that sees no key has weights of 0, not NaN. */
const LOWEST = -3.4028234663852886e38;

/** True at the keys around a step's position, the input `position` for the first step: `[T, S]`. */
function near(g: Graph, values: Value, steps: Value, window: number): Value {
  const position = g.cast(g.input("position", "int32", [1]), "int64");
  const middles = g.unsqueeze(g.counting(g.size(steps, 1), position), 1);
  const distance = g.node("Abs", [g.node("Sub", [g.counting(g.size(values, 1)), middles])]);
  return g.node("LessOrEqual", [distance, g.constant("int64", [Math.floor(window / 2)], [])]);
}

/** Embeddings times sqrt(D) at their positions. */
const scaled = (g: Graph, tokens: Value, table: Embedding, D: number, first?: Value): Value =>
  sinusoidal(g, g.mul(embedding(g, tokens, table), g.float(Math.sqrt(D))), D, first);

const sizesOf = ({ config: { layers, heads, hidden } }: TransformerSeq2Seq) => ({ layers, heads, size: hidden / heads });

function transformerEncoder(g: Graph, model: TransformerSeq2Seq): void {
  const { transformer: stack, sourceEmbedding, config } = model;
  const tokens = g.input("tokens", "int32", ["batch", "source"]);
  const lengths = g.input("lengths", "int32", ["batch"]);
  const memory = transformer(g, stack.encoder, scaled(g, tokens, sourceEmbedding, config.hidden), { lengths });
  const sizes = sizesOf(model);
  cacheOutputs(g, "memory", memoryOf(g, stack.decoder, memory), sizes, "source");
  const empty = zeros(g, g.concat([g.size(memory, 0), g.ints(sizes.heads, 0, sizes.size)], 0));
  const none = Array.from({ length: sizes.layers }, () => ({ k: empty, v: empty }));
  cacheOutputs(g, "past", none, sizes, "past");
}

function transformerStep(g: Graph, model: TransformerSeq2Seq): void {
  const { transformer: stack, targetEmbedding, linear: head, config } = model;
  const sizes = sizesOf(model);
  const tokens = g.input("tokens", "int32", ["batch", "time"]);
  const past = cacheInputs(g, "past", sizes);
  const layers = cacheInputs(g, "memory", sizes, "source");
  const lengths = g.input("lengths", "int32", ["batch"]);
  const [first, time] = [g.size(past[0]?.k ?? "", 2), g.size(tokens, 1)];
  const positions = g.counting(time, first);
  const kept: KeysAndValues[] = [];
  const cache = { past, kept };
  const seen = { cache, bias: causalBias(g, positions, g.counting(g.add(first, time))) };
  const keys = g.transpose(layers[0]?.k ?? "", 0, 2, 1, 3);
  const memory = { layers, bias: lengthBias(g, keys, lengths) };
  const y = decoderStack(g, stack.decoder, scaled(g, tokens, targetEmbedding, config.hidden, first), seen, memory);
  g.output("logits", linear(g, y, head), "float", ["batch", "time", config.targetVocab]);
  cacheOutputs(g, "present", cache.kept, sizes, "past + time");
}

export const writers: readonly Exporter[] = [
  exporter(RecurrentSeq2Seq, { encoder: recurrentEncoder, decoder: recurrentStep }),
  exporter(TransformerSeq2Seq, { encoder: transformerEncoder, decoder: transformerStep }),
  exporter(Captioner, { encoder: captionEncoder, decoder: recurrentStep }),
];
