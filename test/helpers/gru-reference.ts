import { steps } from "./recurrent-reference.js";
import { affine, affineBackward, put, type SequenceGradients, type SequenceInput, slice, zeros } from "./rnn-reference.js";

export interface GruInput extends SequenceInput {
  readonly resetBefore: boolean;
}

const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));

export function gruReference(input: GruInput) {
  const { B, T, I, H, x, wIh, wHh, bIh, bHh, h0, resetBefore } = input;
  const wHn = slice(wHh, 2 * H * H, H * H);
  const bHn = bHh && slice(bHh, 2 * H, H);
  const y = zeros(B * T * H);
  const hN = zeros(B * H);
  const gates = zeros(T * B * 4 * H);
  for (let b = 0; b < B; b++) {
    let h = h0 ? slice(h0, b * H, H) : zeros(H);
    for (const t of steps(b, input)) {
      const fromX = affine(wIh, slice(x, (b * T + t) * I, I), 3 * H, bIh);
      const fromH = affine(wHh, h, 2 * H, bHh);
      const r = h.map((_, i) => sigmoid(fromX[i]! + fromH[i]!));
      const z = h.map((_, i) => sigmoid(fromX[H + i]! + fromH[H + i]!));
      const seen = resetBefore ? h.map((v, i) => r[i]! * v) : h;
      const q = affine(wHn, seen, H, bHn);
      const n = h.map((_, i) => Math.tanh(fromX[2 * H + i]! + (resetBefore ? q[i]! : r[i]! * q[i]!)));
      h = h.map((v, i) => (1 - z[i]!) * n[i]! + z[i]! * v);
      put(gates, (t * B + b) * 4 * H, [...r, ...z, ...n, ...(resetBefore ? seen : q)]);
      put(y, (b * T + t) * H, h);
    }
    put(hN, b * H, h);
  }
  return { y, hN, gates };
}

export function gruReferenceBackward(input: GruInput, { dy, dhN }: SequenceGradients) {
  const { B, T, I, H, x, wIh, wHh, h0, resetBefore } = input;
  const saved = gruReference(input);
  const wHn = slice(wHh, 2 * H * H, H * H);
  const gates = zeros(T * B * 4 * H);
  const dh = zeros(T * B * H);
  const dx = zeros(B * T * I);
  const dh0 = zeros(B * H);
  const dwIh = zeros(3 * H * I);
  const dwHrz = zeros(2 * H * H);
  const dwHn = zeros(H * H);
  const dbIh = zeros(3 * H);
  const dbHh = zeros(3 * H);
  for (let b = 0; b < B; b++) {
    let carry = dhN ? slice(dhN, b * H, H) : zeros(H);
    const order = steps(b, input);
    for (let s = order.length - 1; s >= 0; s--) {
      const t = order[s]!;
      const [r, z, n, fourth] = [0, 1, 2, 3].map((block) => slice(saved.gates, ((t * B + b) * 4 + block) * H, H)) as [
        number[],
        number[],
        number[],
        number[],
      ];
      const h = s > 0 ? slice(saved.y, (b * T + order[s - 1]!) * H, H) : h0 ? slice(h0, b * H, H) : zeros(H);
      const total = carry.map((c, i) => c + (dy?.[(b * T + t) * H + i] ?? 0));
      const dan = total.map((d, i) => d * (1 - z[i]!) * (1 - n[i]! ** 2));
      const daz = total.map((d, i) => d * (h[i]! - n[i]!) * z[i]! * (1 - z[i]!));
      carry = total.map((d, i) => d * z[i]!);
      let dr: number[];
      const dq = resetBefore ? dan : dan.map((d, i) => d * r[i]!);
      if (resetBefore) {
        const dSeen = zeros(H);
        affineBackward(wHn, fourth, dq, dSeen, dwHn);
        dr = dSeen.map((d, i) => d * h[i]!);
        dSeen.forEach((d, i) => {
          carry[i]! += d * r[i]!;
        });
      } else {
        affineBackward(wHn, h, dq, carry, dwHn);
        dr = dan.map((d, i) => d * fourth[i]!);
      }
      const dar = dr.map((d, i) => d * r[i]! * (1 - r[i]!));
      const dxt = zeros(I);
      affineBackward(wHh, h, [...dar, ...daz], carry, dwHrz);
      affineBackward(wIh, slice(x, (b * T + t) * I, I), [...dar, ...daz, ...dan], dxt, dwIh);
      [...dar, ...daz, ...dan].forEach((d, i) => {
        dbIh[i]! += d;
      });
      [...dar, ...daz, ...dq].forEach((d, i) => {
        dbHh[i]! += d;
      });
      put(gates, (t * B + b) * 4 * H, [...dar, ...daz, ...dan, ...(resetBefore ? fourth : dq)]);
      put(dh, (t * B + b) * H, total);
      put(dx, (b * T + t) * I, dxt);
    }
    put(dh0, b * H, carry);
  }
  return { gates, dx, dh0, dh, dwIh, dwHh: [...dwHrz, ...dwHn], dbIh, dbHh };
}
