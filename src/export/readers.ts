import { Forecaster } from "../models/forecaster.js";
import { LogisticRegression } from "../models/logistic-regression.js";
import { Recognizer } from "../models/recognizer.js";
import { SequenceClassifier } from "../models/sequence-classifier.js";
import { SequenceTagger } from "../models/sequence-tagger.js";
import { encoded } from "./encoders.js";
import { type Exporter, exporter } from "./exporter.js";
import type { Graph } from "./graph.js";
import { embedding, gemm, linear, pooled } from "./layers.js";

// Models that answer in one call.

function classifier(g: Graph, { embedding: table, encoder, pooling, linear: head, config }: SequenceClassifier): void {
  const tokens = g.input("tokens", "int32", ["batch", "time"]);
  const lengths = g.input("lengths", "int32", ["batch"]);
  const { output, last } = encoded(g, encoder, embedding(g, tokens, table), lengths);
  const whole = pooling ? pooled(g, pooling, output, lengths) : last();
  g.output("logits", gemm(g, whole, head), "float", ["batch", config.classes]);
}

/** The scores of the tags, and the tables of the random field, if there is one, which Viterbi's algorithm adds up. */
function tagger(g: Graph, model: SequenceTagger): void {
  const { embedding: table, characterEmbedding, characterEncoder, encoder, linear: head, crf, config } = model;
  const words = g.input("words", "int32", ["batch", "time"]);
  const lengths = g.input("lengths", "int32", ["batch"]);
  let x = embedding(g, words, table);
  if (characterEmbedding && characterEncoder) {
    const characters = g.input("characters", "int32", ["spellings", "letters"]);
    const letters = g.input("characterLengths", "int32", ["spellings"]);
    const index = g.input("spelling", "int32", ["batch", "time"]);
    const { last } = encoded(g, characterEncoder, embedding(g, characters, characterEmbedding), letters);
    x = g.concat([x, g.node("Gather", [last(), index])], 2);
  }
  const K = config.tags;
  g.output("emissions", linear(g, encoded(g, encoder, x, lengths).output, head), "float", ["batch", "time", K]);
  if (!crf) return;
  g.output("transitions", g.weight(crf.transitions), "float", [K, K]);
  for (const name of ["starts", "ends"] as const) g.output(name, g.weight(crf[name]), "float", [K]);
}

function forecaster(g: Graph, { encoder, linear: head, config }: Forecaster): void {
  const { channels, horizon, quantiles } = config;
  const past = g.input("past", "float", ["batch", "time", channels]);
  const lengths = g.node("Expand", [g.cast(g.size(past, 1), "int32"), g.size(past, 0)]);
  const change = g.reshape(gemm(g, encoded(g, encoder, past, lengths).last(), head), 0, horizon, channels, quantiles.length);
  const base = g.reshape(g.select(past, -1, 1), 0, 1, channels, 1);
  g.output("quantiles", g.add(change, base), "float", ["batch", horizon, channels, quantiles.length]);
}

function recognizer(g: Graph, { encoder, linear: head, config }: Recognizer): void {
  const frames = g.input("frames", "float", ["batch", "time", config.features]);
  const lengths = g.input("lengths", "int32", ["batch"]);
  const logits = linear(g, encoded(g, encoder, frames, lengths).output, head);
  g.output("logProbabilities", g.node("LogSoftmax", [logits], { axis: -1 }), "float", ["batch", "time", config.classes]);
}

function logisticRegression(g: Graph, { labels, parameters }: LogisticRegression): void {
  const K = labels.length;
  const n = parameters.length / K - 1;
  const features = g.input("features", "float", ["batch", n]);
  const [weight, bias] = [parameters.subarray(0, K * n), parameters.subarray(K * n)];
  const scores = g.node("Gemm", [features, g.initializer("weight", [K, n], weight), g.initializer("bias", [K], bias)], { transB: 1 });
  g.output("probabilities", g.node("Softmax", [scores], { axis: -1 }), "float", ["batch", K]);
}

export const readers: readonly Exporter[] = [
  exporter(SequenceClassifier, { model: classifier }),
  exporter(SequenceTagger, { model: tagger }),
  exporter(Forecaster, { model: forecaster }),
  exporter(Recognizer, { model: recognizer }),
  exporter(LogisticRegression, { model: logisticRegression }),
];
