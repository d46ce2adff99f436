import { expect, test } from "vitest";
import type { Backend, TensorData } from "../../src/backend/backend.js";
import type { KernelName } from "../../src/backend/kernels.js";
import type { Device } from "../../src/tensor/device.js";
import { forEachDevice, openDevice } from "../helpers/devices.js";
import { thinly } from "../helpers/full.js";
import { assembled, runKernel } from "../helpers/kernel.js";
import { expectClose, normals } from "../helpers/numbers.js";

const { backend: wasm } = await openDevice("simd");

interface Case {
  readonly sizes: readonly [B: number, T: number, I: number, H: number, P?: number];
  readonly reverse?: boolean;
  readonly lengths?: readonly number[];
  /** Initial states, biases, and the gradients and results that may be absent, are there. */
  readonly full?: boolean;
  readonly resetBefore?: boolean;
  readonly relu?: boolean;
}

const cases: Case[] = [
  { sizes: [1, 1, 1, 1] },
  { sizes: [1, 7, 5, 9], full: true },
  { sizes: [2, 5, 3, 7], reverse: true, full: true },
  { sizes: [3, 4, 6, 4], reverse: true },
  { sizes: [5, 6, 9, 8], lengths: [6, 1, 3, 5, 2], full: true },
  { sizes: [5, 6, 9, 8], lengths: [2, 6, 1, 4, 3], reverse: true },
  { sizes: [6, 5, 4, 10], lengths: [2, 5, 1, 4, 3, 5], reverse: true, full: true },
  { sizes: [9, 12, 16, 33], full: true },
];

const label = ({ sizes, reverse, lengths, full, resetBefore, relu }: Case) =>
  [sizes.join("x"), reverse && "reverse", lengths && "lengths", full && "full", resetBefore && "reset before", relu && "relu"]
    .filter(Boolean)
    .join(" ");

type Call = Record<string, number | TensorData | undefined>;
type Cell = "lstm" | "gru" | "rnn";
const gateRows = { lstm: 4, gru: 3, rnn: 1 };

/** Weights shrink with their rows, so that gates do not saturate. */
const weights = (rows: number, columns: number, seed: number) => normals(rows * columns, seed, 0, 1 / Math.sqrt(columns));

/** Forward, backward and weight gradients on a backend; what each wrote. */
async function run(on: Backend, cell: Cell, { sizes, reverse, lengths, full, resetBefore, relu }: Case) {
  const [B, T, I, H, P = H] = sizes;
  const G = gateRows[cell] * H;
  const width = cell === "gru" ? 4 * H : G;
  const empty = (n: number) => new Float32Array(n).fill(7);
  const projected = cell === "lstm" && sizes.length > 4;
  const dims: Record<Cell, Call> = {
    lstm: { P },
    gru: { resetBefore: Number(resetBefore ?? false) },
    rnn: { activation: Number(relu ?? false) },
  };
  const common: Call = {
    ...{ B, T, I, H, reverse: Number(reverse ?? false), begin: 0, end: B, ...dims[cell] },
    ...{ wIh: weights(G, I, 1), wHh: weights(G, P, 2), lengths: lengths && Int32Array.from(lengths) },
    ...(projected && { wHr: weights(P, H, 3) }),
    ...(full && { h0: normals(B * P, 4) }),
    ...(full && cell === "lstm" && { c0: normals(B * H, 5) }),
  };
  const x = normals(B * T * I, 6);
  const call = (name: string, args: Call) => runKernel(on, name as KernelName, assembled(args));
  const forward = await call(`${cell}Forward`, {
    ...{ ...common, x, y: empty(B * T * P), hN: empty(B * P) },
    ...(full && { bIh: normals(G, 7), bHh: normals(G, 8) }),
    ...(cell !== "rnn" && { gates: empty(T * B * width) }),
    ...(cell === "lstm" && { cN: empty(B * H), cells: empty(T * B * H) }),
    ...(projected && full && { hidden: empty(T * B * H) }),
  });
  const { h0, ...withoutH0 } = common;
  const backward = await call(`${cell}Backward`, {
    ...(cell === "gru" ? common : withoutH0),
    ...{ dy: normals(B * T * P, 9), gates: forward.gates ?? empty(T * B * width) },
    ...(cell === "lstm" ? { cells: forward.cells } : { y: forward.y }),
    ...(full && { dhN: normals(B * P, 10), dx: empty(B * T * I), dh0: empty(B * P), dh: empty(T * B * P) }),
    ...(full && cell === "lstm" && { dcN: normals(B * H, 11), dc0: empty(B * H) }),
  });
  const gradient = await call("recurrentGradient", {
    ...{ gates: backward.gates, x, y: forward.y, h0, lengths: common.lengths, B, T, I, H: P, G, width, begin: 0, end: G },
    ...{ reverse: common.reverse, cell: cell === "gru" ? 1 + Number(resetBefore ?? false) : 0 },
    ...{ dwIh: normals(G * I, 12), dwHh: normals(G * P, 13), ...(full && { dbIh: normals(G, 14), dbHh: normals(G, 15) }) },
  });
  return { forward, backward, gradient };
}

const projections: Case[] = [{ sizes: [3, 4, 5, 8, 3] }, { sizes: [4, 5, 2, 12, 5], lengths: [5, 2, 3, 1], reverse: true, full: true }];
const all: [Cell, Case][] = [
  ...[...cases, ...projections].map((c): [Cell, Case] => ["lstm", c]),
  ...[false, true].flatMap((resetBefore) => cases.map((c): [Cell, Case] => ["gru", { ...c, resetBefore }])),
  ...[false, true].flatMap((relu) => cases.map((c): [Cell, Case] => ["rnn", { ...c, relu }])),
];

function compare({ backend: gpu }: Device): void {
  const isQuick = ([, c]: [Cell, Case]) => Boolean(c.full && c.reverse && c.lengths);
  thinly(all, isQuick, (chosen) =>
    test.each(chosen.map(([cell, c]) => [cell, label(c), c] as const))("%s %s", async (cell, _, c) => {
      const [actual, expected] = [await run(gpu, cell, c), await run(wasm, cell, c)];
      for (const [pass, writes] of Object.entries(expected))
        for (const [name, data] of Object.entries(writes))
          expectClose(actual[pass as keyof typeof expected][name]!, data, 3e-6, `${pass}: ${name}`);
    }),
  );
}

await forEachDevice(["webgpu", "webgpu as in hardware"], "recurrent kernels equal those of WebAssembly", compare);

await forEachDevice(["webgpu"], "recurrent kernels", ({ backend: gpu }) => {
  test("a length out of range is reported by the next read", async () => {
    const run_ = run(gpu, "lstm", { sizes: [2, 3, 2, 2], lengths: [3, 4] });
    await expect(run_).rejects.toThrow(/lstmForward: lengths\[1\] is out of range/);
    expect(await gpu.read(0, 4, "int32")).toEqual(new Int32Array(4));
  });
});
