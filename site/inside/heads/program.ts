import * as sg from "seqgrad";
import type { Program } from "../program.js";

export interface HeadsData {
  readonly status: string;
  readonly step: number;
  readonly layers: number;
  readonly heads: number;
}

export interface HeadsAnswer {
  readonly tokens: readonly string[];
  /** By layer and head: queries by keys. */
  readonly weights: readonly (readonly Float32Array[])[];
}

const [LAYERS, HEADS, STEPS] = [2, 4, 500];

/** Trains a Transformer on the words of the sample text, and shows where its heads look in a phrase. */
const program: Program = async ({ post, frame, answer }) => {
  await sg.init({ device: "wasm", threads: 1 });
  sg.manualSeed(1);
  const words = sg.data.sampleText.toLowerCase().match(/\p{L}+|[^\s\p{L}]/gu) ?? [];
  const vocabulary = sg.text.Vocabulary.fromTokens(words, { special: ["<unknown>"] });
  const idOf = (word: string) => vocabulary.idOf(word) ?? 0;
  const ids = Int32Array.from(words, idOf);
  const model = new sg.models.TransformerLM({ vocab: vocabulary.size, context: 32, layers: LAYERS, heads: HEADS, hidden: 32, dropout: 0 });
  const loader = new sg.data.RandomWindows(ids, { batch: 8, context: 24 });
  answer("attention", (text: string) => attentionOf(model, text.toLowerCase().match(/\p{L}+|[^\s\p{L}]/gu) ?? [], idOf));
  const optimizer = new sg.optim.AdamW(model.parameters(), { lr: 3e-3, clipNorm: 1 });
  for await (const event of sg.fit(model, loader, { optimizer, steps: STEPS })) {
    if (event.type !== "step" || (event.step % 20 !== 1 && event.step !== STEPS)) continue;
    const status = `Update ${event.step} of ${STEPS}, loss ${event.loss.toFixed(3)}`;
    post({ status, step: event.step, layers: LAYERS, heads: HEADS } satisfies HeadsData);
    await frame();
  }
};
export default program;

/** The attention weights of every layer and head over the words of a phrase. */
export async function attentionOf(
  model: sg.models.TransformerLM,
  words: readonly string[],
  idOf: (word: string) => number,
): Promise<HeadsAnswer> {
  const tokens = words.slice(0, 24);
  if (tokens.length === 0) throw new Error("The phrase has no words. Write one or more.");
  const weights: Float32Array[][] = [];
  const capture = await model.capture(["attention.weights"], (_, { shape, data }) => {
    const size = tokens.length ** 2;
    weights.push(Array.from({ length: shape[1] ?? 0 }, (__, head) => Float32Array.from(data.slice(head * size, (head + 1) * size))));
  });
  sg.scope(() => sg.noGrad(() => model.forward(sg.tensor(Int32Array.from(tokens, idOf), [1, tokens.length]))));
  await capture.stop();
  return { tokens, weights };
}
