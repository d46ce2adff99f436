import { type Numbers, steps } from "./recurrent-reference.js";
import { affine, affineBackward, put, type SequenceGradients, type SequenceInput, slice, zeros } from "./rnn-reference.js";

/** H is the size of the cell state, P that of the output; they differ only with a projection wHr. */
export interface LstmInput extends SequenceInput {
  readonly P: number;
  readonly wHr?: Numbers | undefined;
  readonly c0?: Numbers | undefined;
}

export interface LstmGradients extends SequenceGradients {
  readonly dcN?: Numbers | undefined;
}

const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));

/** The state of row b before its first step. */
const start = (initial: Numbers | undefined, b: number, n: number) => (initial ? slice(initial, b * n, n) : zeros(n));

/** A row's i, f, g, o, or the like: n numbers of each of 4 H. */
const quarters = (v: Numbers, at: number, n: number) =>
  [0, 1, 2, 3].map((k) => slice(v, at + k * n, n)) as [number[], number[], number[], number[]];

export function lstmReference(input: LstmInput) {
  const { B, T, I, H, P, x, wIh, wHh, bIh, bHh, wHr, h0, c0 } = input;
  const y = zeros(B * T * P);
  const hN = zeros(B * P);
  const cN = zeros(B * H);
  const gates = zeros(T * B * 4 * H);
  const cells = zeros(T * B * H);
  const hidden = zeros(T * B * H);
  for (let b = 0; b < B; b++) {
    let h = start(h0, b, P);
    let c = start(c0, b, H);
    const valid = new Set(steps(b, input));
    // Past its length a row's cells hold the state, which stands still.
    for (const t of steps(b, { ...input, lengths: undefined })) {
      const row = t * B + b;
      if (valid.has(t)) {
        const fromX = affine(wIh, slice(x, (b * T + t) * I, I), 4 * H, bIh);
        const fromH = affine(wHh, h, 4 * H, bHh);
        const sums = fromX.map((v, k) => v + fromH[k]!);
        const activated = sums.map((v, k) => (Math.floor(k / H) === 2 ? Math.tanh(v) : sigmoid(v)));
        const [i, f, g, o] = quarters(activated, 0, H);
        c = c.map((v, j) => f[j]! * v + i[j]! * g[j]!);
        const out = c.map((v, j) => o[j]! * Math.tanh(v));
        h = wHr ? affine(wHr, out, P) : out;
        put(gates, row * 4 * H, activated);
        put(hidden, row * H, out);
        put(y, (b * T + t) * P, h);
      }
      put(cells, row * H, c);
    }
    put(hN, b * P, h);
    put(cN, b * H, c);
  }
  return { y, hN, cN, gates, cells, hidden };
}

export function lstmReferenceBackward(input: LstmInput, { dy, dhN, dcN }: LstmGradients) {
  const { B, T, I, H, P, x, wIh, wHh, wHr, h0, c0 } = input;
  const { y, gates: activated, cells, hidden } = lstmReference(input);
  const gates = zeros(T * B * 4 * H);
  const dh = zeros(T * B * P);
  const dx = zeros(B * T * I);
  const dh0 = zeros(B * P);
  const dc0 = zeros(B * H);
  const dwIh = zeros(4 * H * I);
  const dwHh = zeros(4 * H * P);
  const dwHr = zeros(P * H);
  const db = zeros(4 * H);
  for (let b = 0; b < B; b++) {
    let carry = start(dhN, b, P);
    let dc = start(dcN, b, H);
    const order = steps(b, input);
    for (let s = order.length - 1; s >= 0; s--) {
      const t = order[s]!;
      const row = t * B + b;
      const hOld = s > 0 ? slice(y, (b * T + order[s - 1]!) * P, P) : start(h0, b, P);
      const cOld = s > 0 ? slice(cells, (order[s - 1]! * B + b) * H, H) : start(c0, b, H);
      const total = carry.map((v, p) => v + (dy?.[(b * T + t) * P + p] ?? 0));
      let dOut = total;
      if (wHr) {
        dOut = zeros(H);
        affineBackward(wHr, slice(hidden, row * H, H), total, dOut, dwHr);
      }
      const [i, f, g, o] = quarters(activated, row * 4 * H, H);
      const tanhC = slice(cells, row * H, H).map(Math.tanh);
      dc = dc.map((v, j) => v + dOut[j]! * o[j]! * (1 - tanhC[j]! ** 2));
      const da = [
        ...dc.map((v, j) => v * g[j]! * i[j]! * (1 - i[j]!)),
        ...dc.map((v, j) => v * cOld[j]! * f[j]! * (1 - f[j]!)),
        ...dc.map((v, j) => v * i[j]! * (1 - g[j]! ** 2)),
        ...dOut.map((v, j) => v * tanhC[j]! * o[j]! * (1 - o[j]!)),
      ];
      dc = dc.map((v, j) => v * f[j]!);
      const dxt = zeros(I);
      carry = zeros(P);
      affineBackward(wIh, slice(x, (b * T + t) * I, I), da, dxt, dwIh);
      affineBackward(wHh, hOld, da, carry, dwHh);
      da.forEach((d, k) => {
        db[k]! += d;
      });
      put(gates, row * 4 * H, da);
      put(dh, row * P, total);
      put(dx, (b * T + t) * I, dxt);
    }
    put(dh0, b * P, carry);
    put(dc0, b * H, dc);
  }
  return { gates, dx, dh0, dc0, dh, dwIh, dwHh, dwHr, dbIh: db, dbHh: db };
}
