import { type Arguments, each, line, type WgslKernels } from "../kernel.js";

/** Parts in which a column's sums over the rows are made. */
const PARTS = 64;
const partsOf = (rows: number) => Math.min(PARTS, Math.ceil(rows / 16));

/** Two passes: sums over the rows of `terms`, in parts, each of every PARTS-th row; then what `finish` makes of their totals s0, s1. */
const columnSums = (c: Arguments, name: string, terms: readonly [string, string], finish: string) => /* wgsl */ `
${each(
  `${name}Parts`,
  `c.cols * ${partsOf(c.rows)}`,
  /* wgsl */ `
  let k = i % u32(c.cols);
  var s0 = 0.0; var s1 = 0.0;
  for (var r = i / u32(c.cols); r < u32(c.rows); r += ${partsOf(c.rows)}u) {
    let x = heap[c.x + r * u32(c.cols) + k];
    s0 += ${terms[0]}; s1 += ${terms[1]};
  }
  heap[c.workspace + 2u * i] = s0; heap[c.workspace + 2u * i + 1u] = s1;`,
)}
${each(
  name,
  "c.cols",
  /* wgsl */ `
  var s0 = 0.0; var s1 = 0.0;
  for (var part = 0u; part < ${partsOf(c.rows)}u; part++) {
    let at = c.workspace + 2u * (part * u32(c.cols) + i);
    s0 += heap[at]; s1 += heap[at + 1u];
  }
  let n = f32(c.rows);
  ${finish}`,
)}`;

const sumPasses = (c: Arguments, name: string) => [
  { entry: `${name}Parts`, groups: line(c.cols * partsOf(c.rows)) },
  { entry: name, groups: line(c.cols) },
];
const elements = (c: Arguments) => ({ entry: "main", groups: line(c.rows * c.cols) });
const partsBytes = (c: Arguments) => 2 * 4 * c.cols * partsOf(c.rows);

const moved = (running: string, value: string) =>
  `{ let value = ${value}; if (isFinite(value)) { let at = c.${running} + i; heap[at] = c.kept * heap[at] + c.momentum * value; } }`;

const batchStatistics = (c: Arguments) => /* wgsl */ `
${columnSums(c, "means", ["x", "0.0"], "heap[c.mean + i] = s0 / n;")}
${columnSums(
  c,
  "variances",
  ["(x - heap[c.mean + k]) * (x - heap[c.mean + k])", "x - heap[c.mean + k]"],
  /* wgsl */ `
  // What the rounding of the mean lost counts beside the deviation where the mean is far from 0.
  let lost = s1 / n; var variance = s0 / n - lost * lost;
  if (variance < 0) { variance = 0; }
  heap[c.mean + u32(c.cols) + i] = lost;
  heap[c.rstd + i] = 1 / sqrt(variance + c.eps);
  ${c.runningMean ? moved("runningMean", "heap[c.mean + i] + lost") + moved("runningVar", "variance * (n / (n - 1))") : ""}
  ${c.batches ? "if (i == 0u) { heap[c.batches] = bitcast<f32>(bitcast<i32>(heap[c.batches]) + 1); }" : ""}`,
)}`;

const runningStatistics = each(
  "statistics",
  "c.cols",
  "heap[c.mean + i] = heap[c.runningMean + i]; heap[c.mean + u32(c.cols) + i] = 0; heap[c.rstd + i] = 1 / sqrt(heap[c.runningVar + i] + c.eps);",
);

/** The sums s0 of dy and s1 of dy xhat go to the parameters, and behind the parts for dx. */
const gradientSums = (c: Arguments) =>
  columnSums(
    c,
    "sums",
    [
      "heap[c.dy + r * u32(c.cols) + k]",
      "heap[c.dy + r * u32(c.cols) + k] * ((x - heap[c.mean + k]) - heap[c.mean + u32(c.cols) + k]) * heap[c.rstd + k]",
    ],
    /* wgsl */ `
  ${c.dBeta ? "heap[c.dBeta + i] += s0;" : ""} ${c.dGamma ? "heap[c.dGamma + i] += s1;" : ""}
  let to = c.workspace + ${2 * partsOf(c.rows)}u * u32(c.cols) + 2u * i;
  heap[to] = s0 / n; heap[to + 1u] = s1 / n;`,
  );

const needsSums = (c: Arguments) => Boolean(c.training || c.dGamma || c.dBeta);

/** Batch normalization as assembly/norm/batch-norm, with the variance from differences to the mean. */
export const batchNormKernels = {
  batchNormForward: {
    workspace: (c) => (c.training ? partsBytes(c) : 0),
    code: (c) => /* wgsl */ `${c.training ? batchStatistics(c) : runningStatistics}
${each(
  "main",
  "c.rows * c.cols",
  /* wgsl */ `
  let k = i % u32(c.cols);
  heap[c.y + i] = ((heap[c.x + i] - heap[c.mean + k]) - heap[c.mean + u32(c.cols) + k]) * heap[c.rstd + k]${c.gamma ? " * heap[c.gamma + k]" : ""}${c.beta ? " + heap[c.beta + k]" : ""};`,
)}`,
    passes: (c) => [
      ...(c.training ? [...sumPasses(c, "means"), ...sumPasses(c, "variances")] : [{ entry: "statistics", groups: line(c.cols) }]),
      elements(c),
    ],
  },
  batchNormBackward: {
    workspace: (c) => (needsSums(c) ? partsBytes(c) + 2 * 4 * c.cols : 0),
    code: (c) => /* wgsl */ `${needsSums(c) ? gradientSums(c) : ""}
${each(
  "main",
  "c.rows * c.cols",
  /* wgsl */ `
  let k = i % u32(c.cols);
  let scale = heap[c.rstd + k]${c.gamma ? " * heap[c.gamma + k]" : ""};
  var g = heap[c.dy + i];
  ${
    c.training
      ? `let at = c.workspace + ${2 * partsOf(c.rows)}u * u32(c.cols) + 2u * k;
  g -= heap[at] + ((heap[c.x + i] - heap[c.mean + k]) - heap[c.mean + u32(c.cols) + k]) * heap[c.rstd + k] * heap[at + 1u];`
      : ""
  }
  heap[c.dx + i] = scale * g;`,
)}`,
    passes: (c) => [...(needsSums(c) ? sumPasses(c, "sums") : []), ...(c.dx ? [elements(c)] : [])],
  },
} satisfies WgslKernels;
