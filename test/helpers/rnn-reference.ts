import { type Numbers, steps } from "./recurrent-reference.js";

/** Plain float64 loops, one row at a time: what the recurrent kernels are compared with. Shapes and names as in src/backend/kernels.ts. */

export interface SequenceSizes {
  readonly B: number;
  readonly T: number;
  readonly I: number;
  readonly H: number;
}

export interface SequenceInput extends SequenceSizes {
  readonly x: Numbers;
  readonly wIh: Numbers;
  readonly wHh: Numbers;
  readonly bIh?: Numbers | undefined;
  readonly bHh?: Numbers | undefined;
  readonly h0?: Numbers | undefined;
  readonly lengths?: Numbers | undefined;
  readonly reverse: boolean;
}

export interface SequenceGradients {
  readonly dy?: Numbers | undefined;
  readonly dhN?: Numbers | undefined;
}

/** start[g] + sum over k of w[g, k] v[k], for the rows g of w [rows, v.length]. */
export function affine(w: Numbers, v: Numbers, rows: number, start?: Numbers): number[] {
  return Array.from({ length: rows }, (_, g) => {
    let sum = start?.[g] ?? 0;
    for (let k = 0; k < v.length; k++) sum += w[g * v.length + k]! * v[k]!;
    return sum;
  });
}

/** Adds w^T d to out, and d v^T to dw: what the product w v sends back. */
export function affineBackward(w: Numbers, v: Numbers, d: Numbers, out: number[], dw: number[]): void {
  for (let g = 0; g < d.length; g++) {
    for (let k = 0; k < v.length; k++) {
      out[k]! += w[g * v.length + k]! * d[g]!;
      dw[g * v.length + k]! += d[g]! * v[k]!;
    }
  }
}

export const slice = (v: Numbers, start: number, length: number) => Array.from({ length }, (_, i) => v[start + i]!);
export const zeros = (n: number) => new Array<number>(n).fill(0);

/** Copies `values` into `target` from `start`. */
export function put(target: number[], start: number, values: Numbers): void {
  for (let i = 0; i < values.length; i++) target[start + i] = values[i]!;
}

export interface RnnInput extends SequenceInput {
  readonly activation: "tanh" | "relu";
}

export function rnnReference(input: RnnInput) {
  const { B, T, I, H, x, wIh, wHh, bIh, bHh, h0 } = input;
  const y = zeros(B * T * H);
  const hN = zeros(B * H);
  for (let b = 0; b < B; b++) {
    let h = h0 ? slice(h0, b * H, H) : zeros(H);
    for (const t of steps(b, input)) {
      const fromX = affine(wIh, slice(x, (b * T + t) * I, I), H, bIh);
      const fromH = affine(wHh, h, H, bHh);
      h = fromX.map((v, i) => (input.activation === "tanh" ? Math.tanh(v + fromH[i]!) : Math.max(v + fromH[i]!, 0)));
      put(y, (b * T + t) * H, h);
    }
    put(hN, b * H, h);
  }
  return { y, hN };
}

export function rnnReferenceBackward(input: RnnInput, { dy, dhN }: SequenceGradients) {
  const { B, T, I, H, x, wIh, wHh, h0 } = input;
  const { y } = rnnReference(input);
  const gates = zeros(T * B * H);
  const dh = zeros(T * B * H);
  const dx = zeros(B * T * I);
  const dh0 = zeros(B * H);
  const dwIh = zeros(H * I);
  const dwHh = zeros(H * H);
  const db = zeros(H);
  for (let b = 0; b < B; b++) {
    let carry = dhN ? slice(dhN, b * H, H) : zeros(H);
    const order = steps(b, input);
    for (let s = order.length - 1; s >= 0; s--) {
      const t = order[s]!;
      const previous = s > 0 ? slice(y, (b * T + order[s - 1]!) * H, H) : h0 ? slice(h0, b * H, H) : zeros(H);
      const total = carry.map((c, i) => c + (dy?.[(b * T + t) * H + i] ?? 0));
      const da = total.map((d, i) => {
        const v = y[(b * T + t) * H + i]!;
        return input.activation === "tanh" ? d * (1 - v * v) : v > 0 ? d : 0;
      });
      const dxt = zeros(I);
      carry = zeros(H);
      affineBackward(wIh, slice(x, (b * T + t) * I, I), da, dxt, dwIh);
      affineBackward(wHh, previous, da, carry, dwHh);
      da.forEach((d, i) => {
        db[i]! += d;
      });
      put(gates, (t * B + b) * H, da);
      put(dh, (t * B + b) * H, total);
      put(dx, (b * T + t) * I, dxt);
    }
    put(dh0, b * H, carry);
  }
  return { gates, dx, dh0, dh, dwIh, dwHh, dbIh: db, dbHh: db };
}
