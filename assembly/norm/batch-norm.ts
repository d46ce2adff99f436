import { fma } from "../simd/fma";
import { loadLanes, storeLanes } from "../simd/lanes";
import { advance, shifts, storeMean } from "./affine";

/** Rows whose contributions are added up in registers before they go to memory. */
const BLOCK: i32 = 4;

/** Rows whose sums are made on their own. */
const STRETCH: i32 = 1024;

/** Rows whose mean is the first estimate of a column's. */
const SAMPLE: i32 = 16;

/**
 * Batch normalization (Ioffe and Szegedy 2015) over all rows, a column a channel:
 *
 *   y[r, c] = (x[r, c] - mean[c]) rstd[c] gamma[c] + beta[c],   rstd[c] = 1 / sqrt(var[c] + eps).
 *
 * In training (1) mean and var are those of the rows, var biased, and where runningMean and runningVar are there each becomes kept times
 * itself and momentum times the batch's mean or unbiased variance, unless that is not finite; kept is 1 - momentum, as the host has it;
 * batches (int32 [1]) counts on. In evaluation (0) runningMean and runningVar take their place and stay. x, y [rows, cols]; mean [2, cols],
 * the means and what their rounding lost; all others [cols]; gamma (absent: 1), beta (absent: 0). Writes y, mean and rstd; y may alias x. No alignment needed. The moments are those of x minus an estimate of its mean, as in layer-norm.ts.
 * workspace: 5 cols floats.
 */
export function batchNormForward(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, rstd: usize, runningMean: usize, runningVar: usize, batches: usize,
  workspace: usize, training: i32, rows: i32, cols: i32, eps: f32, momentum: f32, kept: f32,
): void {
  const size = (<usize>cols) << 2;
  const shift = workspace, scale = shift + size, bias = scale + size, block = bias + size;
  const n = <f32>rows;
  if (training) {
    memory.fill(shift, 0, size);
    const sample = min(rows, SAMPLE);
    addMoments(x, 0, x, 0, shift, bias, block, sample, cols);
    for (let c: usize = 0; c < size; c += 4) store<f32>(shift + c, load<f32>(shift + c) / <f32>sample);
    memory.fill(mean, 0, size);
    memory.fill(rstd, 0, size);
    addMoments(x, shift, x, shift, mean, rstd, block, rows, cols);
    if (batches) store<i32>(batches, load<i32>(batches) + 1);
  } else memory.copy(shift, runningMean, size);

  for (let c: usize = 0; c < size; c += 4) {
    let missed: f32 = 0;
    let variance: f32;
    if (training) {
      missed = load<f32>(mean + c) / n;
      variance = load<f32>(rstd + c) / n - missed * missed;
      // Rounding may leave a hair below 0; a NaN must pass.
      if (variance < 0) variance = 0;
      if (runningMean) {
        move(runningMean + c, load<f32>(shift + c) + missed, momentum, kept);
        move(runningVar + c, variance * (n / (n - 1)), momentum, kept);
      }
    } else variance = load<f32>(runningVar + c);
    const r: f32 = 1 / sqrt<f32>(variance + eps);
    const s: f32 = gamma ? r * load<f32>(gamma + c) : r;
    storeMean(mean + c, cols, load<f32>(shift + c), missed);
    store<f32>(rstd + c, r);
    store<f32>(scale + c, s);
    store<f32>(bias + c, (beta ? load<f32>(beta + c) : 0) - missed * s);
  }
  for (let r: i32 = 0; r < rows; r++, x += size, y += size) combineRow(x, 0, y, shift, scale, bias, 0, cols);
}

/** Bytes of batchNormForward's workspace. */
export function batchNormForwardWorkspace(cols: f64): f64 {
  return 20 * cols;
}

function move(running: usize, value: f32, momentum: f32, kept: f32): void {
  if (abs<f32>(value) < Infinity) store<f32>(running, kept * load<f32>(running) + momentum * value);
}

