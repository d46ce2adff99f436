import { writeSafetensors } from "../io/safetensors.js";
import { bertOrigin, gpt2Origin, llamaOrigin, type Origins } from "../models/hugging-face.js";
import { MaskedLM, type MaskedLMConfig } from "../models/masked-lm.js";
import { TransformerLM, type TransformerLMConfig } from "../models/transformer-lm.js";
import type { TensorValue } from "../tensor/value.js";
import type { Tokenizer } from "../text/tokenizer.js";
import { checkInteger, kindOf, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { checkOptions, namesOf } from "../util/options.js";
import { sizeOf } from "../util/shape.js";

export interface HuggingFaceOptions {
  /** The most bytes of weights in a file; where there are more, they are shared out, with an index. Default 5e9. */
  readonly maxShard?: number;
}

/** A task that writes with such a model. */
interface Writing {
  readonly model: unknown;
  readonly tokenizer: Pick<Tokenizer, "special" | "toJSON">;
}

const optionNames = namesOf<HuggingFaceOptions>({ maxShard: 1 });
const OP = "toHuggingFace";

/** A model under the names of Hugging Face's libraries. */
interface Foreign {
  readonly config: Readonly<Record<string, unknown>>;
  readonly originOf: Origins;
  /** A name of the library's model with a head, for one without. */
  readonly named: (name: string) => string;
}

/**
 * Writes a model of GPT-2's, Llama's or BERT's architecture as a folder that `AutoModelForCausalLM`, `AutoModelForMaskedLM` or
 * `AutoModelForSequenceClassification` of Python's transformers loads: config.json, model.safetensors, and a task's tokenizer.json.
 *
 * @param target a TransformerLM, a MaskedLM, or a LanguageModel task of arch transformer
 * @param options `maxShard`: see HuggingFaceOptions
 * @returns the bytes of each file by its name
 * @throws SeqgradError `value` for another model, or for a combination of options that neither GPT-2 nor Llama has; `range` for an option
 * @example
 * import { toHuggingFace } from "seqgrad/export";
 * const gpt = new sg.models.TransformerLM({ vocab: 65, context: 64, layers: 2, heads: 4, hidden: 32, activation: "geluTanh" });
 * for (const [name, file] of await toHuggingFace(gpt)) await store.write(name, file);
 */
export async function toHuggingFace(
  target: TransformerLM | MaskedLM | Writing,
  options: HuggingFaceOptions = {},
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  checkOptions(OP, options, optionNames);
  const { maxShard = 5e9 } = options;
  checkInteger(OP, "maxShard", maxShard, 1);
  const task = target instanceof TransformerLM || target instanceof MaskedLM ? undefined : checkTask(target);
  const model = task ? task.model : target;
  if (!(model instanceof TransformerLM || model instanceof MaskedLM)) {
    const got = model instanceof Object ? model.constructor.name : kindOf(model);
    throw new SeqgradError("value", `${OP}: the model is ${got}; expected TransformerLM or MaskedLM. toOnnx() writes every model.`);
  }
  const { config, originOf, named } = model instanceof MaskedLM ? bert(model.config) : causal(model.config);
  const tensors = new Map<string, TensorValue>();
  for (const [name, value] of await model.stateDict()) {
    const origin = originOf(name);
    if (!origin) throw new SeqgradError("value", `${OP}: ${name} has no name in a model of ${String(config.model_type)}.`);
    for (const [part, tensor] of partsOf(value, origin)) tensors.set(named(part), tensor);
  }
  const files = sharded(tensors, maxShard);
  const { eos, sos, pad } = task?.tokenizer.special ?? {};
  const ids = Object.entries({ bos_token_id: sos, eos_token_id: eos, pad_token_id: pad }).filter(([, id]) => typeof id === "number");
  files.set("config.json", json({ ...config, ...Object.fromEntries(ids), torch_dtype: "float32" }));
  const tokenizer: unknown = task?.tokenizer.toJSON();
  // A vocabulary has another name than a whole tokenizer.
  if (tokenizer instanceof Object) files.set("model" in tokenizer ? "tokenizer.json" : "vocab.json", json(tokenizer));
  return files;
}

function checkTask(target: Writing): Writing {
  if (target instanceof Object && "model" in target && typeof target.tokenizer?.toJSON === "function") return target;
  const got = target instanceof Object ? target.constructor.name : shown(target);
  throw new SeqgradError("value", `${OP}: the model is ${got}; expected a TransformerLM, a MaskedLM or a LanguageModel task.`);
}

const json = (value: unknown): Uint8Array<ArrayBuffer> => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);

/** The tensors that a parameter is there: its rows shared out, or its transpose. */
function* partsOf({ data, shape }: TensorValue, origin: NonNullable<ReturnType<Origins>>): Generator<[string, TensorValue]> {
  const { names, transposed = false, shares = names.map(() => 1) } = origin;
  const [rows = 1, ...rest] = shape;
  const unit = rows / shares.reduce((a, b) => a + b);
  let start = 0;
  for (const [i, name] of names.entries()) {
    const own = [unit * nth(shares, i), ...rest];
    const values = Float32Array.from(data.subarray(start, start + sizeOf(own)));
    start += values.length;
    const [R = 1, C = 1] = own;
    const isTurned = transposed && own.length === 2;
    const turned = isTurned ? Float32Array.from(values, (_, k) => nth(values, (k % R) * C + Math.floor(k / R))) : values;
    yield [name, { dtype: "float32", shape: isTurned ? [C, R] : own, data: turned }];
  }
}

