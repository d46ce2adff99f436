import { type Arguments, type Capabilities, each, line, type Pass, type WgslKernels } from "../kernel.js";
import { fitsTiles, head, type Result, stride, sumEntry, sumPass, threadRows, tileMemory } from "./attention-sums.js";
import { math } from "./math.js";
import { philox } from "./random.js";
import { checkLengths, lengthPass, vec } from "./recurrent.js";
import { wide } from "./rows.js";

/** The keys that a query sees, the score of a query and a key, and the dropout of its weight. R: own rows of a vector. */
const common = (c: Arguments, R: number) => /* wgsl */ `
${math}${philox()}
alias V = ${vec(R)};
const GROUPS = ${c.N / c.K}u;
/** A query head n of batch row b, and the key head that it reads. */
struct Head { b: u32, n: u32, kn: u32 }
fn queryHead(pair: u32) -> Head { let n = pair % u32(c.N); return Head(pair / u32(c.N), n, n / GROUPS); }
fn keyHead(pair: u32) -> Head { let kn = pair % u32(c.K); return Head(pair / u32(c.K), kn * GROUPS, kn); }
fn groupHead(h: Head, g: u32) -> Head { return Head(h.b, h.kn * GROUPS + g, h.kn); }
/** The row t of [B, N, T]. */
fn rowOf(h: Head, t: u32) -> u32 { return (h.b * u32(c.N) + h.n) * u32(c.T) + t; }
fn keysOf(b: u32) -> u32 { return ${c.lengths ? "u32(clamp(bitcast<i32>(heap[c.lengths + b]), 0, c.S))" : "u32(c.S)"}; }
/** How many keys the query t sees, of the first \`keys\`; none where there is no such query. */
fn visible(t: u32, keys: u32) -> u32 { return select(0u, ${c.causal ? "u32(clamp(i32(t) + c.offset + 1, 0, i32(keys)))" : "keys"}, t < u32(c.T)); }
/** The first query that sees key s. */
fn firstQuery(s: u32) -> u32 { return ${c.causal ? "u32(max(i32(s) - c.offset, 0))" : "0u"}; }
fn plain(dot: f32, h: Head, t: u32, s: u32) -> f32 {
  return c.scale * dot${c.bias ? " + heap[c.bias + h.b * u32(c.bB) + h.n * u32(c.bN) + t * u32(c.bT) + s * u32(c.bS)]" : ""};
}
fn score(dot: f32, h: Head, t: u32, s: u32, keys: u32) -> f32 { return select(-infinity(), plain(dot, h, t, s), s < visible(t, keys)); }
/** The dropout factors at the keys s..s + 3: the random numbers of a row begin anywhere in a block. */
fn keptQuad(h: Head, t: u32, s: u32) -> vec4f {
  let start = multiplyWide(rowOf(h, t), u32(c.S));
  let low = start.low + s;
  let at = ((start.high + u32(low < s)) << 30u) | (low >> 2u);
  let skip = low & 3u;
  var blocks: array<vec4u, 2>;
  for (var i = 0u; i <= min(skip, 1u); i++) { blocks[i] = block(at + i); }
  let first = blocks[0]; let next = blocks[1];
  var words = first;
  if (skip == 1u) { words = vec4u(first.yzw, next.x); }
  if (skip == 2u) { words = vec4u(first.zw, next.xy); }
  if (skip == 3u) { words = vec4u(first.w, next.xyz); }
  let uniforms = vec4f(words >> vec4u(8u)) * (1.0 / 16777216.0);
  return select(vec4f(), vec4f(c.growth), uniforms >= vec4f(c.p));
}
`;

/** The parts of the backward pass that differ. */
const probabilities = /* wgsl */ `
fn probability(dot: f32, h: Head, t: u32, s: u32, keys: u32) -> f32 {
  if (s >= visible(t, keys)) { return 0; }
  let row = rowOf(h, t); let sum = heap[c.total + row];
  return select(expf(plain(dot, h, t, s) - heap[c.largest + row]) / sum, 0, sum == 0);
}
fn deltaOf(h: Head, t: u32) -> f32 { return heap[c.workspace + rowOf(h, min(t, u32(c.T) - 1u)) - u32(c.begin) * GROUPS * u32(c.T)]; }
${each(
  "delta",
  "u32(c.end - c.begin) * GROUPS * u32(c.T)",
  /* wgsl */ `
  let h = queryHead(u32(c.begin) * GROUPS + i / u32(c.T)); let t = i % u32(c.T);
  let y = ${head("y")} + t * ${stride("y")}; let dy = ${head("dy")} + t * ${stride("dy")};
  var sum = 0.0;
  for (var e = 0u; e < u32(c.E); e++) { sum += heap[y + e] * heap[dy + e]; }
  heap[c.workspace + i] = sum;`,
)}`;

/** Up to this many queries a head, hardware shares out the keys: a workgroup takes a query and a share of the keys. */
const FEW_QUERIES = 4;
const SPLIT = 256;

const splits = (c: Arguments) => Math.max(1, Math.ceil(c.S / SPLIT));
const queries = (c: Arguments) => (c.end - c.begin) * c.T;

/**
 * Decoding: the passes \`split\`, whose workgroups leave the largest score, the sum and the weighted sum of their keys at c.workspace, and
 * \`join\`, which puts those of a query together.
 */