/**
 * With xhat[r, c] = (x[r, c] - mean[c]) rstd[c]:
 *
 *   dGamma[c] += sum_r dy[r, c] xhat[r, c],   dBeta[c] += sum_r dy[r, c],
 *   dx[r, c] = gamma[c] rstd[c] (dy[r, c] - mean_r dy[r, c] - xhat[r, c] mean_r (dy[r, c] xhat[r, c])),
 *
 * in evaluation (training 0) dx = gamma rstd dy. x, dy, dx [rows, cols], the others [cols], gamma (absent: 1); mean [2, cols], rstd as
 * batchNormForward wrote them. Overwrites dx, accumulates dGamma and dBeta; each may be absent. dx may alias dy or x. No alignment needed.
 * workspace: 5 cols floats.
 */
export function batchNormBackward(
  x: usize, gamma: usize, mean: usize, rstd: usize, dy: usize, dx: usize, dGamma: usize, dBeta: usize,
  workspace: usize, training: i32, rows: i32, cols: i32,
): void {
  const size = (<usize>cols) << 2;
  const scale = workspace, bias = scale + size, factor = bias + size, block = factor + size;
  memory.fill(bias, 0, size << 1);
  if (training || dGamma || dBeta) addMoments(dy, 0, x, mean, bias, factor, block, rows, cols);
  for (let c: usize = 0; c < size; c += 4) {
    const r = load<f32>(rstd + c);
    const k: f32 = gamma ? r * load<f32>(gamma + c) : r;
    const sum = load<f32>(bias + c), lost = load<f32>(mean + size + c);
    const product: f32 = (load<f32>(factor + c) - lost * sum) * r;
    if (dBeta) store<f32>(dBeta + c, load<f32>(dBeta + c) + sum);
    if (dGamma) store<f32>(dGamma + c, load<f32>(dGamma + c) + product);
    const share: f32 = training ? -k / <f32>rows : 0;
    store<f32>(scale + c, k);
    store<f32>(bias + c, share * (sum - lost * product * r));
    store<f32>(factor + c, share * product * r);
  }
  if (!dx) return;
  for (let r: i32 = 0; r < rows; r++, x += size, dy += size, dx += size) combineRow(x, dy, dx, mean, factor, bias, scale, cols);
}

/** Bytes of batchNormBackward's workspace. */
export function batchNormBackwardWorkspace(cols: f64): f64 {
  return 20 * cols;
}

/**
 * sum[c] += sum_r a'[r, c] and product[c] += sum_r a'[r, c] (x[r, c] - shift[c]), a' = a - aShift or, where that is absent, a; shift
 * absent: 0. Many rows are added up in stretches, each at `block` [2, cols] first, so that the error does not grow with their number.
 */
function addMoments(
  a: usize, aShift: usize, x: usize, shift: usize, sum: usize, product: usize, block: usize, rows: i32, cols: i32,
): void {
  if (rows <= STRETCH) return addFewMoments(a, aShift, x, shift, sum, product, rows, cols);
  const size = (<usize>cols) << 2, step = size * STRETCH;
  for (; rows > 0; rows -= STRETCH, a += step, x += step) {
    memory.fill(block, 0, size << 1);
    addFewMoments(a, aShift, x, shift, block, block + size, min(rows, STRETCH), cols);
    for (let c: usize = 0; c < size; c += 4) {
      store<f32>(sum + c, load<f32>(sum + c) + load<f32>(block + c));
      store<f32>(product + c, load<f32>(product + c) + load<f32>(block + size + c));
    }
  }
}

