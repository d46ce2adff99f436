import type { Context } from "../context.js";
import { cpuTime, quantile, warm } from "../measure.js";
import type { Table } from "../table.js";
import { startTorch, type Torch } from "../torch.js";
import { cells, label, large, medium, type Size, small, type Training, training, transformers } from "../training.js";

/** Milliseconds of one step: the mean of `count` steps in a row. */
function timed({ step, next }: Training, count = 1): number {
  const batches = Array.from({ length: count }, next);
  const start = cpuTime();
  for (const batch of batches) step(batch);
  return (cpuTime() - start) / count;
}

/** Warms a training up; the milliseconds of a step. Calls of long steps are fewer: their host counts for less. */
const warmUp = ({ step, next }: Training): number => warm(() => step(next()), 1500);

/** Milliseconds for which one of the two trains before the other's turn: a step alone would find its caches cold. */
const turn = 10;

const spread = (times: readonly number[]) => (100 * (quantile(times, 0.75) - quantile(times, 0.25))) / quantile(times, 0.5);

async function besideTorch(context: Context, torch: Torch | undefined, cell: (typeof cells)[number] | "gpt", size: Size) {
  const run = training(await context.device(), cell, size);
  const count = Math.max(1, Math.round(turn / warmUp(run)));
  await torch?.start(cell, size);
  for (let i = 0; torch && i < 3; i++) await torch.step(count);
  const [ours, theirs]: [number[], number[]] = [[], []];
  const limit = performance.now() + (context.quick ? 300 : 4000);
  for (let i = 0; i < (context.quick ? 10 : 40) && (i < 7 || performance.now() < limit); i++) {
    ours.push(timed(run, count));
    if (torch) theirs.push(await torch.step(count));
  }
  const [mine, other] = [quantile(ours, 0.5), torch && quantile(theirs, 0.5)];
  return {
    step: label(cell, size),
    "seqgrad ms": mine,
    "spread %": spread(ours),
    steps: ours.length * count,
    "PyTorch ms": other ?? "",
    "PyTorch spread %": torch ? spread(theirs) : "",
    "PyTorch / seqgrad": other ? other / mine : "",
  };
}

/** Microseconds a token as one of the sizes grows: level where the cost is linear. */
async function scaling(context: Context, size: Size, vary: "T" | "B", values: readonly number[]): Promise<Table> {
  const rows = [];
  for (const value of values) {
    const run = training(await context.device(), "lstm", { ...size, [vary]: value });
    warmUp(run);
    const times: number[] = [];
    const limit = performance.now() + (context.quick ? 100 : 1000);
    while (times.length < 5 || (times.length < 40 && performance.now() < limit)) times.push(timed(run));
    const tokens = (size.B * size.T * value) / size[vary];
    rows.push({ [vary]: value, "ms a step": quantile(times, 0.25), "us a token": (1000 * quantile(times, 0.25)) / tokens });
  }
  const first = rows[0]!["us a token"]!;
  return {
    title: `Cost by ${vary}: ${label("lstm", size)}, with other ${vary}`,
    note: "Lower quartiles of whole training steps.",
    rows: rows.map((row) => ({ ...row, relative: row["us a token"]! / first })),
  };
}

/** Whole training steps: embedding, recurrent layer or Transformer, scores, cross-entropy, backward, clipping, AdamW. */
export async function measureSteps(context: Context): Promise<Table[]> {
  const { quick } = context;
  const torch = await startTorch();
  const version = await torch?.start("rnn", small);
  const rows = [];
  for (const cell of cells) {
    for (const size of quick ? [small, medium] : [small, medium, large]) rows.push(await besideTorch(context, torch, cell, size));
  }
  for (const size of quick ? transformers.slice(0, 1) : transformers) rows.push(await besideTorch(context, torch, "gpt", size));
  torch?.end();
  const beside = version ? `PyTorch ${version}, on one thread, in turn with seqgrad.` : "PyTorch is not there.";
  return [
    { title: "Training steps", note: `Medians of processor time, and how far their quartiles lie apart in %. ${beside}`, rows },
    await scaling(context, medium, "T", quick ? [32, 128] : [32, 64, 128, 256, 512, 1024]),
    await scaling(context, medium, "B", quick ? [8, 32] : [8, 16, 32, 64, 128, 256, 512, 1024]),
  ];
}
