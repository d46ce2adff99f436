import type { WebGpuBackend } from "../../src/backend/webgpu/webgpu-backend.js";
import { rand, zeros } from "../../src/tensor/create.js";
import { type Device, withDevice } from "../../src/tensor/device.js";
import { type Found, measureCalls } from "../calls.js";
import { cpuTime, quantile } from "../measure.js";
import type { Table } from "../table.js";
import { cells, label, large, medium, type Size, small, training } from "../training.js";

/** What every section is given; it runs in Node and in a page. */
export interface Gpu {
  readonly device: Device;
  readonly backend: WebGpuBackend;
  readonly quick: boolean;
  /** Milliseconds that one sample shall take. */
  readonly time: number;
}

export function gpuOf(device: Device, quick: boolean): Gpu {
  return { device, backend: device.backend as WebGpuBackend, quick, time: quick ? 10 : 100 };
}

const samples = 5;
/** Calls of a sample, at most: the host's part of more says nothing new. */
const mostCalls = 2000;

/** Milliseconds of so many calls in a row and the wait for the last. */
async function lapse({ backend }: Gpu, call: () => void, count: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < count; i++) call();
  await backend.read(0, 0, "float32");
  return performance.now() - start;
}

/** Milliseconds of one call, of as many in a row as take the time of a sample: the fastest sample. */
async function fastest(gpu: Gpu, call: () => void): Promise<number> {
  await lapse(gpu, call, 1);
  let count = 1;
  let spent = await lapse(gpu, call, count);
  while (spent < gpu.time / 4 && count < mostCalls) {
    count = Math.min(mostCalls, count * Math.max(2, Math.min(8, Math.floor(gpu.time / Math.max(spent, 0.01)))));
    spent = await lapse(gpu, call, count);
  }
  for (let i = 1; i < samples && spent < 10 * gpu.time; i++) spent = Math.min(spent, await lapse(gpu, call, count));
  return spent / count;
}

async function costOf(gpu: Gpu, { again, prepare }: Found): Promise<number> {
  if (!prepare) return fastest(gpu, again);
  const both = await fastest(gpu, () => {
    prepare();
    again();
  });
  // Noise may make the two seem faster than the first alone.
  return Math.max(both - (await fastest(gpu, prepare)), both / 100);
}

const huge: Size = { I: 256, H: 512, B: 64, T: 64 };
const deep: Size = { I: 32, H: 64, B: 1, T: 32, layers: 2 };

/** An adapter in software is right but slow, so that it gets small sizes. */
const isSoftware = ({ backend }: Gpu) => backend.capabilities.software;

/** Every kernel of the contract: what a call in a row of its like takes. */
async function measureKernels(gpu: Gpu): Promise<Table> {
  const sizes = isSoftware(gpu) ? (gpu.quick ? [small] : [small, medium]) : [medium, large, huge];
  const parameters = isSoftware(gpu) ? 112_000 : 4_000_000;
  const { measured, note } = await measureCalls(
    { device: async () => gpu.device, sizes, parameters },
    async (found) => (await costOf(gpu, found)) / 1000,
  );
  const rows = measured.map(({ kernel, size, of, seconds, work: { flops, bytes } }) => {
    const [amount, unit] = flops > 0 ? [flops, "GFLOP/s"] : [bytes, "GB/s"];
    return { kernel, size, of, us: seconds * 1e6, rate: amount / seconds / 1e9, unit };
  });
  return {
    title: "Kernels",
    note: `The fastest of many calls in a row; a call that works in place, less the one that gives its input back. ${note}`,
    rows,
  };
}

interface Product {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transA?: boolean;
  readonly transB?: boolean;
}

function products(gpu: Gpu): readonly Product[] {
  const squares = (isSoftware(gpu) ? (gpu.quick ? [256] : [256, 512]) : [512, 1024, 2048, 4096]).flatMap((n) => [
    { m: n, k: n, n },
    { m: n, k: n, n, transB: true },
    { m: n, k: n, n, transA: true },
  ]);
  return [...squares, { m: 8, k: 128, n: 512, transB: true }, { m: 32, k: 256, n: 1024, transB: true }, { m: 64, k: 2048, n: 64 }];
}

