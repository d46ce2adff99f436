import { generate } from "../../src/decode/generate.js";
import type { StepModel } from "../../src/decode/index.js";
import { RecurrentLM, TransformerLM } from "../../src/models/index.js";
import { withDevice } from "../../src/tensor/device.js";
import type { Context } from "../context.js";
import { cpuTime, quantile } from "../measure.js";
import type { Table } from "../table.js";

const V = 65;
const tokens = 250;

const models: Readonly<Record<string, () => StepModel<unknown>>> = {
  "Transformer, 4 layers of 4 heads, 128 wide": () =>
    new TransformerLM({ vocab: V, context: 256, layers: 4, heads: 4, hidden: 128 }).eval() as StepModel<unknown>,
  "the same by rotation, RMS norms, SwiGLU": () =>
    new TransformerLM({
      ...{ vocab: V, context: 256, layers: 4, heads: 4, hidden: 128 },
      ...{ positions: "rotary", norm: "rms", activation: "swiglu" },
    }).eval() as StepModel<unknown>,
  "LSTM, 1 layer of 256 units": () => new RecurrentLM({ vocab: V, arch: "lstm", embed: 64, hidden: 256 }).eval() as StepModel<unknown>,
};

/** Seconds that one text takes. */
async function write(model: StepModel<unknown>): Promise<number> {
  const start = cpuTime();
  for await (const _ of generate(model, [1], { maxTokens: tokens, temperature: 0.8, seed: 1 }));
  return (cpuTime() - start) / 1000;
}

/** Tokens a second of generate(), from a state or a cache, one text at a time. */
export async function measureDecoding(context: Context): Promise<Table> {
  const device = await context.device();
  const rows = [];
  for (const [name, make] of Object.entries(models)) {
    const made = withDevice(device, make);
    const model: StepModel<unknown> = {
      context: made.context,
      step: (read, state) => withDevice(device, () => made.step(read, state)),
      release: (state) => made.release?.(state),
    };
    const times: number[] = [];
    for (let i = 0; i < (context.quick ? 8 : 24); i++) times.push(await write(model));
    const [median, best] = [quantile(times.slice(4), 0.5), Math.min(...times)];
    rows.push({ model: name, "tokens / s": tokens / median, best: tokens / best });
  }
  return { title: "Decoding", note: `Texts of ${tokens} tokens of ${V}, sampled; processor time, medians after four texts.`, rows };
}