const decode = /* wgsl */ `${wide}
var<workgroup> weights: array<f32, ${SPLIT}>;
fn partial(i: u32) -> u32 { return c.workspace + i * u32(c.E + 2); }
@compute @workgroup_size(64) fn split(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let item = group.x + group.y * groups.x; let splits = (u32(c.S) + ${SPLIT - 1}u) / ${SPLIT}u;
  if (item >= u32(c.end - c.begin) * u32(c.T) * splits) { return; }
  let row = item / splits; let s0 = item % splits * ${SPLIT}u; let t = row % u32(c.T);
  let h = queryHead(u32(c.begin) + row / u32(c.T));
  let keys = keysOf(h.b); let count = min(max(visible(t, keys), s0) - s0, ${SPLIT}u);
  let q = ${head("q")} + t * ${stride("q")};
  var m = -infinity();
  for (var j = lane; j < count; j += LANES) {
    let k = ${head("k")} + (s0 + j) * ${stride("k")};
    var dot = 0.0;
    for (var d = 0u; d < u32(c.D); d++) { dot += heap[q + d] * heap[k + d]; }
    weights[j] = score(dot, h, t, s0 + j, keys);
    m = max(m, weights[j]);
  }
  m = largest(m, lane);
  let base = select(m, 0, m < -3.4028234e38);
  var sum = 0.0;
  for (var j = lane; j < count; j += LANES) {
    let w = expf(weights[j] - base);
    sum += w;
    weights[j] = w * select(1, keptQuad(h, t, s0 + j).x, c.p > 0);
  }
  sum = total(sum, lane);
  if (lane == 0u) { heap[partial(item)] = m; heap[partial(item) + 1u] = sum; }
  for (var e = lane; e < u32(c.E); e += LANES) {
    var y = 0.0; var v = ${head("v")} + s0 * ${stride("v")} + e;
    for (var j = 0u; j < count; j++) { y += weights[j] * heap[v]; v += ${stride("v")}; }
    heap[partial(item) + 2u + e] = y;
  }
}
${each(
  "join",
  "u32(c.end - c.begin) * u32(c.T) * u32(c.E)",
  /* wgsl */ `
  let row = i / u32(c.E); let e = i % u32(c.E); let t = row % u32(c.T); let splits = (u32(c.S) + ${SPLIT - 1}u) / ${SPLIT}u;
  let h = queryHead(u32(c.begin) + row / u32(c.T));
  var m = -infinity();
  for (var s = 0u; s < splits; s++) { m = max(m, heap[partial(row * splits + s)]); }
  let base = select(m, 0, m < -3.4028234e38);
  var sum = 0.0; var y = 0.0;
  for (var s = 0u; s < splits; s++) {
    let at = partial(row * splits + s); let w = expf(heap[at] - base);
    sum += w * heap[at + 1u]; y += w * heap[at + 2u + e];
  }
  heap[${head("y")} + t * ${stride("y")} + e] = select(0, y / sum, sum != 0);
  if (e == 0u) { heap[c.largest + rowOf(h, t)] = select(infinity(), m, sum != 0); heap[c.total + rowOf(h, t)] = sum; }`,
)}`;

type Form = "tiles" | "threads" | "decode";

const formOf = (c: Arguments, device: Capabilities): Form => {
  if (device.software || !fitsTiles(device)) return "threads";
  return c.y && !c.dy && c.T <= FEW_QUERIES ? "decode" : "tiles";
};

const gradients = (c: Arguments): Result[] => (["dq", "dk", "dv"] as const).filter((name) => c[name]);

/** Attention as the rows in kernels.ts say. No sum depends on begin and end, or on what other threads do. */
export const attentionKernels = {
  attentionForward: {
    workspace: (c, device) => (formOf(c, device) === "decode" ? queries(c) * splits(c) * (c.E + 2) * 4 : 0),
    code(c, device) {
      const form = formOf(c, device);
      const tiled = form === "tiles";
      const body = form === "decode" ? decode : (tiled ? tileMemory : "") + sumEntry(c, "y", tiled);
      return common(c, form === "threads" ? threadRows(c) : 4) + checkLengths(c, 0, "c.S") + body;
    },
    passes(c, device) {
      const form = formOf(c, device);
      const passes: Pass[] =
        form === "decode"
          ? [
              { entry: "split", groups: line(64 * queries(c) * splits(c)) },
              { entry: "join", groups: line(queries(c) * c.E) },
            ]
          : [sumPass(c, "y", form === "tiles")];
      return [...lengthPass(c), ...passes];
    },
  },
  attentionBackward: {
    workspace: (c) => queries(c) * (c.N / c.K) * 4,
    code(c, device) {
      const tiled = formOf(c, device) === "tiles";
      const entries = gradients(c).map((name) => sumEntry(c, name, tiled));
      return common(c, tiled ? 4 : threadRows(c)) + probabilities + (tiled ? tileMemory : "") + entries.join("");
    },
    passes(c, device) {
      const tiled = formOf(c, device) === "tiles";
      const delta: Pass[] = c.dq || c.dk ? [{ entry: "delta", groups: line(queries(c) * (c.N / c.K)) }] : [];
      return [...delta, ...gradients(c).map((name) => sumPass(c, name, tiled))];
    },
  },
} satisfies WgslKernels;
