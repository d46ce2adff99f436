import { describe, expect, test } from "vitest";
import { LogisticRegression } from "../../src/models/logistic-regression.js";
import { SparseRows } from "../../src/text/sparse.js";

const dense = (rows: number[][]) =>
  SparseRows.from(
    rows.map((row) => [...row.entries()]),
    rows[0]!.length,
  );
const X = [
  [1, 0, 0.5],
  [0.2, 1, 0],
  [0, 0.3, 1],
  [1, 0.4, 0],
  [0.1, 0.9, 0.3],
  [0.7, 0.7, 0.7],
];
const y = ["a", "b", "c", "a", "b", "a"];

/** The loss, element by element. */
function lossOf(parameters: readonly number[], K: number, c: number): number {
  const [N, n] = [X.length, X[0]!.length];
  const labels = [...new Set(y)].sort();
  let total = 0;
  for (const [r, x] of X.entries()) {
    const scores = Array.from(
      { length: K },
      (_, k) => parameters[K * n + k]! + x.reduce((sum, v, i) => sum + v * parameters[k * n + i]!, 0),
    );
    total += Math.log(scores.reduce((sum, z) => sum + Math.exp(z), 0)) - scores[labels.indexOf(y[r]!)]!;
  }
  return total / N + parameters.slice(0, K * n).reduce((sum, w) => sum + w * w, 0) / (2 * c * N);
}

describe("LogisticRegression", () => {
  test.each([0.1, 1, 50])("c %f: is where the loss has no slope", (c) => {
    const { parameters } = LogisticRegression.fit(dense(X), y, { c, iterations: 20_000, tolerance: 1e-9 });
    const h = 1e-5;
    for (const i of parameters.keys()) {
      const moved = (d: number) =>
        lossOf(
          [...parameters].map((w, k) => (k === i ? w + d : w)),
          3,
          c,
        );
      expect((moved(h) - moved(-h)) / (2 * h)).toBeCloseTo(0, 7);
    }
  });

  test("gives probabilities, and the same ones each time", () => {
    const [first, second] = [0, 1].map(() => LogisticRegression.fit(dense(X), y).probabilities(dense(X)));
    expect(first).toEqual(second);
    for (const row of first!) expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    expect(LogisticRegression.fit(dense(X), y, { c: 100 }).predict(dense(X))).toEqual(y);
  });

  test("refuses", () => {
    expect(() => LogisticRegression.fit(dense(X), ["a"])).toThrow("1 labels for 6 rows");
    expect(() =>
      LogisticRegression.fit(
        dense(X),
        y.map(() => "a"),
      ),
    ).toThrow("expected at least 2");
    expect(() => LogisticRegression.fit(dense(X), y, { c: 0 })).toThrow("c");
    expect(() => LogisticRegression.fit(dense(X), y).predict(dense([[1, 2]]))).toThrow("2 columns");
  });
});
