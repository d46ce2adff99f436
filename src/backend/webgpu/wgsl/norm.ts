import { type Arguments, type Capabilities, each, line, type WgslKernels } from "../kernel.js";
import { type Beside, isWide, rowsEntry, rowsPass } from "./rows.js";

/** Parts in which a column's sums over the rows are made. */
const PARTS = 64;
const partsOf = (rows: number) => Math.min(PARTS, Math.ceil(rows / 16));

/** x' of layer and of root mean square normalization. */
const normalized = "((heap[c.x + at + k] - heap[c.mean + r]) - heap[c.mean + u32(c.rows) + r]) * heap[c.rstd + r]";
const scaled = "heap[c.x + at + k] * heap[c.rstd + r]";
const upstream = (c: Arguments) => `heap[c.dy + at + k]${c.gamma ? " * heap[c.gamma + k]" : ""}`;

/** The sums over the rows of dy x' and of dy, in parts, each of every PARTS-th row. */
const partialSums = (c: Arguments, normalized: string) => /* wgsl */ `
${each(
  "partialSums",
  `u32(c.cols) * ${partsOf(c.rows)}u`,
  /* wgsl */ `
  let k = i % u32(c.cols);
  var gamma = 0.0; var beta = 0.0;
  for (var r = i / u32(c.cols); r < u32(c.rows); r += ${partsOf(c.rows)}u) {
    let at = r * u32(c.cols);
    gamma += heap[c.dy + at + k] * ${normalized};
    beta += heap[c.dy + at + k];
  }
  heap[c.workspace + 2u * i] = gamma; heap[c.workspace + 2u * i + 1u] = beta;`,
)}
`;

/** The sums of the parts into what is needed, beside the rows of dx: what those overwrite, the parts have read. */
const parameterSums = (c: Arguments): Beside => ({
  count: ["u32(c.cols)", c.cols],
  body: /* wgsl */ `
  var gamma = 0.0; var beta = 0.0;
  for (var part = 0u; part < ${partsOf(c.rows)}u; part++) {
    let at = c.workspace + 2u * (part * u32(c.cols) + i);
    gamma += heap[at]; beta += heap[at + 1u];
  }
  ${c.dGamma ? "heap[c.dGamma + i] += gamma;" : ""} ${c.dBeta ? "heap[c.dBeta + i] += beta;" : ""}`,
});

const hasParameters = (c: Arguments) => Boolean(c.dGamma || c.dBeta);

/** The passes of a backward kernel: the parts of the parameters' sums; then their sums, and dx. */
function backwardPasses(c: Arguments, device: Capabilities) {
  const sums = hasParameters(c) ? parameterSums(c) : undefined;
  const parts = sums ? [{ entry: "partialSums", groups: line(c.cols * partsOf(c.rows)) }] : [];
  return [...parts, ...(c.dx || sums ? [rowsPass(c.dx ? c.rows : 0, isWide(c.cols, device), sums)] : [])];
}

/** Both entries of a backward kernel; `row` is what it does for a row of dx. */
const backward = (c: Arguments, device: Capabilities, normalized: string, row: string) => /* wgsl */ `
${hasParameters(c) ? partialSums(c, normalized) : ""}
${rowsEntry(isWide(c.cols, device), c.dx ? row : "fn row(r: u32, lane: u32) {}", c.dx ? "c.rows" : "0", hasParameters(c) ? parameterSums(c) : undefined)}`;

const sumsWorkspace = (c: Arguments) => (hasParameters(c) ? 2 * 4 * c.cols * partsOf(c.rows) : 0);

/**
 * Layer normalization over the last axis of [rows, cols], as assembly/norm: y = x' gamma + beta, x' = (x - mean) rstd, with the variance
 * from differences to the mean; dx = rstd (g - mean(g) - x' mean(g x')), g = dy gamma, after dGamma and dBeta, which are added to.
 * Root mean square normalization likewise, with x' = x rstd and no mean to take off.
 */
