import { SequenceClassifier } from "../models/sequence-classifier.js";
import type { Module } from "../nn/module.js";
import { encoded } from "./encoders.js";
import type { Graph } from "./graph.js";
import { embedding, gemm, pooled } from "./layers.js";

/** How a kind of model becomes graphs, by the names of their files. */
export interface Exporter {
  readonly of: abstract new (...args: never[]) => Module;
  graphs(model: Module): Readonly<Record<string, (g: Graph) => void>>;
}

/** An exporter of the models of a class. */
function exporter<M extends Module>(
  of: abstract new (...args: never[]) => M,
  graphs: (model: M) => Readonly<Record<string, (g: Graph) => void>>,
): Exporter {
  return {
    of,
    graphs(model) {
      if (!(model instanceof of)) throw new TypeError(`${model.constructor.name} is not a ${of.name}`);
      return graphs(model);
    },
  };
}

function classifier(g: Graph, { embedding: table, encoder, pooling, linear: head, config }: SequenceClassifier): void {
  const tokens = g.input("tokens", "int32", ["batch", "time"]);
  const lengths = g.input("lengths", "int32", ["batch"]);
  const { output, last } = encoded(g, encoder, embedding(g, tokens, table), lengths);
  const whole = pooling ? pooled(g, pooling, output, lengths) : last();
  g.output("logits", gemm(g, whole, head), "float", ["batch", config.classes]);
}

export const exporters: readonly Exporter[] = [exporter(SequenceClassifier, (model) => ({ model: (g) => classifier(g, model) }))];
