import { packB, packedBytes } from "../gemm/pack";
import { gemmPacked } from "../gemm/tiles";
import { fma } from "../simd/fma";
import { loadLanes, storeLanes } from "../simd/lanes";
import { sigmoidDerivative } from "../simd/sigmoid";
import { tanhDerivative } from "../simd/tanh";
import { aligned, bytes, clearRow, copyRow, lengthOf, projectSequence, startState, wholePanels } from "./sequence";

/**
 * Backpropagation through time of gruForward. With dh_t the whole gradient of h_t (dy_t, dhN at the row's last step in the order of
 * the forward pass, and what the following step sends back), h the state before step t, and da for the gradient of a pre-activation:
 *   dan = dh (1 - z) (1 - n^2),  daz = dh (h - n) z (1 - z),
 *   resetBefore 0, q = W_hn h + b_hn:  dar = dan q r (1 - r),   dh_{t-1} = dh z + W_hr^T dar + W_hz^T daz + W_hn^T (r dan);
 *   resetBefore 1, u = W_hn^T dan:     dar = u h r (1 - r),     dh_{t-1} = dh z + W_hr^T dar + W_hz^T daz + r u;
 *   dx_t = W_ir^T dar + W_iz^T daz + W_in^T dan;  dh0 = dh_{t-1} of the first step.
 *
 * wIh [3H, I], wHh [3H, H], h0 [B, H], lengths [B], y and dy [B, T, H], dhN [B, H] -> gates [T, B, 4H], in place: dar, daz, dan, and
 * r dan (resetBefore 0) or r h, as it was (1); dx [B, T, I], dh0 [B, H], dh [T, B, H] = dh_t. Absent dy, dhN and h0 are 0. Past a
 * row's length gates, dx and dh are 0. Overwrites rows begin..end of its writes; none may alias a read, and no two each other.
 *
 * workspace: 64 to align, then wHh packed, later wIh (3H rows by wholePanels(max(H, I)) columns), the carried gradient [B, H],
 * u [B, H] and h0 of an absent h0 [H], each from a multiple of 64.
 */
export function gruBackward(
  wIh: usize, wHh: usize, h0: usize, lengths: usize, y: usize, dy: usize, dhN: usize, gates: usize, dx: usize, dh0: usize, dh: usize,
  workspace: usize, B: i32, T: i32, I: i32, H: i32, reverse: i32, resetBefore: i32, begin: i32, end: i32,
): void {
  const rows = end - begin;
  const packedHh = aligned(workspace);
  const packedHn = packedHh + bytes(wholePanels(H) * 2 * H);
  const carry = aligned(packedHh + bytes(wholePanels(max(H, I)) * 3 * H));
  const u = aligned(carry + bytes(rows * H));
  const zeros = aligned(u + bytes(rows * H));

  packB(wHh, H, false, 2 * H, H, packedHh);
  packB(wHh + bytes(2 * H * H), H, false, H, H, packedHn);
  startState(carry, dhN, begin, rows, H);
  clearRow(zeros, H);
  const first = gates + bytes(begin * 4 * H);

  for (let s: i32 = 0; s < T; s++) {
    const t = reverse ? s : T - 1 - s;
    const gatesT = first + bytes(t * B * 4 * H);
    for (let b: i32 = 0; b < rows; b++) {
      const row = begin + b;
      const gate = gatesT + bytes(b * 4 * H);
      const length = lengthOf(lengths, row, T);
      const dht = dh == 0 ? 0 : dh + bytes((t * B + row) * H);
      if (t >= length) {
        clearRow(gate, 4 * H);
        if (dh != 0) clearRow(dht, H);
        continue;
      }
      const dyt = dy == 0 ? 0 : dy + bytes((row * T + t) * H);
      const h = previousState(y, h0, zeros, row, t, length, T, H, reverse);
      if (resetBefore) candidateAndUpdate(gate, h, dyt, carry + bytes(b * H), dht, H);
      else allGates(gate, h, dyt, carry + bytes(b * H), dht, H);
    }
    if (resetBefore) {
      gemmPacked(gatesT + bytes(2 * H), 4 * H, packedHn, rows, H, H, u, H, false);
      for (let b: i32 = 0; b < rows; b++) {
        const row = begin + b;
        const length = lengthOf(lengths, row, T);
        if (t >= length) continue;
        const h = previousState(y, h0, zeros, row, t, length, T, H, reverse);
        reset(gatesT + bytes(b * 4 * H), h, u + bytes(b * H), carry + bytes(b * H), H);
      }
    }
    gemmPacked(gatesT, 4 * H, packedHh, rows, H, 2 * H, carry, H, true);
    if (!resetBefore) gemmPacked(gatesT + bytes(3 * H), 4 * H, packedHn, rows, H, H, carry, H, true);
  }
  if (dh0 != 0) copyRow(dh0 + bytes(begin * H), carry, rows * H);
  if (dx != 0) {
    packB(wIh, I, false, 3 * H, I, packedHh);
    projectSequence(first, 4 * H, B * 4 * H, packedHh, rows, T, I, 3 * H, dx + bytes(begin * T * I), T * I, I, false);
  }
}

