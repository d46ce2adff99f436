import { expect, test } from "vitest";
import { type Reduction, reductions } from "../../src/backend/kernels.js";
import { forEachDevice, kernelDevices } from "../helpers/devices.js";
import { guarded } from "../helpers/kernel.js";
import { expectClose, lengths, normals } from "../helpers/numbers.js";

interface Case {
  logits: Float32Array;
  targets: Int32Array;
  cols: number;
  ignoreIndex: number;
  smoothing: number;
  reduction: Reduction;
}

function reference({ logits, targets, cols, ignoreIndex, smoothing, reduction }: Case, dLoss: Float32Array) {
  const rows = targets.length;
  const count = targets.filter((t) => t !== ignoreIndex).length;
  const losses: number[] = [];
  const largests: number[] = [];
  const totals: number[] = [];
  const dLogits: number[] = [];
  for (let r = 0; r < rows; r++) {
    const row = Array.from(logits.subarray(r * cols, (r + 1) * cols));
    const target = targets[r]!;
    const largest = Math.max(...row);
    const total = row.reduce((s, v) => s + Math.exp(v - largest), 0);
    const lse = largest + Math.log(total);
    const mean = row.reduce((s, v) => s + v / cols, 0);
    const ignored = target === ignoreIndex;
    losses.push(ignored ? 0 : (1 - smoothing) * (lse - row[target]!) + (smoothing && smoothing * (lse - mean)));
    largests.push(ignored ? 0 : largest);
    totals.push(ignored ? 0 : total);
    const g = reduction === "none" ? dLoss[r]! : dLoss[0]! / (reduction === "mean" ? count : 1);
    row.forEach((v, c) => {
      dLogits.push(ignored ? 0 : g * (Math.exp(v - largest) / total - (c === target ? 1 - smoothing : 0) - smoothing / cols));
    });
  }
  const sum = losses.reduce((a, b) => a + b, 0);
  const loss = reduction === "none" ? losses : [reduction === "mean" ? sum / Math.max(count, 1) : sum];
  return { loss, largest: largests, total: totals, dLogits };
}

