import { expect, test } from "vitest";
import { ctcDecode } from "../../src/decode/ctc.js";
import { viterbi } from "../../src/decode/viterbi.js";
import { crfLoss, ctcLoss, logSoftmax, logSumExp } from "../../src/ops/index.js";
import { tensor } from "../../src/tensor/create.js";
import { RandomGenerator } from "../../src/util/philox.js";
import { everywhere, forEachDevice, on } from "../helpers/devices.js";
import { expectError } from "../helpers/errors.js";

const random = new RandomGenerator(7);
const numbers = (n: number) => Float32Array.from({ length: n }, () => 4 * random.uniform() - 2);

/** Every sequence of n numbers below k. */
function* sequences(n: number, k: number): Iterable<number[]> {
  if (n === 0) yield [];
  else for (const head of sequences(n - 1, k)) for (let c = 0; c < k; c++) yield [...head, c];
}
const logSum = (values: number[]) => {
  const most = Math.max(...values);
  return most + Math.log(values.reduce((sum, v) => sum + Math.exp(v - most), 0));
};

const [B, T, K] = [3, 5, 3];
const lengths = [5, 1, 3];
const tags = [[2, 0, 0, 1, 2], [1], [0, 2, 1]];
const crf = { emissions: numbers(B * T * K), transitions: numbers(K * K), starts: numbers(K), ends: numbers(K) };
const score = (b: number, y: number[]) =>
  y.reduce((sum, k, t) => sum + crf.emissions[(b * T + t) * K + k]! + (t ? crf.transitions[y[t - 1]! * K + k]! : 0), 0) +
  crf.starts[y[0]!]! +
  crf.ends[y.at(-1)!]!;

/** The symbols of a path: repeats merged, blanks dropped. */
const merged = (path: number[], blank: number) => path.filter((c, t) => c !== blank && c !== path[t - 1]);

await forEachDevice(everywhere, "structured losses", (device) => {
  const test = on(device);
  const scores = () => ({ transitions: tensor(crf.transitions, [K, K]), starts: tensor(crf.starts), ends: tensor(crf.ends) });

  test("the field's loss is that of all tag sequences, one by one", async () => {
    const loss = await crfLoss(tensor(crf.emissions, [B, T, K]), tags, scores(), { reduction: "none" }).data();
    for (const [b, n] of lengths.entries()) {
      const all = [...sequences(n, K)].map((y) => score(b, y));
      expect(loss[b]).toBeCloseTo(logSum(all) - score(b, tags[b]!), 4);
    }
  });

  test("viterbi finds the best of all tag sequences", async () => {
    const best = await viterbi(tensor(crf.emissions, [B, T, K]), scores(), lengths);
    for (const [b, n] of lengths.entries()) {
      const all = [...sequences(n, K)].map((y) => score(b, y));
      expect(score(b, best[b]!)).toBeCloseTo(Math.max(...all), 10);
    }
  });

  for (const blank of [0, 2])
    test(`ctc is the sum over all paths, one by one; blank ${blank}`, async () => {
      const [A, C] = [0, 1, 2].filter((c) => c !== blank) as [number, number];
      const targets = [[A, A, C], [], [C, A]];
      const logits = tensor(numbers(B * T * K), [B, T, K]);
      const logProbs = logSoftmax(logits);
      const p = await logProbs.data();
      const loss = await ctcLoss(logProbs, targets, { lengths, blank, reduction: "none" }).data();
      for (const [b, n] of lengths.entries()) {
        const paths = [...sequences(n, K)].filter((path) => String(merged(path, blank)) === String(targets[b]));
        const expected = -logSum(paths.map((path) => path.reduce((sum, c, t) => sum + p[(b * T + t) * K + c]!, 0)));
        expect(loss[b]).toBeCloseTo(expected, 4);
      }
      const mean = await ctcLoss(logProbs, targets, { lengths, blank }).item();
      expect(mean).toBeCloseTo((loss[0]! / 3 + loss[1]! + loss[2]! / 2) / 3, 5);
    });

  test("a row without a path is infinite, or left out, and has no gradient", async () => {
    const logits = tensor(numbers(2 * 2 * 3), [2, 2, 3], { requiresGrad: true });
    const targets = [
      [1, 1],
      [1, 2],
    ];
    expect((await ctcLoss(logSoftmax(logits), targets, { reduction: "none" }).data())[0]).toBe(Number.POSITIVE_INFINITY);
    const loss = ctcLoss(logSoftmax(logits), targets, { zeroInfinity: true, reduction: "sum" });
    loss.backward();
    expect(Number.isFinite(await loss.item())).toBe(true);
    const gradient = Array.from(await logits.grad!.data());
    expect(gradient.slice(0, 6)).toEqual(new Array(6).fill(0));
    expect(gradient.slice(6).every((v) => v !== 0)).toBe(true);
  });

  test("logSumExp neither overflows nor loses -Infinity", async () => {
    const x = tensor([1000, 1001, -1000, -1001, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY], [3, 2]);
    const y = Array.from(await logSumExp(x, { axis: 1 }).data());
    expect(y[0]).toBeCloseTo(1001 + Math.log1p(Math.exp(-1)), 3);
    expect(y[1]).toBeCloseTo(-1000 + Math.log1p(Math.exp(-1)), 3);
    expect(y[2]).toBe(Number.NEGATIVE_INFINITY);
  });

  test("refuses inputs that do not fit", () => {
    const p = tensor(numbers(6), [1, 2, 3]);
    expectError("range", () => ctcLoss(p, [[3]]), "targets[0][0] is 3", "0 to 2");
    expectError("range", () => ctcLoss(p, [[0]]), "blank");
    expectError("range", () => ctcLoss(p, [[1]], { lengths: [3] }), "lengths[0] is 3");
    expectError("range", () => ctcLoss(p, [[1]], { blank: 3 }), "blank is 3");
    expectError("shape", () => ctcLoss(p, [[1], [2]]), "2 rows");
    // At each place of a row and of a batch.
    const two = tensor(numbers(12), [2, 2, 3]);
    for (const [row, at] of [0, 1, 2, 3].map((k) => [k >> 1, k & 1] as const))
      for (const bad of [3, -1, 0.5]) {
        const rows = [
          [1, 1],
          [1, 1],
        ];
        rows[row]![at] = bad;
        expectError("range", () => crfLoss(two, rows, scores()), `tags[${row}][${at}] is ${bad}`);
        expectError("range", () => ctcLoss(two, rows), `targets[${row}][${at}] is ${bad}`);
      }
    expectError("range", () => crfLoss(p, [[]], scores()), "tags of row 0");
    expectError("shape", () => crfLoss(p, [[0]], { ...scores(), starts: tensor([0]) }), "starts");
  });
});

