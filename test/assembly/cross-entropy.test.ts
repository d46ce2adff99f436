import { expect, test } from "vitest";
import { type Reduction, reductions } from "../../src/backend/kernels.js";
import { forEachDevice, variants } from "../helpers/devices.js";
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
  const logSumExp: number[] = [];
  const dLogits: number[] = [];
  for (let r = 0; r < rows; r++) {
    const row = Array.from(logits.subarray(r * cols, (r + 1) * cols));
    const target = targets[r]!;
    const largest = Math.max(...row);
    const lse = largest + Math.log(row.reduce((s, v) => s + Math.exp(v - largest), 0));
    const mean = row.reduce((s, v) => s + v / cols, 0);
    const ignored = target === ignoreIndex;
    losses.push(ignored ? 0 : (1 - smoothing) * (lse - row[target]!) + (smoothing && smoothing * (lse - mean)));
    logSumExp.push(ignored ? 0 : lse);
    const g = reduction === "none" ? dLoss[r]! : dLoss[0]! / (reduction === "mean" ? count : 1);
    row.forEach((v, c) => {
      dLogits.push(ignored ? 0 : g * (Math.exp(v - lse) - (c === target ? 1 - smoothing : 0) - smoothing / cols));
    });
  }
  const total = losses.reduce((a, b) => a + b, 0);
  const loss = reduction === "none" ? losses : [reduction === "mean" ? total / count : total];
  return { loss, logSumExp, dLogits };
}

await forEachDevice(variants, "crossEntropy", ({ backend }) => {
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
      const logSumExp = memory.out(rows);
      const shape = { rows, cols, ignoreIndex, reduction, smoothing };
      expect(backend.dispatch("crossEntropyForward", { logits, targets, loss, logSumExp, ...shape })).toBe(-1);
      expectClose(memory.floats(loss, size), expected.loss, tolerance, "loss");
      expectClose(memory.floats(logSumExp, rows), expected.logSumExp, tolerance, "logSumExp");

      const dLoss = memory.put(upstream);
      const dLogits = memory.out(rows * cols);
      backend.dispatch("crossEntropyBackward", { logits, targets, logSumExp, dLoss, dLogits, ...shape });
      const gradient = memory.floats(dLogits, rows * cols);
      expectClose(gradient, expected.dLogits, tolerance, "dLogits");
      backend.dispatch("crossEntropyBackward", { logits, targets, logSumExp, dLoss, dLogits: logits, ...shape });
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
      const call = { targets: memory.put(targets), loss, logSumExp: memory.out(4), rows: 4, cols: 10, ignoreIndex: -100 };
      for (const smoothing of [0, 0.2]) {
        backend.dispatch("crossEntropyForward", { logits: memory.put(logits), ...call, reduction: 0, smoothing });
        const c: Case = { logits, targets, cols: 10, ignoreIndex: -100, smoothing, reduction: "none" };
        expectClose(memory.floats(loss, 4), reference(c, new Float32Array(4)).loss, 1e-6);
      }
    });
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
      const logSumExp = memory.put(Float32Array.of(1, 2, 3, 4));
      const call = { logits: memory.put(normals(36, 3)), targets, loss, logSumExp, rows: 4, cols: 9, ignoreIndex: -100, reduction: 1 };
      expect(backend.dispatch("crossEntropyForward", { ...call, smoothing: 0 })).toBe(2);
      expect(memory.floats(loss, 1)).toEqual(Float32Array.of(42));
      expect(memory.floats(logSumExp, 4)).toEqual(Float32Array.of(1, 2, 3, 4));
    });
  });
});
