import type { TensorData } from "../backend/backend.js";
import type { Module } from "../nn/module.js";
import { contentOf, type ForeignValue, type TensorValue, valueFault } from "../tensor/value.js";
import { shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { nth } from "../util/nth.js";
import { sizeOf } from "../util/shape.js";

/** The source of a parameter: tensors one below the other, each stored as it is or, as GPT-2's, transposed. */
export interface Origin {
  readonly names: readonly string[];
  readonly transposed?: boolean;
  /** How the rows are shared out among several tensors. Default: evenly. */
  readonly shares?: readonly number[];
}

/** The names to look up for a parameter; undefined if there is nothing to look up. */
export type Origins = (name: string) => Origin | undefined;

/**
 * Overwrites a model's parameters from tensors under other names.
 *
 * @param ignored names that may be there and count for nothing
 * @throws SeqgradError `format` that lists all that is missing, of another shape or not expected; nothing has changed then
 */
export function loadForeign(
  op: string,
  model: Module,
  tensors: ReadonlyMap<string, ForeignValue>,
  originOf: Origins,
  ignored: RegExp,
): void {
  const faults: string[] = [];
  const used = new Set<string>();
  const state = new Map<string, TensorValue>();
  for (const [name, parameter] of model.namedParameters()) {
    const origin = originOf(name);
    if (!origin) throw new SeqgradError("state", `${op}: nothing is known to load ${name} from.`);
    const { names, transposed = false, shares = names.map(() => 1) } = origin;
    const [rows = 0, ...rest] = parameter.shape;
    const unit = rows / shares.reduce((a, b) => a + b);
    const data = new Float32Array(parameter.size);
    let filled = 0;
    for (const [part, from] of names.entries()) {
      const expected = [unit * nth(shares, part), ...rest];
      const stored = transposed ? expected.toReversed() : expected;
      const value = tensors.get(from);
      used.add(from);
      const isWide = value?.dtype === "float64";
      const fault = value && valueFault(from, isWide ? { ...value, dtype: "float32" } : value, { dtype: "float32", shape: stored });
      if (!value) faults.push(`${from} ${formatShape(stored)} is missing`);
      else if (fault) faults.push(fault);
      else data.set(rowMajor(value, transposed), filled);
      filled += sizeOf(expected);
    }
    state.set(name, { dtype: "float32", shape: parameter.shape, data });
  }
  for (const name of tensors.keys()) if (!used.has(name) && !ignored.test(name)) faults.push(`${name} is not expected`);
  if (faults.length > 0) throw new SeqgradError("format", `${op}: the tensors do not fit the model: ${faults.join("; ")}.`);
  model.loadStateDict(state);
}

function rowMajor(value: ForeignValue, transposed: boolean): TensorData {
  const numbers = contentOf(value, "float32");
  if (!transposed || value.shape.length < 2) return numbers;
  const [rows = 0, cols = 0] = value.shape;
  return Float32Array.from(numbers, (_, i) => numbers[(i % rows) * cols + Math.floor(i / rows)] ?? Number.NaN);
}

/** Throws unless the tensors are a map. */
export function checkTensorMap(op: string, tensors: ReadonlyMap<string, ForeignValue>): void {
  if (!(tensors instanceof Map))
    throw new SeqgradError("value", `${op}: the tensors are ${shown(tensors)}; give a Map, as io.loadModel() answers.`);
}

/** The tensors without a prefix that all or some of them have. */
export const withoutPrefix = (tensors: ReadonlyMap<string, ForeignValue>, prefix: string): Map<string, ForeignValue> =>
  new Map(Array.from(tensors, ([name, value]) => [name.startsWith(prefix) ? name.slice(prefix.length) : name, value]));

/** A number of a foreign config.json. */
export function numberOf(op: string, config: Readonly<Record<string, unknown>>, ...names: readonly string[]): number {
  const value = names.map((name) => config[name]).find((found) => found !== undefined);
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new SeqgradError("format", `${op}: ${names.join(" or ")} of the config is ${shown(value)}; expected a number.`);
}

/** An object of a foreign config.json. */
export const recordOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? { ...value } : {};

/** Names of settings, with a dot for one within another, and the values that can be honored. */
export type Settings = Readonly<Record<string, readonly unknown[]>>;

/**
 * Holds a foreign config.json to what a model here can be; what the config does not say is as there by default.
 * @throws SeqgradError `format` that lists every setting under which the model would give other results than there
 */
export function checkSettings(op: string, config: Readonly<Record<string, unknown>>, settings: Settings): void {
  const faults = Object.entries(settings).flatMap(([name, can]) => {
    const [key = "", within] = name.split(".");
    const value = within ? recordOf(config[key])[within] : config[key];
    return value === undefined || can.includes(value) ? [] : [`${name} is ${shown(value)}, expected ${can.map(String).join(" or ")}`];
  });
  if (faults.length > 0)
    throw new SeqgradError(
      "format",
      `${op}: the config has unsupported settings: ${faults.join("; ")}. Use a model without them; loading its weights anyway would give different results.`,
    );
}

const both = (names: readonly string[], kind: string) => names.map((name) => `${name}.${kind}`);

/** The parameters of a Transformer's layers in the names of GPT-2. */
export const gpt2Origin: Origins = (name) => {
  const plain: Record<string, string> = {
    "embedding.weight": "wte.weight",
    "positions.weight": "wpe.weight",
    "linear.weight": "lm_head.weight",
  };
  const [, layer, part = "", kind] = /^decoder\.layers\.(\d+)\.(.+?)[._](weight|bias)$/.exec(name) ?? [];
  const parts: Record<string, string> = {
    ...{ "self_attn.in_proj": "attn.c_attn", "self_attn.out_proj": "attn.c_proj" },
    ...{ linear1: "mlp.c_fc", linear2: "mlp.c_proj", norm1: "ln_1", norm2: "ln_2" },
  };
  if (layer) return { names: [`h.${layer}.${parts[part]}.${kind}`], transposed: !part.startsWith("norm") };
  return { names: [plain[name] ?? name.replace("decoder.norm", "ln_f")] };
};

/** The same in the names of Llama; each head of keys and values serves `group` heads of queries. */
export const llamaOrigin =
  (group: number): Origins =>
  (name) => {
    const plain: Record<string, string> = {
      ...{ "embedding.weight": "model.embed_tokens.weight", "decoder.norm.weight": "model.norm.weight", "linear.weight": "lm_head.weight" },
    };
    const [, layer, part = "", kind = ""] = /^decoder\.layers\.(\d+)\.(.+?)[._](weight|bias)$/.exec(name) ?? [];
    const parts: Record<string, readonly string[]> = {
      "self_attn.in_proj": ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
      "self_attn.out_proj": ["self_attn.o_proj"],
      linear1: ["mlp.gate_proj", "mlp.up_proj"],
      linear2: ["mlp.down_proj"],
      norm1: ["input_layernorm"],
      norm2: ["post_attention_layernorm"],
    };
    if (!layer) return plain[name] ? { names: [plain[name]] } : undefined;
    const places = parts[part]?.map((of) => `model.layers.${layer}.${of}`);
    return places && { names: both(places, kind), ...(part === "self_attn.in_proj" && { shares: [group, 1, 1] }) };
  };

/** The parameters of MaskedLM in the names of BERT. */
export const bertOrigin: Origins = (name) => {
  const plain: Record<string, string> = {
    "embedding.weight": "embeddings.word_embeddings.weight",
    "positions.weight": "embeddings.position_embeddings.weight",
    "segments.weight": "embeddings.token_type_embeddings.weight",
    bias: "cls.predictions.bias",
  };
  const parts: Record<string, readonly string[]> = {
    "self_attn.in_proj": ["query", "key", "value"].map((of) => `attention.self.${of}`),
    "self_attn.out_proj": ["attention.output.dense"],
    norm1: ["attention.output.LayerNorm"],
    linear1: ["intermediate.dense"],
    linear2: ["output.dense"],
    norm2: ["output.LayerNorm"],
  };
  const [, layer, part = "", kind = ""] = /^encoder\.layers\.(\d+)\.(.+?)[._](weight|bias)$/.exec(name) ?? [];
  const places = parts[part]?.map((of) => `encoder.layer.${layer}.${of}`);
  if (places) return { names: both(places, kind) };
  if (plain[name]) return { names: [plain[name]] };
  const heads: Record<string, string> = {
    ...{ norm: "embeddings.LayerNorm", transform: "cls.predictions.transform.dense", transformNorm: "cls.predictions.transform.LayerNorm" },
    ...{ pooler: "pooler.dense", classifier: "classifier" },
  };
  const [, head, ofHead] = /^(\w+)\.(weight|bias)$/.exec(name) ?? [];
  return head && heads[head] ? { names: [`${heads[head]}.${ofHead}`] } : undefined;
};