/** As addMoments. In blocks of rows, so that the sums of few go to memory and are added there. */
function addFewMoments(a: usize, aShift: usize, x: usize, shift: usize, sum: usize, product: usize, rows: i32, cols: i32): void {
  const stride = (<usize>cols) << 2;
  const aStep = advance(aShift) >> 1, step = advance(shift) >> 1;
  for (let r: i32 = 0; r < rows; r += BLOCK, a += stride * BLOCK, x += stride * BLOCK) {
    const n = min(BLOCK, rows - r);
    let as = shifts(aShift), xs = shifts(shift);
    let c: i32 = 0;
    for (; c + 8 <= cols; c += 8, as += aStep, xs += step) {
      const offset = (<usize>c) << 2;
      let pa = a + offset, px = x + offset;
      const a0 = v128.load(as), a1 = v128.load(as, 16), x0 = v128.load(xs), x1 = v128.load(xs, 16);
      let s0 = v128.load(sum + offset), s1 = v128.load(sum + offset, 16);
      let p0 = v128.load(product + offset), p1 = v128.load(product + offset, 16);
      let t0 = f32x4.splat(0), t1 = t0, q0 = t0, q1 = t0;
      for (let i: i32 = 0; i < n; i++, pa += stride, px += stride) {
        const d0 = f32x4.sub(v128.load(pa), a0), d1 = f32x4.sub(v128.load(pa, 16), a1);
        t0 = f32x4.add(t0, d0);
        t1 = f32x4.add(t1, d1);
        q0 = fma(d0, f32x4.sub(v128.load(px), x0), q0);
        q1 = fma(d1, f32x4.sub(v128.load(px, 16), x1), q1);
      }
      v128.store(sum + offset, f32x4.add(s0, t0));
      v128.store(sum + offset, f32x4.add(s1, t1), 16);
      v128.store(product + offset, f32x4.add(p0, q0));
      v128.store(product + offset, f32x4.add(p1, q1), 16);
    }
    for (; c < cols; c += 4, as += aStep >> 1, xs += step >> 1) {
      const offset = (<usize>c) << 2;
      addLastMoments(a + offset, as, x + offset, xs, sum + offset, product + offset, n, stride, cols - c);
    }
  }
}

/** As the loop of addFewMoments, for a vector of columns or the `left` of them that there are. */
function addLastMoments(
  a: usize, aShift: usize, x: usize, shift: usize, sum: usize, product: usize, n: i32, stride: usize, left: i32,
): void {
  const as = loadLanes(aShift, left), xs = loadLanes(shift, left);
  let t = f32x4.splat(0), q = t;
  for (let i: i32 = 0; i < n; i++, a += stride, x += stride) {
    const d = f32x4.sub(loadLanes(a, left), as);
    t = f32x4.add(t, d);
    q = fma(d, f32x4.sub(loadLanes(x, left), xs), q);
  }
  storeLanes(sum, f32x4.add(loadLanes(sum, left), t), left);
  storeLanes(product, f32x4.add(loadLanes(product, left), q), left);
}

/** y = (x - shift) factor + bias + dy scale, the last where dy is there; one row. */
function combineRow(x: usize, dy: usize, y: usize, shift: usize, factor: usize, bias: usize, scale: usize, n: i32): void {
  if (dy) {
    for (; n >= 8; n -= 8, x += 32, dy += 32, y += 32, shift += 32, factor += 32, bias += 32, scale += 32) {
      const v0 = fma(f32x4.sub(v128.load(x), v128.load(shift)), v128.load(factor), v128.load(bias));
      const v1 = fma(f32x4.sub(v128.load(x, 16), v128.load(shift, 16)), v128.load(factor, 16), v128.load(bias, 16));
      v128.store(y, fma(v128.load(dy), v128.load(scale), v0));
      v128.store(y, fma(v128.load(dy, 16), v128.load(scale, 16), v1), 16);
    }
  } else {
    for (; n >= 8; n -= 8, x += 32, y += 32, shift += 32, factor += 32, bias += 32) {
      v128.store(y, fma(f32x4.sub(v128.load(x), v128.load(shift)), v128.load(factor), v128.load(bias)));
      v128.store(y, fma(f32x4.sub(v128.load(x, 16), v128.load(shift, 16)), v128.load(factor, 16), v128.load(bias, 16)), 16);
    }
  }
  for (; n > 0; n -= 4, x += 16, y += 16, shift += 16, factor += 16, bias += 16) {
    let v = fma(f32x4.sub(loadLanes(x, n), loadLanes(shift, n)), loadLanes(factor, n), loadLanes(bias, n));
    if (dy) {
      v = fma(loadLanes(dy, n), loadLanes(scale, n), v);
      dy += 16;
      scale += 16;
    }
    storeLanes(y, v, n);
  }
}
