import { Captioner } from "../models/captioner.js";
import { Forecaster } from "../models/forecaster.js";
import { LogisticRegression } from "../models/logistic-regression.js";
import { MaskedLM } from "../models/masked-lm.js";
import { Recognizer } from "../models/recognizer.js";
import { RecurrentLM } from "../models/recurrent-lm.js";
import { RecurrentSeq2Seq } from "../models/recurrent-seq2seq.js";
import { SequenceClassifier } from "../models/sequence-classifier.js";
import { SequenceTagger } from "../models/sequence-tagger.js";
import { TransformerLM } from "../models/transformer-lm.js";
import { TransformerSeq2Seq } from "../models/transformer-seq2seq.js";
import type { Graph } from "./graph.js";
import { maskedLM, recurrentLM, transformerLM } from "./language.js";
import { classifier, forecaster, logisticRegression, recognizer, tagger } from "./readers.js";
import { captionEncoder, recurrentEncoder, recurrentStep, transformerEncoder, transformerStep } from "./writers.js";

/** How a kind of model becomes graphs, by the names of their files. */
export interface Exporter {
  readonly name: string;
  /** The functions that write the graphs of a model; undefined for a model of another kind. */
  graphs(model: unknown): Readonly<Record<string, (g: Graph) => void>> | undefined;
}

type Writer<M> = (g: Graph, model: M) => void;

/** An exporter of the models of a class. */
const exporter = <M extends object>(
  of: { readonly name: string; readonly prototype: M },
  writers: Readonly<Record<string, Writer<M>>>,
): Exporter => ({
  name: of.name,
  graphs(model) {
    const isOne = (value: unknown): value is M => value instanceof Object && Object.prototype.isPrototypeOf.call(of.prototype, value);
    if (!isOne(model)) return undefined;
    return Object.fromEntries(Object.entries(writers).map(([name, write]) => [name, (g) => write(g, model)]));
  },
});

export const exporters: readonly Exporter[] = [
  exporter(SequenceClassifier, { model: classifier }),
  exporter(SequenceTagger, { model: tagger }),
  exporter(Forecaster, { model: forecaster }),
  exporter(Recognizer, { model: recognizer }),
  exporter(LogisticRegression, { model: logisticRegression }),
  exporter(MaskedLM, { model: maskedLM }),
  exporter(RecurrentLM, { model: recurrentLM }),
  exporter(TransformerLM, { model: transformerLM }),
  exporter(RecurrentSeq2Seq, { encoder: recurrentEncoder, decoder: recurrentStep }),
  exporter(TransformerSeq2Seq, { encoder: transformerEncoder, decoder: transformerStep }),
  exporter(Captioner, { encoder: captionEncoder, decoder: recurrentStep }),
];
