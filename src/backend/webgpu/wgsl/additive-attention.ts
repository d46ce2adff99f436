import { type Arguments, each, line, type WgslKernels } from "../kernel.js";
import { math } from "./math.js";
import { checkLengths, lengthPass } from "./recurrent.js";
import { isWide, rowsEntry, rowsPass } from "./rows.js";

/** Positions are bounded by it, so that a window's ends are i32. */
const FAR = 0x3fffffff;

/** The keys from x up to y that a query, row b T + i, sees. */
const visibleKeys = (c: Arguments) => {
  const length = c.lengths ? "clamp(bitcast<i32>(heap[c.lengths + row / u32(c.T)]), 0, c.S)" : "c.S";
  const position = c.positions ? `clamp(bitcast<i32>(heap[c.positions + row]), -${FAR}, ${FAR})` : "c.start + i32(row % u32(c.T))";
  const whole = `return vec2i(0, ${length});`;
  const near = `let p = ${position}; let reach = c.window >> 1u; return vec2i(max(p - reach, 0), clamp(p + reach + 1, 0, ${length}));`;
  return /* wgsl */ `
fn visibleKeys(row: u32) -> vec2i { ${c.window ? near : whole} }
fn tanhOf(row: u32, key: u32, a: u32) -> f32 { return tanhf(heap[c.q + row * u32(c.A) + a] + heap[c.k + key * u32(c.A) + a]); }
`;
};

const batchRows = (c: Arguments) => c.end - c.begin;

/** An entry whose threads have each one element a of a row of dq, dk or dv of the rows begin..end, `rows` of them a row of the batch. */
const eachElement = (name: string, rows: string, body: string) =>
  each(
    name,
    `(c.end - c.begin) * ${rows} * c.A`,
    `let a = i % u32(c.A); let at = u32(c.begin * ${rows}) + i / u32(c.A); let b = at / u32(${rows});\n  ${body}`,
  );

/** Adds what a pair of query and key gives, where there is anything: past a row's length a key may be no number. */
const addPair = (row: string, key: string) => /* wgsl */ `
    let d = heap[c.workspace + ${row} * u32(c.S) + ${key} - b * u32(c.S)];
    if (d == 0) { continue; }
    let t = tanhOf(${row}, ${key}, a); let dt = d * t;
    sumT += dt; sumG += d - dt * t;`;

/**
 * Additive attention's weights and their gradients, as assembly/attention/additive: a thread for each pair of query and key, then a row's
 * softmax; backward a thread for each element of dq and of dk, so that tanh is computed twice more. The workspace holds the gradients of
 * the scores [B, T, S] and what each query adds to dv [B, T, A].
 */
export const additiveAttentionKernels = {
  additiveAttentionForward: {
    code: (c, device) => /* wgsl */ `${math}${visibleKeys(c)}${checkLengths(c, 0, "c.S")}
${each(
  "scores",
  "(c.end - c.begin) * c.T * c.S",
  /* wgsl */ `
  let j = i % u32(c.S); let row = u32(c.begin * c.T) + i / u32(c.S); let key = row / u32(c.T) * u32(c.S) + j;
  let keys = visibleKeys(row);
  var sum = 0.0;
  if (i32(j) >= keys.x && i32(j) < keys.y) { for (var a = 0u; a < u32(c.A); a++) { sum += heap[c.v + a] * tanhOf(row, key, a); } }
  heap[c.weights + row * u32(c.S) + j] = sum;`,
)}
${rowsEntry(
  isWide(c.S, device),
  /* wgsl */ `
fn row(r: u32, lane: u32) {
  let row = u32(c.begin * c.T) + r; let at = c.weights + row * u32(c.S);
  let keys = vec2u(visibleKeys(row));
  var m = -infinity();
  for (var k = keys.x + lane; k < keys.y; k += LANES) { m = max(m, heap[at + k]); }
  m = largest(m, lane);
  var sum = 0.0;
  for (var k = keys.x + lane; k < keys.y; k += LANES) { sum += expf(heap[at + k] - m); }
  sum = total(sum, lane);
  for (var k = keys.x + lane; k < keys.y; k += LANES) { heap[at + k] = expf(heap[at + k] - m) / sum; }
}`,
  "(c.end - c.begin) * c.T",
)}`,
    passes: (c, device) => [
      ...lengthPass(c),
      { entry: "scores", groups: line(batchRows(c) * c.T * c.S) },
      rowsPass(batchRows(c) * c.T, isWide(c.S, device)),
    ],
  },
  additiveAttentionBackward: {
    workspace: (c) => c.B * c.T * (c.S + c.A) * 4,
    code: (c, device) => /* wgsl */ `${math}${visibleKeys(c)}
fn part(row: u32, a: u32) -> u32 { return c.workspace + u32(c.B * c.T * c.S) + row * u32(c.A) + a; }
${rowsEntry(
  isWide(c.S, device),
  /* wgsl */ `
fn row(r: u32, lane: u32) {
  let row = u32(c.begin * c.T) + r; let at = row * u32(c.S);
  let keys = vec2u(visibleKeys(row));
  var dot = 0.0;
  for (var k = keys.x + lane; k < keys.y; k += LANES) { dot += heap[c.weights + at + k] * heap[c.dWeights + at + k]; }
  dot = total(dot, lane);
  for (var k = lane; k < u32(c.S); k += LANES) {
    let de = heap[c.weights + at + k] * (heap[c.dWeights + at + k] - dot);
    heap[c.workspace + at + k] = select(0.0, de, k >= keys.x && k < keys.y);
  }
}`,
  "(c.end - c.begin) * c.T",
)}
${eachElement(
  "queries",
  "c.T",
  /* wgsl */ `
  var sumT = 0.0; var sumG = 0.0;
  for (var key = b * u32(c.S); key < (b + 1u) * u32(c.S); key++) {${addPair("at", "key")}
  }
  heap[c.dq + at * u32(c.A) + a] = heap[c.v + a] * sumG;
  heap[part(at, a)] = sumT;`,
)}
${eachElement(
  "keys",
  "c.S",
  /* wgsl */ `
  var sumT = 0.0; var sumG = 0.0;
  for (var row = b * u32(c.T); row < (b + 1u) * u32(c.T); row++) {${addPair("row", "at")}
  }
  heap[c.dk + at * u32(c.A) + a] += heap[c.v + a] * sumG;`,
)}
${eachElement(
  "vectors",
  "1",
  /* wgsl */ `
  var sum = 0.0;
  for (var row = b * u32(c.T); row < (b + 1u) * u32(c.T); row++) { sum += heap[part(row, a)]; }
  heap[c.dv + b * u32(c.A) + a] = sum;`,
)}`,
    passes: (c, device) => [
      rowsPass(batchRows(c) * c.T, isWide(c.S, device)),
      { entry: "queries", groups: line(batchRows(c) * c.T * c.A) },
      { entry: "keys", groups: line(batchRows(c) * c.S * c.A) },
      { entry: "vectors", groups: line(batchRows(c) * c.A) },
    ],
  },
} satisfies WgslKernels;
