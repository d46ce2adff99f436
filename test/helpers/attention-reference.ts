import { addToCounter, philox, type RandomStart, uniformFromWord } from "../../src/util/philox.js";

type Numbers = ArrayLike<number>;

export interface AttentionSizes {
  readonly B: number;
  readonly N: number;
  readonly K: number;
  readonly T: number;
  readonly S: number;
  readonly D: number;
  readonly E: number;
}

/** Heads have a dimension of their own: q [B, N, T, D], k [B, K, S, D], v [B, K, S, E], bias [B, N, T, S]. */
export interface AttentionInput extends AttentionSizes {
  readonly q: Numbers;
  readonly k: Numbers;
  readonly v: Numbers;
  readonly bias?: Numbers | undefined;
  readonly lengths?: Numbers | undefined;
  /** Absent: not causal. */
  readonly offset?: number | undefined;
  readonly scale?: number | undefined;
  readonly dropout?: (RandomStart & { readonly p: number }) | undefined;
}

const zeros = (n: number) => new Float64Array(n);

/** Calls `visit` for each query with where its row of everything starts. */
function eachQuery(
  { B, N, K, T, S, D, E }: AttentionSizes,
  visit: (row: { b: number; t: number; w: number; q: number; k: number; v: number; y: number; i: number }) => void,
): void {
  for (let b = 0; b < B; b++) {
    for (let n = 0; n < N; n++) {
      for (let t = 0; t < T; t++) {
        const i = (b * N + n) * T + t;
        const keys = (b * K + Math.floor(n / (N / K))) * S;
        visit({ b, t, i, w: i * S, q: i * D, k: keys * D, v: keys * E, y: i * E });
      }
    }
  }
}

/** What dropout multiplies the weight at a position by. */
function keepFactor({ dropout }: AttentionInput, position: number): number {
  if (!dropout) return 1;
  const { key0, key1, counter0, counter1, p } = dropout;
  const word = philox(addToCounter([counter0, counter1, 0, 0], Math.floor(position / 4)), [key0, key1])[position % 4]!;
  return uniformFromWord(word) >= Math.fround(p) ? 1 / (1 - p) : 0;
}

const dot = (a: Numbers, i: number, b: Numbers, j: number, n: number) => {
  let total = 0;
  for (let d = 0; d < n; d++) total += a[i + d]! * b[j + d]!;
  return total;
};

/** weights [B, N, T, S] before dropout, y [B, N, T, E], largest score and total e^(score - largest) [B, N, T], Infinity and 0 where nothing is visible. */
export function attentionReference(input: AttentionInput) {
  const { B, N, T, S, D, E, q, k, v, bias, lengths, offset, scale = 1 / Math.sqrt(D) } = input;
  const weights = zeros(B * N * T * S);
  const y = zeros(B * N * T * E);
  const largest = zeros(B * N * T);
  const total = zeros(B * N * T);
  eachQuery(input, (at) => {
    const scores = Array.from({ length: S }, (_, s) => {
      if (s >= (lengths?.[at.b] ?? S) || (offset !== undefined && s > at.t + offset)) return Number.NEGATIVE_INFINITY;
      return scale * dot(q, at.q, k, at.k + s * D, D) + (bias?.[at.w + s] ?? 0);
    });
    const most = Math.max(...scores);
    const sum = most === Number.NEGATIVE_INFINITY ? 0 : scores.reduce((before, x) => before + Math.exp(x - most), 0);
    largest[at.i] = sum === 0 ? Number.POSITIVE_INFINITY : most;
    total[at.i] = sum;
    if (sum === 0) return;
    for (let s = 0; s < S; s++) {
      const w = Math.exp(scores[s]! - most) / sum;
      weights[at.w + s] = w;
      for (let e = 0; e < E; e++) y[at.y + e]! += w * keepFactor(input, at.w + s) * v[at.v + s * E + e]!;
    }
  });
  return { weights, y, largest, total };
}

/** Gradients of q, k, v and bias (as if it were [B, N, T, S]) from that of y, and from that of the weights where it is given. */
export function attentionReferenceBackward(input: AttentionInput, dy: Numbers, dWeights?: Numbers) {
  const { B, N, K, T, S, D, E, q, k, v, scale = 1 / Math.sqrt(D) } = input;
  const { weights } = attentionReference(input);
  const dq = zeros(B * N * T * D);
  const dk = zeros(B * K * S * D);
  const dv = zeros(B * K * S * E);
  const dBias = zeros(B * N * T * S);
  eachQuery(input, (at) => {
    const dW = Array.from({ length: S }, (_, s) => {
      const keep = keepFactor(input, at.w + s);
      for (let e = 0; e < E; e++) dv[at.v + s * E + e]! += weights[at.w + s]! * keep * dy[at.y + e]!;
      return keep * dot(dy, at.y, v, at.v + s * E, E) + (dWeights?.[at.w + s] ?? 0);
    });
    const delta = dW.reduce((sum, d, s) => sum + d * weights[at.w + s]!, 0);
    for (let s = 0; s < S; s++) {
      const dScore = weights[at.w + s]! * (dW[s]! - delta);
      dBias[at.w + s] = dScore;
      for (let d = 0; d < D; d++) {
        dq[at.q + d]! += scale * dScore * k[at.k + s * D + d]!;
        dk[at.k + s * D + d]! += scale * dScore * q[at.q + d]!;
      }
    }
  });
  return { dq, dk, dv, dBias };
}
