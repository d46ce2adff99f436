import { RandomWindows, type WindowBatch } from "../src/data/index.js";
import type { RecurrentArch } from "../src/models/archs.js";
import { RecurrentLM } from "../src/models/recurrent-lm.js";
import { TransformerLM } from "../src/models/transformer-lm.js";
import { AdamW, type PendingNumber } from "../src/optim/index.js";
import { type Device, withDevice } from "../src/tensor/device.js";

export const vocabulary = 65;
export const cells = ["lstm", "gru", "rnn"] as const;

/** A training step by its sizes, with the letters of the contract. */
export interface Size {
  readonly I: number;
  readonly H: number;
  readonly B: number;
  readonly T: number;
  /** Default 1. */
  readonly layers?: number;
}

export const small: Size = { I: 32, H: 64, B: 1, T: 32 };
export const medium: Size = { I: 64, H: 128, B: 8, T: 32 };
export const large: Size = { I: 128, H: 256, B: 32, T: 64 };
/** Of a Transformer: I is the width, H the number of heads. */
export const transformers: readonly Size[] = [
  { I: 64, H: 4, B: 8, T: 64, layers: 2 },
  { I: 128, H: 4, B: 16, T: 128, layers: 4 },
];

export const label = (model: string, { I, H, B, T, layers }: Size) => {
  const sizes = model === "gpt" ? `D${I} N${H}` : `I${I} H${H}`;
  return `${model} ${sizes} B${B} T${T}${layers ? ` ${layers} layers` : ""}`;
};

export interface Training {
  readonly model: RecurrentLM | TransformerLM;
  readonly optimizer: AdamW;
  /** The next of a few batches, so that the benchmark does not measure the cache. */
  next(): WindowBatch;
  /** One whole step on a batch: forward, backward, clipping, AdamW. */
  step(batch: WindowBatch): PendingNumber;
}

/** A character model in training on a device: `gpt` is a Transformer, the others are cells. */
export function training(device: Device, kind: RecurrentArch | "gpt", { I, H, B, T, layers = 1 }: Size): Training {
  const model = withDevice(device, () =>
    kind === "gpt"
      ? new TransformerLM({ vocab: vocabulary, context: T, layers, heads: H, hidden: I })
      : new RecurrentLM({ vocab: vocabulary, arch: kind, embed: I, hidden: H, layers }),
  );
  const optimizer = new AdamW(model.parameters(), { lr: 2e-3, betas: [0.9, 0.99], weightDecay: 0, clipNorm: 1 });
  const tokens = Int32Array.from({ length: 20_000 }, () => Math.random() * vocabulary);
  const windows = new RandomWindows(tokens, { batch: B, context: T, seed: 1 });
  const batches = Array.from({ length: 8 }, (_, i) => windows.batch(i));
  let i = 0;
  return {
    model,
    optimizer,
    next: () => batches[i++ % batches.length]!,
    step: (batch) => withDevice(device, () => optimizer.step(() => model.loss(batch).loss)),
  };
}