test("ctcDecode merges repeats and drops blanks", () => {
  const rows = [1, 1, 0, 1, 2, 2, 0].flatMap((c) => [0, 1, 2].map((k) => (k === c ? 0 : -9)));
  expect(ctcDecode(rows, 3)).toEqual([1, 1, 2]);
  expect(ctcDecode(rows, 3, { beam: 5 })).toEqual([1, 1, 2]);
  expect(ctcDecode(rows, 3, { blank: 1 })).toEqual([0, 2, 0]);
  expectError("shape", () => ctcDecode(rows, 4), "21 numbers");
});

test("prefix search finds the symbols of the greatest probability, which greedy may miss", () => {
  // blank 0.4, a 0.3, b 0.3 twice: nothing has 0.16, but a has 0.3 x 0.4 x 2 + 0.09 = 0.33.
  const steps = [0.4, 0.32, 0.28, 0.4, 0.32, 0.28].map(Math.log);
  expect(ctcDecode(steps, 3)).toEqual([]);
  expect(ctcDecode(steps, 3, { beam: 10 })).toEqual([1]);
  for (let round = 0; round < 20; round++) {
    const p = Array.from({ length: 4 }, () => {
      const row = [0, 1, 2].map(() => Math.exp(numbers(1)[0]!));
      const sum = row.reduce((a, b) => a + b);
      return row.map((v) => Math.log(v / sum));
    });
    const totals = new Map<string, number>();
    for (const path of sequences(4, 3)) {
      const key = String(merged(path, 0));
      totals.set(key, (totals.get(key) ?? 0) + Math.exp(path.reduce((sum, c, t) => sum + p[t]![c]!, 0)));
    }
    const [best] = [...totals].sort(([, a], [, b]) => b - a)[0]!;
    expect(String(ctcDecode(p.flat(), 3, { beam: 100 }))).toBe(best);
  }
});