async function measureProducts(gpu: Gpu): Promise<Table> {
  const rows = [];
  for (const { m, k, n, transA = false, transB = false } of products(gpu)) {
    const [a, b, y] = withDevice(gpu.device, () => [rand([m, k]), rand([k, n]), zeros([m, n])] as const);
    const call = {
      ...{ a, b, y, batch: 1, m, n, k, transA: Number(transA), transB: Number(transB), lda: transA ? m : k, ldb: transB ? k : n, ldy: n },
      ...{ strideA: m * k, strideB: k * n, strideY: m * n, activation: 0, begin: 0, end: m, alpha: 1, beta: 0 },
    };
    const ms = await fastest(gpu, () => void gpu.backend.dispatch("gemm", call));
    for (const x of [a, b, y]) x.dispose();
    const kind = `gemm ${transA ? "T" : "N"}${transB ? "T" : "N"}`;
    rows.push({ kind, shape: `[${m} x ${k}] [${k} x ${n}]`, ms, "GFLOP/s": (2 * m * n * k) / ms / 1e6 });
  }
  return { title: "Matrix product at named shapes", rows };
}

/** Steps that are issued before anyone waits, as `fit` does. */
const ahead = 8;

/** A step by itself: what the host takes until it returns, what it submits, and what each costs in a row of others. */
async function measureStep(gpu: Gpu, cell: (typeof cells)[number], size: Size): Promise<Table["rows"][number]> {
  const { device, backend, quick } = gpu;
  const { model, optimizer, step, next } = training(device, cell, size);
  const burst = async (count: number, host?: number[]) => {
    const batches = Array.from({ length: count }, next);
    const [start, begin] = [performance.now(), cpuTime()];
    const losses = batches.map(step);
    host?.push((cpuTime() - begin) / count);
    await Promise.all(losses.map((loss) => loss.read()));
    return (performance.now() - start) / count;
  };
  await burst(2);
  const once = await burst(1);
  // V8 compiles the host of a step at its best after many of them.
  for (let spent = 0; spent < (quick ? 200 : 3000); spent += ahead * once) await burst(ahead);
  const [times, host]: [number[], number[]] = [[], []];
  const before = { ...backend.counts };
  for (let i = 0; i < samples; i++) times.push(await burst(ahead, host));
  const steps = samples * ahead;
  const { calls, passes, submissions } = backend.counts;
  await burst(1);
  const row = {
    step: label(cell, size),
    ms: quantile(times, 0.5),
    "host ms": quantile(host, 0.5),
    "kernel calls": (calls - before.calls) / steps,
    passes: (passes - before.passes) / steps,
    submissions: (submissions - before.submissions) / steps,
    "submissions, read at once": backend.counts.submissions - submissions,
  };
  optimizer.dispose();
  for (const parameter of model.parameters()) parameter.dispose();
  return row;
}

async function measureSteps(gpu: Gpu): Promise<Table> {
  const one = isSoftware(gpu) ? (gpu.quick ? [small] : [small, medium]) : [small, medium, large, huge];
  const rows = [await measureStep(gpu, "lstm", deep)];
  for (const cell of cells) for (const size of one) rows.push(await measureStep(gpu, cell, size));
  const note = `Embedding, layers, scores, cross-entropy, backward, clipping, AdamW; ${ahead} steps at a time are issued before their losses are read, as \`fit\` does. Medians.`;
  return { title: "Training steps", note, rows };
}

const sections = { gemm: measureProducts, kernels: measureKernels, steps: measureSteps } as const;
export type GpuSection = keyof typeof sections;
export const gpuSections = Object.keys(sections) as readonly GpuSection[];

/** Measures the sections named, one after another, and tells each table as soon as it is there. */
export async function measureGpu(gpu: Gpu, names: readonly string[], report: (table: Table) => unknown): Promise<void> {
  for (const name of gpuSections) if (names.includes(name)) await report(await sections[name](gpu));
}
