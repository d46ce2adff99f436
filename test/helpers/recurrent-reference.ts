/**
 * The LSTM in float64 and naive loops, forward and backward: what the fused kernels are compared with. Names and layouts are the
 * contract's (src/backend/kernels.ts); what is absent is zero, and absent lengths are T.
 */
export type Numbers = ArrayLike<number>;

/** Uniform numbers in [-scale, scale), the same on every run. */
export function generator(seed: number): (count: number, scale?: number) => Float32Array {
  let state = seed;
  return (count, scale = 1) =>
    Float32Array.from({ length: count }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return (state / 2 ** 31) * scale;
    });
}

export interface LstmInput {
  B: number;
  T: number;
  I: number;
  H: number;
  P: number;
  reverse: boolean;
  x: Numbers;
  wIh: Numbers;
  wHh: Numbers;
  bIh?: Numbers | undefined;
  bHh?: Numbers | undefined;
  wHr?: Numbers | undefined;
  h0?: Numbers | undefined;
  c0?: Numbers | undefined;
  lengths?: Numbers | undefined;
}

export type LstmOutput = Record<"y" | "hN" | "cN" | "gates" | "cells" | "hidden", Float64Array>;

export interface LstmOutputGradient {
  dy?: Numbers | undefined;
  dhN?: Numbers | undefined;
  dcN?: Numbers | undefined;
}

export type LstmGradient = Record<"gates" | "dx" | "dh0" | "dc0" | "dh" | "dwIh" | "dwHh" | "db" | "dwHr", Float64Array>;

const at = (values: Numbers | undefined, i: number): number => values?.[i] ?? 0;
const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));

/** The valid steps of row b, in the order in which the state meets them. */
export function steps(b: number, { T, reverse, lengths }: { T: number; reverse: boolean; lengths?: Numbers | undefined }): number[] {
  const order = Array.from({ length: lengths ? at(lengths, b) : T }, (_, t) => t);
  return reverse ? order.reverse() : order;
}

export function lstmForwardReference(input: LstmInput): LstmOutput {
  const { B, T, I, H, P, x, wIh, wHh, bIh, bHh, wHr, h0, c0 } = input;
  const y = new Float64Array(B * T * P);
  const hN = new Float64Array(B * P);
  const cN = new Float64Array(B * H);
  const gates = new Float64Array(T * B * 4 * H);
  const cells = new Float64Array(T * B * H);
  const hidden = new Float64Array(T * B * H);
  for (let b = 0; b < B; b++) {
    let h = Array.from({ length: P }, (_, p) => at(h0, b * P + p));
    const c = Array.from({ length: H }, (_, j) => at(c0, b * H + j));
    const valid = steps(b, input);
    const all = steps(b, { T, reverse: input.reverse });
    for (const t of all) {
      const row = t * B + b;
      if (valid.includes(t)) {
        const gate = (g: number) => {
          let sum = at(bIh, g) + at(bHh, g);
          for (let i = 0; i < I; i++) sum += at(wIh, g * I + i) * at(x, (b * T + t) * I + i);
          for (let p = 0; p < P; p++) sum += at(wHh, g * P + p) * h[p]!;
          return sum;
        };
        for (let j = 0; j < H; j++) {
          const i = sigmoid(gate(j));
          const f = sigmoid(gate(H + j));
          const g = Math.tanh(gate(2 * H + j));
          const o = sigmoid(gate(3 * H + j));
          c[j] = f * c[j]! + i * g;
          [i, f, g, o].forEach((value, k) => {
            gates[row * 4 * H + k * H + j] = value;
          });
          hidden[row * H + j] = o * Math.tanh(c[j]!);
        }
        h = h.map((_, p) => {
          if (!wHr) return hidden[row * H + p]!;
          let sum = 0;
          for (let j = 0; j < H; j++) sum += at(wHr, p * H + j) * hidden[row * H + j]!;
          return sum;
        });
        y.set(h, (b * T + t) * P);
      }
      cells.set(c, row * H);
    }
    hN.set(h, b * P);
    cN.set(c, b * H);
  }
  return { y, hN, cN, gates, cells, hidden };
}