/** Bytes of gruBackward's workspace. */
export function gruBackwardWorkspace(B: f64, I: f64, H: f64): f64 {
  return packedBytes(3 * H, max(I, H)) + (2 * B + 1) * H * 4 + 256;
}

/** The address of the state before a valid step t: the output of the step that came before it, or the initial state. */
// @ts-ignore: decorator
@inline
function previousState(y: usize, h0: usize, zeros: usize, row: i32, t: i32, length: i32, T: i32, H: i32, reverse: i32): usize {
  if (t != (reverse ? length - 1 : 0)) return y + bytes((row * T + (reverse ? t + 1 : t - 1)) * H);
  return h0 == 0 ? zeros : h0 + bytes(row * H);
}

/** A row's step with resetBefore 0: all four blocks of gates, and carry = dh z. dy and dh may be absent. */
function allGates(gate: usize, h: usize, dy: usize, carry: usize, dh: usize, H: i32): void {
  const block = bytes(H);
  for (; H >= 4; H -= 4, gate += 16, h += 16, carry += 16) {
    allLanes(gate, h, dy, carry, dh, block, 4);
    if (dy) dy += 16;
    if (dh) dh += 16;
  }
  if (H) allLanes(gate, h, dy, carry, dh, block, H);
}

// @ts-ignore: decorator
@inline
function allLanes(gate: usize, h: usize, dy: usize, carry: usize, dh: usize, block: usize, left: i32): void {
  const d = gradientOfState(dy, carry, dh, left);
  const r = loadLanes(gate, left);
  const z = loadLanes(gate + block, left);
  const n = loadLanes(gate + 2 * block, left);
  const q = loadLanes(gate + 3 * block, left);
  const dan = gradientOfCandidate(d, z, n);
  storeLanes(gate, f32x4.mul(f32x4.mul(dan, q), sigmoidDerivative(r)), left);
  storeLanes(gate + block, f32x4.mul(f32x4.mul(d, f32x4.sub(loadLanes(h, left), n)), sigmoidDerivative(z)), left);
  storeLanes(gate + 2 * block, dan, left);
  storeLanes(gate + 3 * block, f32x4.mul(r, dan), left);
  storeLanes(carry, f32x4.mul(d, z), left);
}

/** A row's step with resetBefore 1, first half: dan and daz, and carry = dh z. dy and dh may be absent. */
function candidateAndUpdate(gate: usize, h: usize, dy: usize, carry: usize, dh: usize, H: i32): void {
  const block = bytes(H);
  for (; H >= 4; H -= 4, gate += 16, h += 16, carry += 16) {
    candidateAndUpdateLanes(gate, h, dy, carry, dh, block, 4);
    if (dy) dy += 16;
    if (dh) dh += 16;
  }
  if (H) candidateAndUpdateLanes(gate, h, dy, carry, dh, block, H);
}

// @ts-ignore: decorator
@inline
function candidateAndUpdateLanes(gate: usize, h: usize, dy: usize, carry: usize, dh: usize, block: usize, left: i32): void {
  const d = gradientOfState(dy, carry, dh, left);
  const z = loadLanes(gate + block, left);
  const n = loadLanes(gate + 2 * block, left);
  storeLanes(gate + block, f32x4.mul(f32x4.mul(d, f32x4.sub(loadLanes(h, left), n)), sigmoidDerivative(z)), left);
  storeLanes(gate + 2 * block, gradientOfCandidate(d, z, n), left);
  storeLanes(carry, f32x4.mul(d, z), left);
}

/** A row's step with resetBefore 1, second half, with u = W_hn^T dan: dar, and carry += r u. */
function reset(gate: usize, h: usize, u: usize, carry: usize, H: i32): void {
  for (; H >= 4; H -= 4, gate += 16, h += 16, u += 16, carry += 16) resetLanes(gate, h, u, carry, 4);
  if (H) resetLanes(gate, h, u, carry, H);
}

// @ts-ignore: decorator
@inline
function resetLanes(gate: usize, h: usize, u: usize, carry: usize, left: i32): void {
  const r = loadLanes(gate, left);
  const du = loadLanes(u, left);
  storeLanes(carry, fma(r, du, loadLanes(carry, left)), left);
  storeLanes(gate, f32x4.mul(f32x4.mul(du, loadLanes(h, left)), sigmoidDerivative(r)), left);
}

/** carry + dy, written to dh where there is one. */
// @ts-ignore: decorator
@inline
function gradientOfState(dy: usize, carry: usize, dh: usize, left: i32): v128 {
  let d = loadLanes(carry, left);
  if (dy) d = f32x4.add(d, loadLanes(dy, left));
  if (dh) storeLanes(dh, d, left);
  return d;
}

/** dh (1 - z) (1 - n^2). */
// @ts-ignore: decorator
@inline
function gradientOfCandidate(d: v128, z: v128, n: v128): v128 {
  return f32x4.mul(f32x4.mul(d, f32x4.sub(f32x4.splat(1), z)), tanhDerivative(n));
}