await forEachDevice(kernelDevices, "crossEntropy", ({ backend }) => {
  const check = (c: Case, tolerance = 2e-6) =>
    guarded(backend, (memory) => {
      const { cols, ignoreIndex, smoothing } = c;
      const rows = c.targets.length;
      const reduction = reductions.indexOf(c.reduction);
      const size = c.reduction === "none" ? rows : 1;
      const upstream = normals(size, 77);
      const expected = reference(c, upstream);

      const logits = memory.put(c.logits);
      const targets = memory.put(c.targets);
      const loss = memory.out(size);
      const saved = { largest: memory.out(rows), total: memory.out(rows) };
      const shape = { rows, cols, begin: 0, end: rows, ignoreIndex, reduction, smoothing, confidence: 1 - smoothing };
      expect(backend.dispatch("crossEntropyForward", { logits, targets, loss, ...saved, ...shape })).toBe(-1);
      expectClose(memory.floats(loss, size), expected.loss, tolerance, "loss");
      for (const name of ["largest", "total"] as const) expectClose(memory.floats(saved[name], rows), expected[name], tolerance, name);

      const dLoss = memory.put(upstream);
      const dLogits = memory.out(rows * cols);
      backend.dispatch("crossEntropyBackward", { logits, targets, ...saved, dLoss, dLogits, ...shape });
      const gradient = memory.floats(dLogits, rows * cols);
      expectClose(gradient, expected.dLogits, tolerance, "dLogits");
      backend.dispatch("crossEntropyBackward", { logits, targets, ...saved, dLoss, dLogits: logits, ...shape });
      expect(memory.floats(logits, rows * cols), "dLogits over logits").toEqual(gradient);
    });

  const targetsOf = (rows: number, cols: number) => Int32Array.from({ length: rows }, (_, r) => (r * 7 + 3) % cols);

  for (const reduction of reductions) {
    for (const smoothing of [0, 0.1]) {
      test.each(lengths)(`${reduction}, smoothing ${smoothing}, %i classes`, (cols) => {
        for (const rows of [1, 5]) {
          check({
            logits: normals(rows * cols, cols, 1, 3),
            targets: targetsOf(rows, cols),
            cols,
            ignoreIndex: -100,
            smoothing,
            reduction,
          });
        }
      });

      test(`${reduction}, smoothing ${smoothing}: ignored rows give 0 and do not count`, () => {
        const logits = normals(6 * 9, 4);
        for (const ignoreIndex of [-100, 2, 1000]) {
          const targets = Int32Array.of(0, ignoreIndex, 8, ignoreIndex, ignoreIndex, 5);
          check({ logits, targets, cols: 9, ignoreIndex, smoothing, reduction });
        }
      });
    }

    test(`${reduction}: every row ignored`, () => {
      check({ logits: normals(27, 4), targets: new Int32Array(3).fill(-1), cols: 9, ignoreIndex: -1, smoothing: 0, reduction });
    });
  }

  test("an offset of all logits costs no digits of the loss", () => {
    guarded(backend, (memory) => {
      const logits = normals(40, 6).map((v) => Math.fround(v + 2000));
      const targets = targetsOf(4, 10);
      const loss = memory.out(4);
      const saved = { largest: memory.out(4), total: memory.out(4) };
      const call = { targets: memory.put(targets), loss, ...saved, rows: 4, cols: 10, begin: 0, end: 4, ignoreIndex: -100 };
      for (const smoothing of [0, 0.2]) {
        backend.dispatch("crossEntropyForward", {
          logits: memory.put(logits),
          ...call,
          reduction: 0,
          smoothing,
          confidence: 1 - smoothing,
        });
        const c: Case = { logits, targets, cols: 10, ignoreIndex: -100, smoothing, reduction: "none" };
        expectClose(memory.floats(loss, 4), reference(c, new Float32Array(4)).loss, 1e-6);
      }
    });
  });

  test("a smoothing of nearly 1 keeps the digits of what is left for the target", () => {
    const smoothing = 0.99999;
    const logits = normals(3 * 7, 5, 0, 2);
    check({ logits, targets: Int32Array.of(0, 6, 3), cols: 7, ignoreIndex: -100, smoothing, reduction: "none" }, 2e-7);
  });

  test.each([0, 0.1])("logits of 10,000 have the gradient of their differences, smoothed by %d", (smoothing) => {
    const logits = normals(5 * 9, 6, 0, 2).map((v, i) => Math.fround(v + [10_000, 300, 0, -10_000, 1e6][Math.floor(i / 9)]!));
    check({ logits, targets: targetsOf(5, 9), cols: 9, ignoreIndex: -100, smoothing, reduction: "none" }, 3e-7);
  });

  test("80,000 classes keep the digits of the sum", () => {
    const logits = normals(80_000, 7);
    check({ logits, targets: Int32Array.of(79_999), cols: 80_000, ignoreIndex: -100, smoothing: 0.1, reduction: "none" }, 2e-7);
  });

  test("-Infinity among the logits has probability 0", () => {
    const logits = normals(18, 8);
    logits[1] = Number.NEGATIVE_INFINITY;
    logits[17] = Number.NEGATIVE_INFINITY;
    check({ logits, targets: Int32Array.of(0, 8), cols: 9, ignoreIndex: -100, smoothing: 0, reduction: "none" });
  });

  test.each([9, -1, 2 ** 31 - 1, -(2 ** 31)])("the target %i of 9 classes is refused, and nothing written", (bad) => {
    guarded(backend, (memory) => {
      const targets = memory.put(Int32Array.of(0, -100, bad, 40));
      const loss = memory.put(Float32Array.of(42));
      const [largest, total] = [1, 2].map(() => memory.put(Float32Array.of(1, 2, 3, 4))) as [number, number];
      const sizes = { rows: 4, cols: 9, begin: 0, end: 4, ignoreIndex: -100, reduction: 1, smoothing: 0, confidence: 1 };
      const call = { logits: memory.put(normals(36, 3)), targets, loss, largest, total, ...sizes };
      expect(backend.dispatch("crossEntropyForward", call)).toBe(2);
      expect(memory.floats(loss, 1)).toEqual(Float32Array.of(42));
      for (const saved of [largest, total]) expect(memory.floats(saved, 4)).toEqual(Float32Array.of(1, 2, 3, 4));
    });
  });
});
