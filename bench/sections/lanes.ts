import { readFile } from "node:fs/promises";
import { askToFuse, obstacle } from "../../src/backend/wasm/fusing.js";
import { createWasmBackend } from "../../src/backend/wasm/wasm-backend.js";
import { type Device, deviceOf } from "../../src/tensor/device.js";
import type { Context } from "../context.js";
import { inTurn, warm } from "../measure.js";
import { type Product, product } from "../product.js";
import type { Table } from "../table.js";
import { cells, label, large, medium, type Size, small, type Training, training, transformers } from "../training.js";

const products: readonly Product[] = [
  { m: 512, k: 512, n: 512 },
  { m: 8, k: 128, n: 512 },
  { m: 8, k: 128, n: 512, transB: true },
  { m: 32, k: 256, n: 1024 },
  { m: 32, k: 256, n: 1024, transB: true },
  { m: 2, k: 256, n: 1024 },
  { m: 1, k: 256, n: 1024 },
];

const step = ({ step, next }: Training) => {
  return () => void step(next());
};

/** The variant `wide`, under V8's flag, in turn with `relaxed`, which was compiled before the flag was set and so keeps to 128 bits. */
export async function measureLanes(context: Context): Promise<Table[]> {
  const sizes: [Parameters<typeof training>[1], Size][] = [
    ...(context.quick ? [] : cells.map((cell): [typeof cell, Size] => [cell, large])),
    ["lstm", medium],
    ...cells.map((cell): [typeof cell, Size] => [cell, small]),
    ...(context.quick ? transformers.slice(0, 1) : transformers).map((size): ["gpt", Size] => ["gpt", size]),
  ];
  const callsOn = (device: Device) => [
    ...products.map((shape) => product(device, shape)),
    ...sizes.map(([kind, size]) => step(training(device, kind, size))),
  ];
  const narrow = callsOn(await context.device());
  for (const call of narrow) warm(call, context.quick ? 200 : 1000);
  if (obstacle() !== "") return [];
  askToFuse();
  const module = await WebAssembly.compile(await readFile("build/wide.wasm"));
  const wide = callsOn(deviceOf("wasm", await createWasmBackend({ variant: "wide", source: { module } })));
  const rounds = context.quick ? 10 : 40;
  const seconds = narrow.map((call, i) => inTurn([call, wide[i] ?? call], rounds));
  const rates = products.map(({ m, k, n, transB }, i) => {
    const [before = 0, after = 0] = (seconds[i] ?? []).map((s) => (2e-9 * m * k * n) / s);
    return {
      product: `${transB ? "NT" : "NN"} ${m} x ${k} x ${n}`,
      "relaxed GFLOP/s": before,
      "wide GFLOP/s": after,
      ratio: after / before,
    };
  });
  const steps = sizes.map(([kind, size], i) => {
    const [before = 0, after = 0] = seconds[products.length + i] ?? [];
    return { step: label(kind, size), "relaxed ms": before * 1e3, "wide ms": after * 1e3, ratio: after / before };
  });
  const note = "One thread; the fastest of several rounds in which both take turns.";
  return [
    { title: "Lanes: products", note, rows: rates },
    { title: "Lanes: training steps", note, rows: steps },
  ];
}