/** One file of weights, or several and their index. */
function sharded(tensors: ReadonlyMap<string, TensorValue>, most: number): Map<string, Uint8Array<ArrayBuffer>> {
  const shards: Map<string, TensorValue>[] = [];
  let [room, total] = [0, 0];
  for (const [name, tensor] of tensors) {
    const bytes = tensor.data.length * 4;
    if (bytes > room || shards.length === 0) {
      shards.push(new Map());
      room = most;
    }
    shards.at(-1)?.set(name, tensor);
    room -= bytes;
    total += bytes;
  }
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  if (shards.length === 1) return files.set("model.safetensors", writeSafetensors(tensors, { format: "pt" }));
  const map: Record<string, string> = {};
  const numbered = (n: number) => String(n).padStart(5, "0");
  for (const [i, shard] of shards.entries()) {
    const file = `model-${numbered(i + 1)}-of-${numbered(shards.length)}.safetensors`;
    files.set(file, writeSafetensors(shard, { format: "pt" }));
    for (const name of shard.keys()) map[name] = file;
  }
  return files.set("model.safetensors.index.json", json({ metadata: { total_size: total }, weight_map: map }));
}

/** GPT-2 or Llama, whichever has the model's options. */
function causal(config: Required<TransformerLMConfig>): Foreign {
  const isLlama = config.positions === "rotary";
  const expected = isLlama
    ? { norm: ["rms"], activation: ["swiglu"], bias: [false] }
    : { norm: ["layer"], activation: ["gelu", "geluTanh"], bias: [true], kvHeads: [config.heads] };
  const own: Readonly<Record<string, unknown>> = { ...config };
  const faults = Object.entries(expected).flatMap(([name, can]) =>
    can.some((value) => value === own[name]) ? [] : [`${name} is ${shown(own[name])}, expected ${can.join(" or ")}`],
  );
  if (faults.length > 0) {
    const kind = isLlama ? "Llama, with rotary positions" : "GPT-2, with learned positions";
    throw new SeqgradError("value", `${OP}: the model is neither GPT-2 nor Llama: ${kind}, differs: ${faults.join("; ")}. Use toOnnx().`);
  }
  return isLlama ? llama(config) : gpt2(config);
}

const gpt2 = (config: Required<TransformerLMConfig>): Foreign => ({
  config: {
    ...{ model_type: "gpt2", architectures: ["GPT2LMHeadModel"], vocab_size: config.vocab, n_positions: config.context },
    ...{ n_embd: config.hidden, n_layer: config.layers, n_head: config.heads, n_inner: config.feedForward },
    ...{ activation_function: config.activation === "gelu" ? "gelu" : "gelu_new", layer_norm_epsilon: config.eps },
    ...{ resid_pdrop: config.dropout, attn_pdrop: config.attentionDropout, embd_pdrop: config.embeddingDropout },
    tie_word_embeddings: config.tieWeights,
  },
  originOf: gpt2Origin,
  named: (name) => (name.startsWith("lm_head.") ? name : `transformer.${name}`),
});

const llama = (config: Required<TransformerLMConfig>): Foreign => ({
  config: {
    ...{ model_type: "llama", architectures: ["LlamaForCausalLM"], vocab_size: config.vocab, hidden_size: config.hidden },
    ...{ max_position_embeddings: config.context, num_hidden_layers: config.layers, num_attention_heads: config.heads },
    ...{ num_key_value_heads: config.kvHeads, head_dim: config.hidden / config.heads, intermediate_size: config.feedForward },
    ...{ hidden_act: "silu", rms_norm_eps: config.eps, rope_theta: config.rotaryBase, attention_bias: false, mlp_bias: false },
    ...{ attention_dropout: config.attentionDropout, tie_word_embeddings: config.tieWeights },
  },
  originOf: llamaOrigin(config.heads / config.kvHeads),
  named: (name) => name,
});

function bert(config: Required<MaskedLMConfig>): Foreign {
  const architecture = config.classes > 0 ? "BertForSequenceClassification" : config.fillsMasks ? "BertForMaskedLM" : "BertModel";
  return {
    config: {
      ...{ model_type: "bert", architectures: [architecture], vocab_size: config.vocab, hidden_size: config.hidden },
      ...{ max_position_embeddings: config.context, num_hidden_layers: config.layers, num_attention_heads: config.heads },
      ...{ intermediate_size: config.feedForward, type_vocab_size: config.segments, hidden_act: "gelu", layer_norm_eps: config.eps },
      ...{ hidden_dropout_prob: config.dropout, attention_probs_dropout_prob: config.attentionDropout },
      classifier_dropout: config.classifierDropout,
      ...(config.classes > 0 && { id2label: Object.fromEntries(Array.from({ length: config.classes }, (_, k) => [k, `LABEL_${k}`])) }),
      ...(config.classes > 0 && { label2id: Object.fromEntries(Array.from({ length: config.classes }, (_, k) => [`LABEL_${k}`, k])) }),
    },
    originOf: bertOrigin,
    named: (name) => (/^(cls|classifier)\./.test(name) || architecture === "BertModel" ? name : `bert.${name}`),
  };
}
