import type { WebGpuBackend } from "../../src/backend/webgpu/webgpu-backend.js";
import { rand, zeros } from "../../src/tensor/create.js";
import { createDevice, type Device, withDevice } from "../../src/tensor/device.js";
import { internal } from "../../src/tensor/internal.js";
import { type Found, measureCalls } from "../calls.js";
import { cpuTime, quantile } from "../measure.js";
import type { Table } from "../table.js";
import { cells, label, large, medium, type Size, small, training, transformers } from "../training.js";
import { idleGpu } from "./idle.js";

/** The arguments of every section; it runs in Node and in a page. */
export interface Gpu {
  readonly device: Device;
  readonly backend: WebGpuBackend;
  readonly quick: boolean;
  /** The duration of one sample, in milliseconds. */
  readonly time: number;
}

export function gpuOf(device: Device, quick: boolean): Gpu {
  const { software } = (device.backend as WebGpuBackend).capabilities;
  return { device, backend: device.backend as WebGpuBackend, quick, time: quick || software ? 10 : 100 };
}

/** An adapter in software is right but slow, so that it gets small sizes and few samples. */
const isSoftware = ({ backend }: Gpu) => backend.capabilities.software;
const samplesOf = (gpu: Gpu) => (isSoftware(gpu) ? 3 : 5);
/** Calls of a sample, at most: the host's part of more says nothing new. */
const mostCalls = 2000;

/** Milliseconds of `count` calls in a row, including the wait for the last. */
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
  for (let i = 1; i < samplesOf(gpu) && spent < 10 * gpu.time; i++) spent = Math.min(spent, await lapse(gpu, call, count));
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

/** Every kernel of the contract: what a call in a row of its like takes. */
async function measureKernels(gpu: Gpu): Promise<Table> {
  const sizes = isSoftware(gpu) ? [small] : [medium, large, huge];
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
      ...{
        a: internal(a),
        b: internal(b),
        y: internal(y),
        batch: 1,
        m,
        n,
        k,
        transA: Number(transA),
        transB: Number(transB),
        lda: transA ? m : k,
        ldb: transB ? k : n,
        ldy: n,
      },
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
type Kind = Parameters<typeof training>[1];

/** Training steps in bursts: milliseconds of each, and how much of it the host took until all were issued. */
async function steps(device: Device, kind: Kind, size: Size, { warm, bursts }: { warm: number; bursts: number }) {
  const { model, optimizer, step, next } = training(device, kind, size);
  const backend = device.backend as WebGpuBackend;
  const [times, host]: [number[], number[]] = [[], []];
  const burst = async (count: number) => {
    const batches = Array.from({ length: count }, next);
    const [start, begin] = [performance.now(), cpuTime()];
    const losses = batches.map(step);
    host.push((cpuTime() - begin) / count);
    await Promise.all(losses.map((loss) => loss.read()));
    times.push((performance.now() - start) / count);
  };
  await burst(2);
  await burst(1);
  // V8 compiles the host of a step at its best after many of them.
  for (let spent = 0; spent < warm; spent += ahead * times.at(-1)!) await burst(ahead);
  [times.length, host.length] = [0, 0];
  const before = { ...backend.counts };
  for (let i = 0; i < bursts; i++) await burst(ahead);
  const { calls, passes, submissions } = backend.counts;
  const count = bursts * ahead;
  const counts = {
    "kernel calls": (calls - before.calls) / count,
    passes: (passes - before.passes) / count,
    submissions: (submissions - before.submissions) / count,
  };
  await burst(1);
  const readAtOnce = backend.counts.submissions - submissions;
  optimizer.dispose();
  for (const parameter of model.parameters()) parameter.dispose();
  return { ms: quantile(times.slice(0, bursts), 0.5), host: quantile(host.slice(0, bursts), 0.25), counts, readAtOnce };
}

const aheadNote = `${ahead} steps at a time are issued before their losses are read, as \`fit\` does`;

async function measureSteps(gpu: Gpu): Promise<Table> {
  const software = isSoftware(gpu);
  const recurrent = software ? (gpu.quick ? [small] : [small, medium]) : [small, medium, large, huge];
  const measured: [Kind, Size][] = cells.flatMap((cell) => recurrent.map((size): [Kind, Size] => [cell, size]));
  if (!gpu.quick) measured.push(...transformers.slice(0, software ? 1 : undefined).map((size): [Kind, Size] => ["gpt", size]));
  const rows = [];
  for (const [kind, size] of measured) {
    const { ms, counts, readAtOnce } = await steps(gpu.device, kind, size, { warm: gpu.quick ? 200 : 2000, bursts: samplesOf(gpu) });
    rows.push({ step: label(kind, size), ms, ...counts, "submissions, read at once": readAtOnce });
  }
  const note = `Embedding, layers, scores, cross-entropy, backward, clipping, AdamW; ${aheadNote}. Medians.`;
  return { title: "Training steps", note, rows };
}

/** So small that no device keeps the host waiting: what the host does depends on the layers alone. */
const light: readonly [Kind, Size][] = [
  ["lstm", { I: 32, H: 64, B: 1, T: 32 }],
  ["lstm", { I: 32, H: 64, B: 1, T: 32, layers: 2 }],
  ["gpt", { I: 32, H: 2, B: 1, T: 16, layers: 4 }],
];

/** The host's time of a step, and seqgrad's own part of it: the same step on a GPU that does nothing. */
async function measureHost({ device, backend, quick }: Gpu): Promise<Table> {
  const { software } = backend.capabilities;
  const rows = [];
  for (const [kind, size] of light) {
    const idle = await createDevice({ device: "webgpu", gpu: idleGpu(software) });
    const own = await steps(idle, kind, size, { warm: quick ? 300 : 2000, bursts: quick ? 20 : 200 });
    const all = await steps(device, kind, size, { warm: quick ? 300 : 2000, bursts: quick ? 10 : 60 });
    idle.destroy();
    const driver = all.host - own.host;
    const figures = { "host ms": all.host, "of it seqgrad": own.host, "of it the driver": driver };
    rows.push({ step: label(kind, size), ...figures, "us a pass": (1000 * driver) / all.counts.passes, ...all.counts });
  }
  const note = `The thread's processor time where Node can measure it, else the wall's, until a step returns, which waits for nothing; ${aheadNote}. Lower quartiles. The driver's part is what remains: WebGPU's calls, the encoding of passes and their submission.`;
  return { title: "The host's time of a training step", note, rows };
}

const sections = { gemm: measureProducts, kernels: measureKernels, steps: measureSteps, host: measureHost } as const;
export type GpuSection = keyof typeof sections;
export const gpuSections = Object.keys(sections) as readonly GpuSection[];

/** Measures the sections named, one after another, and reports each table as soon as it is there. */
export async function measureGpu(gpu: Gpu, names: readonly string[], report: (table: Table) => unknown): Promise<void> {
  for (const name of gpuSections) if (names.includes(name)) await report(await sections[name](gpu));
}
