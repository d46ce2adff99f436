import { LogisticRegression } from "../models/logistic-regression.js";
import { Module } from "../nn/module.js";
import { checkChoice, checkInteger, isRecord, kindOf } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkOptions, namesOf } from "../util/options.js";
import type { Exporter } from "./exporter.js";
import { Graph, Weights } from "./graph.js";
import { languageModels } from "./language.js";
import { encodeModel, type Opset, opsets } from "./onnx.js";
import { readers } from "./readers.js";
import { writers } from "./writers.js";

export interface OnnxOptions {
  /** The version of ONNX's operators: 17, or 23 with Attention, RotaryEmbedding and RMSNormalization. Default 17. */
  readonly opset?: Opset;
  /**
   * Tensors of this many bytes or more go to a file of their own, `model.onnx.data`. Default: none, unless all weights are over 2 GB, which
   * one file cannot hold; then 1024.
   */
  readonly externalData?: number;
}

/** A task, as far as it describes what its model cannot. */
interface Described {
  readonly model: Module;
  readonly type: string;
  describe(): { readonly config: object; readonly tokenizer?: unknown; readonly vocabulary?: unknown };
}

const exporters = [...readers, ...languageModels, ...writers];

/** The models and tasks that toOnnx() takes. */
type Exportable = Module | LogisticRegression | Described;

const optionNames = namesOf<OnnxOptions>({ opset: 1, externalData: 1 });

/** The most bytes of weights in one file, with room for the graph: protobuf ends at 2 GB. */
const MOST = 2 ** 31 - 2 ** 24;

/**
 * Writes a trained model as ONNX, which runs in ONNX Runtime and its kin, in any language.
 *
 * A model that answers in one call is the file `model.onnx`; one that writes step by step is a graph of a step, and an encoder-decoder two:
 * `encoder.onnx` and `decoder.onnx`. Batch and time are free. The metadata of each file hold the task's config with its labels and scaling,
 * its tokenizer and its vocabulary. docs/export.md lists inputs and outputs.
 *
 * @param target a model of `models`, or a task
 * @param options operators and external data: see OnnxOptions
 * @returns the bytes of each file by its name
 * @throws SeqgradError `value` for a model or a layer that ONNX or this function does not know, with its name; `range` for an option
 * @example
 * import { toOnnx } from "seqgrad/export";
 * const model = new sg.models.SequenceClassifier({ vocab: 100, classes: 2, arch: "gru", hidden: 8 });
 * const files = await toOnnx(model, { opset: 17 });
 * for (const [name, file] of files) await store.write(name, file);
 */
export async function toOnnx(target: Exportable, options: OnnxOptions = {}): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  checkOptions("toOnnx", options, optionNames);
  const { opset = 17, externalData } = options;
  checkChoice("toOnnx", "opset", opset, opsets);
  if (externalData !== undefined) checkInteger("toOnnx", "externalData", externalData);
  const { model, metadata } = described(target);
  const graphs = firstOf(model);
  if (!graphs) {
    const known = exporters.map(({ name }) => name).join(", ");
    throw new SeqgradError("value", `toOnnx: ${model.constructor.name} cannot be exported; give a task, or one of ${known}.`);
  }
  const weights = model instanceof Module ? await Weights.of(model) : new Weights();
  const isLarge = model instanceof Module && model.parameterCount() * 4 > MOST;
  const atLeast = externalData ?? (isLarge ? 1024 : undefined);
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [name, write] of Object.entries(graphs)) {
    const graph = new Graph(name, opset, weights);
    write(graph);
    const location = `${name}.onnx.data`;
    const encoded = encodeModel(graph.parts, opset, metadata, atLeast === undefined ? undefined : { location, atLeast });
    files.set(`${name}.onnx`, encoded.model);
    if (encoded.external) files.set(location, encoded.external);
  }
  return files;
}

function firstOf(model: object): ReturnType<Exporter["graphs"]> {
  for (const exporter of exporters) {
    const graphs = exporter.graphs(model);
    if (graphs) return graphs;
  }
  return undefined;
}

function described(target: Exportable): { model: Module | LogisticRegression; metadata: Record<string, string> } {
  if (target instanceof Module) {
    const config: unknown = Reflect.get(target, "config");
    return { model: target, metadata: isRecord(config) ? { config: JSON.stringify(config) } : {} };
  }
  if (target instanceof LogisticRegression) return { model: target, metadata: { config: JSON.stringify({ labels: target.labels }) } };
  if (!(target?.model instanceof Module) || typeof target.describe !== "function")
    throw new SeqgradError("value", `toOnnx: the model is ${kindOf(target)}; give a model of sg.models, or a task of sg.tasks.`);
  const { config, tokenizer, vocabulary } = target.describe();
  const all = { config: { model_type: target.type, ...config }, tokenizer, vocabulary };
  const given = Object.entries(all).filter(([, value]) => value !== undefined);
  return { model: target.model, metadata: Object.fromEntries(given.map(([key, value]) => [key, JSON.stringify(value)])) };
}