export function lstmBackwardReference(input: LstmInput, output: LstmOutput, { dy, dhN, dcN }: LstmOutputGradient): LstmGradient {
  const { B, T, I, H, P, x, wIh, wHh, wHr, h0, c0 } = input;
  const G = 4 * H;
  const gates = new Float64Array(T * B * G);
  const dx = new Float64Array(B * T * I);
  const dh0 = new Float64Array(B * P);
  const dc0 = new Float64Array(B * H);
  const dh = new Float64Array(T * B * P);
  const dwIh = new Float64Array(G * I);
  const dwHh = new Float64Array(G * P);
  const db = new Float64Array(G);
  const dwHr = new Float64Array(P * H);
  for (let b = 0; b < B; b++) {
    const carry = Array.from({ length: P }, (_, p) => at(dhN, b * P + p));
    const dc = Array.from({ length: H }, (_, j) => at(dcN, b * H + j));
    const order = steps(b, input);
    for (let s = order.length - 1; s >= 0; s--) {
      const t = order[s]!;
      const row = t * B + b;
      const before = s > 0 ? order[s - 1]! : -1;
      const hOld = (p: number) => (before < 0 ? at(h0, b * P + p) : output.y[(b * T + before) * P + p]!);
      const cOld = (j: number) => (before < 0 ? at(c0, b * H + j) : output.cells[(before * B + b) * H + j]!);
      for (let p = 0; p < P; p++) {
        dh[row * P + p] = carry[p]! + at(dy, (b * T + t) * P + p);
        for (let j = 0; wHr && j < H; j++) dwHr[p * H + j]! += dh[row * P + p]! * output.hidden[row * H + j]!;
      }
      for (let j = 0; j < H; j++) {
        let d = 0;
        if (wHr) for (let p = 0; p < P; p++) d += dh[row * P + p]! * at(wHr, p * H + j);
        else d = dh[row * P + j]!;
        const [i, f, g, o] = [0, 1, 2, 3].map((k) => output.gates[row * G + k * H + j]!) as [number, number, number, number];
        const tanhC = Math.tanh(output.cells[row * H + j]!);
        const dCell = dc[j]! + d * o * (1 - tanhC ** 2);
        const slopes = [dCell * g * i * (1 - i), dCell * cOld(j) * f * (1 - f), dCell * i * (1 - g ** 2), d * tanhC * o * (1 - o)];
        slopes.forEach((value, k) => {
          gates[row * G + k * H + j] = value;
        });
        dc[j] = dCell * f;
      }
      carry.fill(0);
      for (let g = 0; g < G; g++) {
        const d = gates[row * G + g]!;
        db[g]! += d;
        for (let i = 0; i < I; i++) {
          dx[(b * T + t) * I + i]! += d * at(wIh, g * I + i);
          dwIh[g * I + i]! += d * at(x, (b * T + t) * I + i);
        }
        for (let p = 0; p < P; p++) {
          carry[p]! += d * at(wHh, g * P + p);
          dwHh[g * P + p]! += d * hOld(p);
        }
      }
    }
    dh0.set(carry, b * P);
    dc0.set(dc, b * H);
  }
  return { gates, dx, dh0, dc0, dh, dwIh, dwHh, db, dwHr };
}

export interface RecurrentGradientInput {
  cell: "plain" | "gruResetAfter" | "gruResetBefore";
  B: number;
  T: number;
  I: number;
  H: number;
  G: number;
  width: number;
  reverse: boolean;
  gates: Numbers;
  x: Numbers;
  y: Numbers;
  h0?: Numbers | undefined;
  lengths?: Numbers | undefined;
}

/** What the kernel recurrentGradient adds to each of its outputs. */
export function recurrentGradientReference(input: RecurrentGradientInput): Record<"dwIh" | "dwHh" | "dbIh" | "dbHh", Float64Array> {
  const { cell, B, T, I, H, G, width, gates, x, y, h0 } = input;
  const dwIh = new Float64Array(G * I);
  const dwHh = new Float64Array(G * H);
  const dbIh = new Float64Array(G);
  const dbHh = new Float64Array(G);
  for (let b = 0; b < B; b++) {
    const order = steps(b, input);
    order.forEach((t, s) => {
      const row = (t * B + b) * width;
      const stateAt = (j: number) => (s > 0 ? at(y, (b * T + order[s - 1]!) * H + j) : at(h0, b * H + j));
      for (let g = 0; g < G; g++) {
        const candidate = cell !== "plain" && g >= 2 * H;
        const d = at(gates, row + g);
        const dRecurrent = candidate && cell === "gruResetAfter" ? at(gates, row + g + H) : d;
        const seen = (j: number) => (candidate && cell === "gruResetBefore" ? at(gates, row + 3 * H + j) : stateAt(j));
        for (let i = 0; i < I; i++) dwIh[g * I + i]! += d * at(x, (b * T + t) * I + i);
        for (let j = 0; j < H; j++) dwHh[g * H + j]! += dRecurrent * seen(j);
        dbIh[g]! += d;
        dbHh[g]! += dRecurrent;
      }
    });
  }
  return { dwIh, dwHh, dbIh, dbHh };
}
