import { packB, packedBytes } from "../gemm/pack";
import { gemmPacked } from "../gemm/tiles";
import { fma } from "../simd/fma";
import { loadLanes, storeLanes } from "../simd/lanes";
import { sigmoidDerivative } from "../simd/sigmoid";
import { tanhDerivative, tanhv } from "../simd/tanh";
import { aligned, bytes, clearRow, copyRow, lengthOf, projectSequence, startState, wholePanels } from "./sequence";

/**
 * Backpropagation through time of lstmForward. With dh_t = dy_t + dGates_{t+1} W_hh, pulled through W_hr where there is a projection:
 *
 *   dc_t += dh_t o (1 - tanh(c_t)^2);  di = dc g i (1 - i), df = dc c_{t-1} f (1 - f), dg = dc i (1 - g^2),
 *   do = dh tanh(c) o (1 - o);  dc_{t-1} = dc f;  dx_t = dGates_t W_ih
 *
 * Reads wIh [4H, I], wHh [4H, P], wHr [P, H], c0 [B, H], lengths and cells [T, B, H] as lstmForward took and left them,
 * dy [B, T, P], dhN [B, P], dcN [B, H]; what is absent is zero.
 * gates [T, B, 4H] comes as lstmForward left it and becomes the gradient of the pre-activations, 0 where t >= a row's length.
 * Overwrites, where given, dx [B, T, I], dh0 [B, P], dc0 [B, H] and dh [T, B, P], the whole of dLoss/dh_t (0 where t >= a row's
 * length); of each, the batch rows begin..end. Alignment 4 bytes; no write aliases another buffer.
 */
export function lstmBackward(
  wIh: usize, wHh: usize, wHr: usize, c0: usize, lengths: usize, cells: usize, dy: usize, dhN: usize, dcN: usize,
  gates: usize, dx: usize, dh0: usize, dc0: usize, dh: usize, workspace: usize,
  B: i32, T: i32, I: i32, H: i32, P: i32, reverse: i32, begin: i32, end: i32,
): void {
  const rows = end - begin;
  const G = 4 * H;

  const packedHh = aligned(workspace);
  const packedHr = aligned(packedHh + bytes(G * wholePanels(max(I, P))));
  const carry = aligned(packedHr + (wHr ? bytes(P * wholePanels(H)) : 0));
  const dc = carry + bytes(rows * P);
  const total = dc + bytes(rows * H);
  const pulled = total + bytes(rows * P);
  const zeros = pulled + bytes(rows * H);

  packB(wHh, P, false, G, P, packedHh);
  if (wHr) packB(wHr, H, false, P, H, packedHr);
  startState(carry, dhN, begin, rows, P);
  startState(dc, dcN, begin, rows, H);
  clearRow(zeros, H);

  for (let s = T - 1; s >= 0; s--) {
    const t = reverse ? T - 1 - s : s;
    const at = t * B + begin;
    const gate = gates + bytes(at * G);
    const dhT = dh ? dh + bytes(at * P) : total;
    const cPrevious = s > 0 ? cells + bytes((at + (reverse ? B : -B)) * H) : c0 ? c0 + bytes(begin * H) : 0;

    for (let r = 0; r < rows; r++) {
      const dhRow = dhT + bytes(r * P);
      if (t < lengthOf(lengths, begin + r, T)) takeCarry(carry + bytes(r * P), dy ? dy + bytes(((begin + r) * T + t) * P) : 0, P, dhRow);
      else clearRow(dhRow, P);
    }
    if (wHr) gemmPacked(dhT, P, packedHr, rows, H, P, pulled, H, false);
    const dhPulled = wHr ? pulled : dhT;
    for (let r = 0; r < rows; r++) {
      const gateRow = gate + bytes(r * G);
      const offset = bytes(r * H);
      if (t < lengthOf(lengths, begin + r, T)) {
        differentiate(gateRow, cPrevious ? cPrevious + offset : zeros, cells + bytes(at * H) + offset, dhPulled + offset, dc + offset, H);
      } else {
        clearRow(gateRow, G);
      }
    }
    // A valid row's carry is 0 here; one past its length keeps what it carries, for its gates are 0.
    if (s > 0 || dh0) gemmPacked(gate, G, packedHh, rows, P, G, carry, P, true);
  }
  if (dx) {
    packB(wIh, I, false, G, I, packedHh);
    projectSequence(gates + bytes(begin * G), G, B * G, packedHh, rows, T, I, G, dx + bytes(begin * T * I), T * I, I, false);
  }
  if (dh0) copyRow(dh0 + bytes(begin * P), carry, rows * P);
  if (dc0) copyRow(dc0 + bytes(begin * H), dc, rows * H);
}

/** Bytes of lstmBackward's workspace. */
export function lstmBackwardWorkspace(B: f64, I: f64, H: f64, P: f64, wHr: f64): f64 {
  return packedBytes(4 * H, max(I, P)) + (wHr != 0 ? packedBytes(P, H) : 64) + (2 * B * (H + P) + H) * 4 + 128;
}

/** dh [n] = carry + dy, and the carry is 0 again. */
function takeCarry(carry: usize, dy: usize, n: i32, dh: usize): void {
  for (; n >= 4; n -= 4, carry += 16, dh += 16) {
    takeLanes(carry, dy, 4, dh);
    if (dy) dy += 16;
  }
  if (n) takeLanes(carry, dy, n, dh);
}

// @ts-ignore: decorator
@inline
function takeLanes(carry: usize, dy: usize, n: i32, dh: usize): void {
  let v = loadLanes(carry, n);
  if (dy) v = f32x4.add(v, loadLanes(dy, n));
  storeLanes(dh, v, n);
  storeLanes(carry, f32x4.splat(0), n);
}

/** One row: gates [4H] become their pre-activations' gradients, dc [H] that of the previous cell state. */
function differentiate(gates: usize, cOld: usize, cNew: usize, dh: usize, dc: usize, H: i32): void {
  const stride = bytes(H);
  for (; H >= 4; H -= 4, gates += 16, cOld += 16, cNew += 16, dh += 16, dc += 16) differentiateLanes(gates, stride, cOld, cNew, dh, dc, 4);
  if (H) differentiateLanes(gates, stride, cOld, cNew, dh, dc, H);
}

/** n units, four at most; the blocks of gate are `stride` bytes apart. */
// @ts-ignore: decorator
@inline
function differentiateLanes(gate: usize, stride: usize, cOld: usize, cNew: usize, dh: usize, dc: usize, n: i32): void {
  const i = loadLanes(gate, n);
  const f = loadLanes(gate + stride, n);
  const g = loadLanes(gate + 2 * stride, n);
  const o = loadLanes(gate + 3 * stride, n);
  const tanhC = tanhv(loadLanes(cNew, n));
  const dH = loadLanes(dh, n);
  const dC = fma(f32x4.mul(dH, o), tanhDerivative(tanhC), loadLanes(dc, n));
  storeLanes(gate, f32x4.mul(f32x4.mul(dC, g), sigmoidDerivative(i)), n);
  storeLanes(gate + stride, f32x4.mul(f32x4.mul(dC, loadLanes(cOld, n)), sigmoidDerivative(f)), n);
  storeLanes(gate + 2 * stride, f32x4.mul(f32x4.mul(dC, i), tanhDerivative(g)), n);
  storeLanes(gate + 3 * stride, f32x4.mul(f32x4.mul(dH, tanhC), sigmoidDerivative(o)), n);
  storeLanes(dc, f32x4.mul(dC, f), n);
}
