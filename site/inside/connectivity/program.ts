import * as sg from "seqgrad";
import type { Program } from "../program.js";

export interface ConnectivityData {
  readonly status: string;
  readonly step: number;
  readonly loss: number;
  readonly letters: readonly string[];
}

/** The answer to a letter: how strongly its prediction depends on each letter before it. */
export interface Connections {
  /** The norm of d log p / d x_j for the letters j before, by the largest; 0 from the letter on. */
  readonly weights: readonly number[];
  readonly probability: number;
}

const STEPS = 600;

/** A model of the next letter whose parts can be called one by one. */
export class NextLetter extends sg.nn.Module {
  readonly embedding: sg.nn.Embedding;
  readonly lstm = new sg.nn.LSTM(16, 64);
  readonly head: sg.nn.Linear;

  constructor(readonly vocab: number) {
    super();
    this.embedding = new sg.nn.Embedding(vocab, 16);
    this.head = new sg.nn.Linear(64, vocab);
  }

  /** The scores of the next letter at every place, from the embedded letters [B, T, 16]. */
  read(embedded: sg.Tensor): sg.Tensor {
    return this.head.forward(this.lstm.forward(embedded).output);
  }
}

/** Trains an LSTM on letters, and answers which earlier letters the prediction of a letter depends on. */
const program: Program = async ({ post, frame, answer }) => {
  await sg.init({ device: "wasm", threads: 1 });
  sg.manualSeed(1);
  const text = sg.data.sampleText;
  const tokenizer = sg.text.CharTokenizer.fromText(text);
  const model = new NextLetter(tokenizer.size);
  const optimizer = new sg.optim.Adam(model.parameters(), { lr: 1e-2, clipNorm: 1 });
  const loader = new sg.data.RandomWindows(tokenizer.encode(text), { batch: 16, context: 32 });
  const loss = ({ x, y, shape }: sg.data.WindowBatch) => {
    const logits = model.read(model.embedding.forward(sg.tensor(x, shape)));
    return { loss: sg.crossEntropy(logits, sg.tensor(y, shape)) };
  };
  const phrase = text.slice(0, 160);
  const ids = tokenizer.encode(phrase);
  answer("letter", (index: number): Connections => connectionsOf(model, ids, index));
  for await (const event of sg.fit(model, loader, { optimizer, steps: STEPS, loss })) {
    if (event.type !== "step" || (event.step % 10 !== 1 && event.step !== STEPS)) continue;
    const status = `Update ${event.step} of ${STEPS}, loss ${event.loss.toFixed(3)}`;
    post({ status, step: event.step, loss: event.loss, letters: [...phrase] } satisfies ConnectivityData);
    await frame();
  }
};
export default program;

/** The gradient of the letter's log-probability by the embedding of each letter before it. */
export function connectionsOf(model: NextLetter, ids: ArrayLike<number>, index: number): Connections {
  if (index < 1) return { weights: Array.from(ids, () => 0), probability: 1 / model.vocab };
  const weights = Array.from(ids, () => 0);
  const probability = sg.scope(() => {
    const read = sg.tensor(Int32Array.from(ids).slice(0, index), [1, index]);
    const embedded = sg.retainGrad(model.embedding.forward(read));
    const log = sg.logSoftmax(sg.select(model.read(embedded), -1, { axis: 1 }));
    const id = ids[index] ?? 0;
    const chosen = sg.slice(log, { axis: 1, start: id, end: id + 1 });
    sg.sum(chosen).backward();
    const gradient = embedded.grad?.dataSync() ?? new Float32Array();
    const width = gradient.length / index;
    for (let j = 0; j < index; j++) weights[j] = Math.hypot(...gradient.subarray(j * width, (j + 1) * width));
    model.zeroGrad();
    return Math.exp(chosen.dataSync()[0] ?? Number.NEGATIVE_INFINITY);
  });
  const most = Math.max(...weights) || 1;
  return { weights: weights.map((weight) => weight / most), probability };
}
