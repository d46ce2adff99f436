import { noGrad } from "../../autograd/tape.js";
import { padRows } from "../../data/padding.js";
import { RecurrentSeq2Seq } from "../../models/recurrent-seq2seq.js";
import { Module } from "../../nn/module.js";
import { MultiheadAttention } from "../../nn/multihead-attention.js";
import type { LanguageModel, TextClassifier, Translator } from "../../tasks/index.js";
import { endsOf } from "../../tasks/text-writer.js";
import { tensor } from "../../tensor/create.js";
import { keep, scope } from "../../tensor/scope.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Tokenizer } from "../../text/index.js";
import { nth } from "../../util/nth.js";
import type { Sample } from "../judges/judge.js";
import type { Matrix } from "./chart.js";

/** Longer sequences are cut off: their matrix would not fit a page. */
const LONGEST = 40;
/** How many examples are drawn, and matrices of one example. */
const EXAMPLES = 2;
const MATRICES = 4;

/** The attention of a model on some examples. */
export async function attentionOn(samples: readonly Sample[], of: (sample: Sample) => Promise<Matrix[]>): Promise<Matrix[]> {
  const some = samples.filter(({ input, expected }) => input !== "" && expected !== "").slice(0, EXAMPLES);
  const matrices: Matrix[] = [];
  for (const [i, sample] of some.entries())
    for (const one of await of(sample)) matrices.push({ ...one, title: `example ${i + 1}: ${one.title}` });
  return matrices;
}

/** The attention of a Transformer while it reads a text. */
export async function attentionOfLM({ model, tokenizer }: LanguageModel, text: string): Promise<Matrix[]> {
  const context = "context" in model.config ? model.config.context : LONGEST;
  const ids = tokenizer.encode(text).subarray(0, Math.min(LONGEST, context));
  if (ids.length < 2) return [];
  const names = namesOf(tokenizer, ids);
  return captured(model, () => model.forward(tensor(ids, [1, ids.length])).logits, names, names);
}

export async function ofTranslator(task: Translator, { input, answer }: Sample): Promise<Matrix[]> {
  const { source, target, model } = task;
  const { eos } = endsOf(source);
  const { sos, eos: end } = endsOf(target);
  const from = [...source.encode(input).subarray(0, LONGEST - 1), eos];
  const to = [...target.encode(answer).subarray(0, LONGEST - 1)];
  const [columns, rows] = [namesOf(source, from), namesOf(target, [...to, end])];
  if (!(model instanceof RecurrentSeq2Seq)) {
    const batch = { source: padRows([from]), target: padRows([[sos, ...to, end]]) };
    return captured(model, () => model.loss(batch).loss, rows, columns);
  }
  if (model.config.attention === "none") return [];
  const weights = scope(() =>
    noGrad(() => {
      const encoded = model.eval().encode(padRows([from]));
      return model.decode(tensor(Int32Array.from([sos, ...to]), [1, to.length + 1]), encoded).weights;
    }),
  );
  if (!weights) return [];
  const seen = model.config.reverse ? columns.toReversed() : columns;
  return [{ title: "attention of the decoder", rows, columns: seen, values: await rowsOf(weights), axes: ["written", "source"] }];
}

export async function ofClassifier({ tokenizer, context, model }: TextClassifier, { input }: Sample): Promise<Matrix[]> {
  const ids = tokenizer.encode(input).subarray(0, Math.min(LONGEST, context));
  if (ids.length < 2) return [];
  const names = namesOf(tokenizer, ids);
  return captured(model, () => model.forward(tensor(ids, [1, ids.length]), [ids.length]), names, names);
}

/** Runs `compute` and returns the weights of the model's last attention layers, averaged over the heads, where their sizes fit the names. */
async function captured(model: Module, compute: () => Tensor, rows: readonly string[], columns: readonly string[]): Promise<Matrix[]> {
  const found: { readonly name: string; readonly weights: Tensor }[] = [];
  const layers = [...layersOf(model, "")];
  for (const [name, layer] of layers)
    Object.defineProperty(layer, "forward", {
      configurable: true,
      value(this: MultiheadAttention, ...call: Parameters<MultiheadAttention["forward"]>) {
        const { output, weights } = this.forwardWithWeights(...call);
        found.push({ name, weights: keep(weights) });
        return output;
      },
    });
  const matrices: Matrix[] = [];
  try {
    model.eval();
    scope(() => noGrad(compute)).dispose();
    for (const { name, weights } of found) {
      const [, , T = 0, S = 0] = weights.shape;
      const names = [T === rows.length ? rows : columns, S === columns.length ? columns : rows];
      if (T !== nth(names, 0).length || S !== nth(names, 1).length) continue;
      matrices.push({
        title: `${name}: mean of the heads`,
        rows: nth(names, 0),
        columns: nth(names, 1),
        values: await rowsOf(weights),
        axes: ["reads", "looks at"],
      });
    }
  } finally {
    for (const { weights } of found) weights.dispose();
    for (const [, layer] of layers) Reflect.deleteProperty(layer, "forward");
  }
  return matrices.slice(-MATRICES);
}

function* layersOf(module: Module, name: string): Generator<[string, MultiheadAttention]> {
  if (module instanceof MultiheadAttention) yield [name, module];
  for (const [key, value] of Object.entries(module))
    for (const [part, child] of Array.isArray(value) ? value.map((item, i) => [`${key}.${i}`, item] as const) : [[key, value] as const])
      if (child instanceof Module) yield* layersOf(child, name === "" ? part : `${name}.${part}`);
}

/** Weights `[1, T, S]`, or the mean over the N heads of weights `[1, N, T, S]`. */
async function rowsOf(weights: Tensor): Promise<number[][]> {
  const data = await weights.data();
  const [T = 0, S = 0] = weights.shape.slice(-2);
  const heads = weights.size / (T * S);
  if (weights.rank === 3) weights.dispose();
  return Array.from({ length: T }, (_, t) =>
    Array.from({ length: S }, (_, s) => {
      let sum = 0;
      for (let n = 0; n < heads; n++) sum += nth(data, (n * T + t) * S + s);
      return sum / heads;
    }),
  );
}

/** The names of tokens: white space is shown by signs. */
const namesOf = (tokenizer: Tokenizer, ids: Iterable<number>): string[] => {
  const special = new Map(Object.entries(tokenizer.special).map(([name, id]) => [id, `<${name}>`]));
  return Array.from(ids, (id) => special.get(id) ?? (tokenizer.decode([id]).replaceAll("\n", "⏎").replaceAll(" ", "␣") || `${id}`));
};
