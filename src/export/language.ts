import { MaskedLM } from "../models/masked-lm.js";
import { RecurrentLM } from "../models/recurrent-lm.js";
import { TransformerLM } from "../models/transformer-lm.js";
import type { LearnedPositionalEmbedding } from "../nn/positions.js";
import { type Exporter, exporter } from "./exporter.js";
import type { Graph, Value } from "./graph.js";
import { embedding, gelu, gemm, linear, norm, tiedLinear } from "./layers.js";
import { recurrent } from "./recurrent.js";
import { cacheInputs, cacheOutputs, stateInputs, stateOutputs } from "./state.js";
import { causalBias, encoderStack, type KeysAndValues, transformer } from "./transformer.js";

/** A recurrent language model: tokens after a state, and the state after them. */
function recurrentLM(g: Graph, { embedding: table, rnn, linear: head, config }: RecurrentLM): void {
  const tokens = g.input("tokens", "int32", ["batch", "time"]);
  const { output, state } = recurrent(g, rnn, embedding(g, tokens, table), { state: stateInputs(g, rnn) });
  const logits = config.tieWeights ? tiedLinear(g, output, table.weight, head.bias) : linear(g, output, head);
  g.output("logits", logits, "float", ["batch", "time", config.vocab]);
  stateOutputs(g, rnn, state, "next.");
}

/** Rows of a table of positions, added to x `[B, T, D]`. */
export const placed = (g: Graph, x: Value, { weight }: LearnedPositionalEmbedding, positions = g.counting(g.size(x, 1))): Value =>
  g.add(x, g.node("Gather", [g.weight(weight), positions]));

/** A Transformer as a language model: tokens after a cache of keys and values, and the cache with theirs. */
function transformerLM(g: Graph, { embedding: table, positions: learned, decoder, linear: head, config }: TransformerLM): void {
  const { layers, kvHeads: heads, hidden, heads: queries, vocab, context } = config;
  const sizes = { layers, heads, size: hidden / queries };
  const tokens = g.input("tokens", "int32", ["batch", "time"]);
  const past = cacheInputs(g, "past", sizes);
  const first = g.size(past[0]?.k ?? "", 2);
  const time = g.size(tokens, 1);
  const positions = g.counting(time, first);
  const x = embedding(g, tokens, table);
  const kept: KeysAndValues[] = [];
  const cache = { past, kept };
  const bias = causalBias(g, positions, g.counting(g.add(first, time)));
  const y = encoderStack(g, decoder, learned ? placed(g, x, learned, positions) : x, {
    ...{ bias, cache, rotary: { positions, most: context } },
  });
  g.output("logits", head ? linear(g, y, head) : tiedLinear(g, y, table.weight), "float", ["batch", "time", vocab]);
  cacheOutputs(g, "present", cache.kept, sizes, "past + time");
}

/** BERT's kind: the vectors of the tokens, and what the model's heads make of them. */
function maskedLM(g: Graph, model: MaskedLM): void {
  const { embedding: table, positions, segments: kinds, norm: first, encoder, transform, transformNorm, bias, pooler, classifier } = model;
  const { vocab, hidden: D, classes } = model.config;
  const tokens = g.input("tokens", "int32", ["batch", "time"]);
  const segments = g.input("segments", "int32", ["batch", "time"]);
  const lengths = g.input("lengths", "int32", ["batch"]);
  const x = placed(g, g.add(embedding(g, tokens, table), embedding(g, segments, kinds)), positions);
  const hidden = transformer(g, encoder, norm(g, x, first), { lengths });
  g.output("hidden", hidden, "float", ["batch", "time", D]);
  if (transform && transformNorm) {
    const filled = tiedLinear(g, norm(g, gelu(g, linear(g, hidden, transform)), transformNorm), table.weight, bias);
    g.output("logits", filled, "float", ["batch", "time", vocab]);
  }
  if (!pooler) return;
  const pooled = g.node("Tanh", [gemm(g, g.select(hidden, 0, 1), pooler)]);
  g.output("pooled", pooled, "float", ["batch", D]);
  if (classifier) g.output("classes", gemm(g, pooled, classifier), "float", ["batch", classes]);
}

export const languageModels: readonly Exporter[] = [
  exporter(MaskedLM, { model: maskedLM }),
  exporter(RecurrentLM, { model: recurrentLM }),
  exporter(TransformerLM, { model: transformerLM }),
];
