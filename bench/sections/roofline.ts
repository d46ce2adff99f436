import { readFile } from "node:fs/promises";
import type { WasmVariant } from "../../src/backend/backend.js";
import type { Context } from "../context.js";
import { inTurn } from "../measure.js";
import type { Table } from "../table.js";
import type { Work } from "../work.js";

const KB = 1024;
const largest = 64 * KB * KB;
/** Addresses begin after the first page, where static data is. */
export const base = 65536;

/** The exports of assembly/bench, over a memory filled with numbers near 1. */
export interface BenchKernels {
  registerOnly(steps: number, b: number, s: number): number;
  streamCopy(x: number, y: number, bytes: number, passes: number): void;
  streamSum(x: number, bytes: number, passes: number): number;
  expRow(x: number, y: number, step: number, shift: number, n: number): number;
  packB(b: number, ldb: number, trans: number, k: number, n: number, out: number): void;
  gemmPacked(a: number, lda: number, packed: number, m: number, n: number, k: number, y: number, ldy: number, accumulate: number): void;
}

export async function benchKernels(variant: WasmVariant): Promise<BenchKernels> {
  const memory = new WebAssembly.Memory({ initial: largest / 65536 + 2 });
  const { instance } = await WebAssembly.instantiate(await readFile(`build/bench-${variant}.wasm`), { env: { memory } });
  new Float32Array(memory.buffer, base).fill(0.9);
  return instance.exports as unknown as BenchKernels;
}

/** The limits of the machine. */
export interface Roofline {
  /** Multiply-adds in registers, two operations each, a second. */
  readonly flops: number;
  /** Bytes per second of a loop that reads, or reads and writes, a buffer of a given size again and again. */
  bandwidth(bytes: number): number;
  readonly tables: readonly Table[];
}

const steps = 40_000;
/** A call that does nothing but multiply-adds in registers, and their operations. */
export const registerLimit = (kernels: BenchKernels) => ({
  flops: steps * 12 * 4 * 2,
  call: () => void kernels.registerOnly(steps, 0.6, 0.6),
});

/** The share of the limit that a call reaches, and which limit binds it. */
export function share({ flops, bandwidth }: Roofline, work: Work, seconds: number): { bound: string; share: number } {
  const [compute, memory] = [work.flops / flops, work.bytes / bandwidth(work.bytes)];
  return { bound: compute > memory ? "compute" : "memory", share: (100 * Math.max(compute, memory)) / seconds };
}

export async function measureRoofline({ variant, quick }: Context): Promise<Roofline> {
  const rounds = quick ? 5 : 30;
  const variants: WasmVariant[] = variant === "relaxed" ? ["simd", "relaxed"] : ["simd"];
  const limits = [];
  for (const name of variants) limits.push(registerLimit(await benchKernels(name)));
  const seconds = inTurn(
    limits.map(({ call }) => call),
    rounds,
  );
  const rates = limits.map(({ flops }, i) => flops / seconds[i]!);
  const powers = await measurePowers(variant, rounds);
  const streams = await measureStreams(variant, rounds, quick);
  return {
    flops: rates[variants.indexOf(variant)]!,
    bandwidth: (bytes) => {
      const { copy, sum } = streams.find((stream) => stream.bytes >= bytes) ?? streams.at(-1)!;
      return Math.max(copy, sum);
    },
    tables: [
      {
        title: "Roofline: multiply-adds in registers",
        note: "No loads, no stores: what no kernel of the variant can exceed.",
        rows: variants.map((name, i) => ({ variant: name, "GFLOP/s": rates[i]! / 1e9 })),
      },
      {
        title: "Roofline: e^x",
        note: "Of a row that lies in the first-level cache: what a function with as many instructions cannot exceed.",
        rows: [{ variant, "ns for four": powers * 1e9 }],
      },
      {
        title: "Roofline: bandwidth by working set",
        note: "`copy` reads half of the bytes and writes the other half; `sum` reads them all.",
        rows: streams.map(({ bytes, copy, sum }) => ({ KiB: bytes / KB, "copy GB/s": copy / 1e9, "sum GB/s": sum / 1e9 })),
      },
    ],
  };
}

/** Seconds of a vector. */
async function measurePowers(variant: WasmVariant, rounds: number): Promise<number> {
  const { expRow } = await benchKernels(variant);
  const [seconds] = inTurn([() => void expRow(base, base + 16 * KB, 16, 1, 2 * KB)], rounds);
  return seconds! / (KB / 2);
}

async function measureStreams(variant: WasmVariant, rounds: number, quick: boolean) {
  const kernels = await benchKernels(variant);
  const rows = [];
  for (let bytes = 16 * KB; bytes <= largest; bytes *= quick ? 8 : 2) {
    // As many passes as make a call of a small working set long beside the call itself.
    const passes = Math.max(1, (256 * KB) / bytes);
    const [copy, sum] = inTurn(
      [() => kernels.streamCopy(base, base + bytes / 2, bytes / 2, passes), () => void kernels.streamSum(base, bytes, passes)],
      bytes > 4 * KB * KB ? Math.ceil(rounds / 3) : rounds,
    );
    rows.push({ bytes, copy: (bytes * passes) / copy!, sum: (bytes * passes) / sum! });
  }
  return rows;
}
