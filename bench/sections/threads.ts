import { kernels } from "../../src/backend/kernels.js";
import type { Device } from "../../src/tensor/device.js";
import { sizeText } from "../calls.js";
import { inTurn, quantile, warm } from "../measure.js";
import { timed } from "../observe.js";
import { type Product, product } from "../product.js";
import type { Table } from "../table.js";
import { cells, label, large, medium, type Size, small, type Training, training, transformers } from "../training.js";

const products: readonly Product[] = [
  { m: 512, k: 512, n: 512 },
  { m: 32, k: 256, n: 1024 },
  { m: 8, k: 128, n: 512 },
];

/** Milliseconds: whoever has a turn finds the workers asleep and the other core's caches cold, which steps in a row do not. */
const turn = 10;

const repeated = ({ step, next }: Training) => {
  return () => void step(next());
};

/** Microseconds of each kernel in a step, lower quartiles of many steps. */
function kernelsOf(device: Device, size: Size, steps: number): Map<string, { calls: number; us: number }> {
  const { device: observed, calls } = timed(device);
  const { step, next } = training(observed, "gpt", size);
  for (let i = 0; i < steps; i++) step(next());
  calls.length = 0;
  step(next());
  const made = calls.splice(0);
  const times = Array.from({ length: steps }, () => {
    step(next());
    return calls.splice(0).map(({ ms }) => ms);
  });
  const rows = new Map<string, { calls: number; us: number }>();
  for (const [i, { kernel: name, call }] of made.entries()) {
    const flags = kernels[name].dims.filter((d) => d.startsWith("trans")).map((d) => (call[d] ? "T" : "N"));
    const kernel = `${name} ${flags.join("")} ${sizeText({ kernel: name, call })}`;
    const row = rows.get(kernel) ?? { calls: 0, us: 0 };
    rows.set(kernel, row);
    row.calls++;
    const all = times.map((ms) => ms[i] ?? 0);
    row.us += 1000 * quantile(all, 0.25);
  }
  return rows;
}

/** Two threads in turn with one, on two cores of their own, by the wall's clock; `deviceWith` makes a device of that number of threads. */
export async function measureThreads(deviceWith: (threads: number) => Promise<Device>, quick: boolean): Promise<Table[]> {
  if (navigator.hardwareConcurrency < 2)
    return [{ title: "Threads", note: "They need two cores: ask for this section by name.", rows: [] }];
  const sizes: [Parameters<typeof training>[1], Size][] = [
    ...(quick ? [] : cells.map((cell): [typeof cell, Size] => [cell, large])),
    ["lstm", medium],
    ...cells.map((cell): [typeof cell, Size] => [cell, small]),
    ...(quick ? transformers.slice(0, 1) : transformers).map((size): ["gpt", Size] => ["gpt", size]),
  ];
  const works: [string, (device: Device) => () => void][] = [
    ...products.map((shape): [string, (device: Device) => () => void] => [
      `gemm ${shape.m} x ${shape.k} x ${shape.n}`,
      (device) => product(device, shape),
    ]),
    ...sizes.map(([kind, size]): [string, (device: Device) => () => void] => [
      label(kind, size),
      (device) => repeated(training(device, kind, size)),
    ]),
  ];
  const [one, two] = [await deviceWith(1), await deviceWith(2)];
  const rows = works.map(([work, on]) => {
    const calls = [on(one), on(two)];
    for (const call of calls) warm(call, quick ? 200 : 1000);
    const [alone = 0, shared = 0] = inTurn(calls, quick ? 10 : 40, { turn, wall: true });
    return { work, "one thread ms": alone * 1e3, "two threads ms": shared * 1e3, ratio: shared / alone };
  });
  const [size] = transformers;
  const steps = quick ? 50 : 200;
  const [before, after] = size ? [kernelsOf(one, size, steps), kernelsOf(two, size, steps)] : [new Map(), new Map()];
  const found = [...before].map(([kernel, { calls, us }]) => ({
    ...{ kernel, calls, "one thread us": us, "two threads us": after.get(kernel)?.us ?? 0 },
    ratio: (after.get(kernel)?.us ?? 0) / us,
  }));
  const note = `${two.info}. The fastest of several rounds in which both take turns.`;
  return [
    { title: "Threads: two and one", note, rows },
    {
      title: `Threads: kernels of a step, ${size ? label("gpt", size) : ""}`,
      note: "Lower quartiles of many steps.",
      rows: found.toSorted((a, b) => b["one thread us"] - a["one thread us"]),
    },
  ];
}
