import type * as Seqgrad from "seqgrad";

type Library = typeof Seqgrad;

/** One figure of the bench. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: "GFLOP/s" | "GB/s" | "ms";
}

export interface MeasureOptions {
  readonly device: "wasm" | "webgpu";
  readonly threads: number;
  /** Each figure is the best of five rounds of at least this many milliseconds. Default 120. */
  readonly round?: number;
}

const ROUNDS = 5;
let shortest = 120;

/** The least time of one call in milliseconds, over several rounds. `work` ends when its result can be read. */
async function timeOf(work: () => Promise<unknown>): Promise<number> {
  await work();
  await work();
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const begin = performance.now();
    let calls = 0;
    do {
      await work();
      calls++;
    } while (performance.now() - begin < shortest);
    best = Math.min(best, (performance.now() - begin) / calls);
  }
  return best;
}

/** A product of two square matrices, in GFLOP/s. */
async function gemm(sg: Library, size: number): Promise<Figure> {
  const [a, b] = [sg.keep(sg.randn([size, size])), sg.keep(sg.randn([size, size]))];
  // Several products to one reading, so that a GPU is not measured by its answers.
  const repeats = Math.max(1, Math.round(2e8 / size ** 3));
  const ms = await timeOf(async () => {
    const last = sg.scope(() => {
      let y = sg.matmul(a, b);
      for (let i = 1; i < repeats; i++) y = sg.matmul(a, b);
      return sg.keep(sg.select(sg.select(y, 0), 0));
    });
    await last.data();
    last.dispose();
  });
  a.dispose();
  b.dispose();
  return { name: `gemm ${size} x ${size} x ${size}`, value: (repeats * 2 * size ** 3) / ms / 1e6, unit: "GFLOP/s" };
}

/** The sum of two large arrays, in bytes that are read and written. */
async function bandwidth(sg: Library): Promise<Figure> {
  const n = 2 ** 22;
  const [a, b] = [sg.keep(sg.ones([n])), sg.keep(sg.ones([n]))];
  const ms = await timeOf(async () => {
    const last = sg.scope(() => sg.keep(sg.select(sg.add(a, b), 0)));
    await last.data();
    last.dispose();
  });
  a.dispose();
  b.dispose();
  return { name: "add of 4 Mi numbers", value: (12 * n) / ms / 1e6, unit: "GB/s" };
}

interface Step {
  readonly arch: "rnn" | "gru" | "lstm" | "transformer";
  readonly batch: number;
  readonly context: number;
  readonly hidden: number;
  readonly layers: number;
}

/** One training step of a language model of 65 tokens: forward, backward, clipping and AdamW. */
async function step(sg: Library, { arch, batch, context, hidden, layers }: Step): Promise<Figure> {
  sg.manualSeed(1);
  const model =
    arch === "transformer"
      ? new sg.models.TransformerLM({ vocab: 65, context, layers, heads: 4, hidden, dropout: 0 })
      : new sg.models.RecurrentLM({ vocab: 65, arch, embed: hidden / 2, hidden, layers });
  const optimizer = new sg.optim.AdamW(model.parameters(), { lr: 1e-3, clipNorm: 1 });
  const tokens = Int32Array.from({ length: 20_000 }, (_, i) => (i * 31 + ((i * i) >> 5)) % 65);
  const loader = new sg.data.RandomWindows(tokens, { batch, context });
  let at = 0;
  const ms = await timeOf(async () => {
    const lot = loader.batch(at++);
    await optimizer.step(() => model.loss(lot).loss).read();
  });
  model.dispose();
  const name = `step of ${arch === "transformer" ? `a GPT, ${layers} layers, D${hidden}` : `${arch.toUpperCase()} I${hidden / 2} H${hidden}`} B${batch} T${context}`;
  return { name, value: ms, unit: "ms" };
}

/** Measures products, memory and training steps on one device, and reports each figure as it comes. */
export async function measure(
  sg: Library,
  { device, threads, round = 120 }: MeasureOptions,
  report: (figure: Figure) => void,
): Promise<string> {
  shortest = round;
  const used = await sg.init({ device, ...(device === "wasm" && { threads }) });
  for (const size of [64, 128, 256, 512]) report(await gemm(sg, size));
  report(await bandwidth(sg));
  const recurrent = { batch: 8, context: 32, hidden: 128, layers: 1 };
  for (const arch of ["lstm", "gru", "rnn"] as const) report(await step(sg, { arch, ...recurrent }));
  report(await step(sg, { arch: "transformer", batch: 8, context: 64, hidden: 64, layers: 2 }));
  return used.info;
}