export const normKernels = {
  layerNormForward: {
    code: (c, device) =>
      rowsEntry(
        isWide(c.cols, device),
        /* wgsl */ `
fn row(r: u32, lane: u32) {
  let at = r * u32(c.cols); let n = f32(c.cols);
  var sum = 0.0;
  for (var k = lane; k < u32(c.cols); k += LANES) { sum += heap[c.x + at + k]; }
  let mean = total(sum, lane) / n;
  // What the rounding of the mean lost counts beside the deviation where the mean is far from 0.
  var squares = 0.0; var lost = 0.0;
  for (var k = lane; k < u32(c.cols); k += LANES) { let d = heap[c.x + at + k] - mean; squares += d * d; lost += d; }
  lost = total(lost, lane) / n;
  var variance = total(squares, lane) / n - lost * lost;
  if (variance < 0) { variance = 0; }
  let rstd = 1 / sqrt(variance + c.eps);
  for (var k = lane; k < u32(c.cols); k += LANES) {
    heap[c.y + at + k] = ((heap[c.x + at + k] - mean) - lost) * rstd${c.gamma ? " * heap[c.gamma + k]" : ""}${c.beta ? " + heap[c.beta + k]" : ""};
  }
  if (lane == 0u) { heap[c.mean + r] = mean; heap[c.mean + u32(c.rows) + r] = lost; heap[c.rstd + r] = rstd; }
}`,
      ),
    passes: (c, device) => [rowsPass(c.rows, isWide(c.cols, device))],
  },
  layerNormBackward: {
    workspace: sumsWorkspace,
    code: (c, device) =>
      backward(
        c,
        device,
        normalized,
        /* wgsl */ `
fn row(r: u32, lane: u32) {
  let at = r * u32(c.cols); let n = f32(c.cols);
  var sum = 0.0; var product = 0.0;
  for (var k = lane; k < u32(c.cols); k += LANES) { let g = ${upstream(c)}; sum += g; product += g * ${normalized}; }
  sum = total(sum, lane) / n;
  product = total(product, lane) / n;
  for (var k = lane; k < u32(c.cols); k += LANES) {
    heap[c.dx + at + k] = heap[c.rstd + r] * (${upstream(c)} - sum - ${normalized} * product);
  }
}`,
      ),
    passes: backwardPasses,
  },
  rmsNormForward: {
    code: (c, device) =>
      rowsEntry(
        isWide(c.cols, device),
        /* wgsl */ `
fn row(r: u32, lane: u32) {
  let at = r * u32(c.cols);
  var squares = 0.0;
  for (var k = lane; k < u32(c.cols); k += LANES) { let v = heap[c.x + at + k]; squares += v * v; }
  let rstd = 1 / sqrt(total(squares, lane) / f32(c.cols) + c.eps);
  for (var k = lane; k < u32(c.cols); k += LANES) {
    heap[c.y + at + k] = heap[c.x + at + k] * rstd${c.gamma ? " * heap[c.gamma + k]" : ""};
  }
  if (lane == 0u) { heap[c.rstd + r] = rstd; }
}`,
      ),
    passes: (c, device) => [rowsPass(c.rows, isWide(c.cols, device))],
  },
  rmsNormBackward: {
    workspace: sumsWorkspace,
    code: (c, device) =>
      backward(
        c,
        device,
        scaled,
        /* wgsl */ `
fn row(r: u32, lane: u32) {
  let at = r * u32(c.cols);
  var product = 0.0;
  for (var k = lane; k < u32(c.cols); k += LANES) { product += ${upstream(c)} * (${scaled}); }
  product = total(product, lane) / f32(c.cols);
  for (var k = lane; k < u32(c.cols); k += LANES) { heap[c.dx + at + k] = heap[c.rstd + r] * (${upstream(c)} - ${scaled} * product); }
}`,
      ),
    passes: backwardPasses,
  },
} satisfies WgslKernels;
