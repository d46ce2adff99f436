import { nth } from "../../../util/nth.js";
import { activations } from "../../kernels.js";
import { type Arguments, type Capabilities, entry, line, type WgslKernels } from "../kernel.js";
import { math } from "./math.js";

/** The activation of v. */
const activated = { none: "v", relu: "select(v, 0, v <= 0)", tanh: "tanhf(v)", sigmoid: "sigmoidf(v)", gelu: "v * normalCdf(v)" };

/** Elements of op(a) and op(b) of a batch, and the write-back. Rows count within the batch; a row outside begin..end is left alone. */
const operands = (c: Arguments) => /* wgsl */ `
${math}
fn aAt(batch: u32, i: u32, k: u32) -> u32 { return c.a + batch * u32(c.strideA) + ${c.transA ? "k * u32(c.lda) + i" : "i * u32(c.lda) + k"}; }
fn bAt(batch: u32, k: u32, j: u32) -> u32 { return c.b + batch * u32(c.strideB) + ${c.transB ? "j * u32(c.ldb) + k" : "k * u32(c.ldb) + j"}; }
fn store(batch: u32, i: u32, j: u32, sum: f32) {
  let row = i32(batch) * c.m + i32(i);
  if (i32(i) >= c.m || i32(j) >= c.n || row < c.begin || row >= c.end) { return; }
  let at = c.y + batch * u32(c.strideY) + i * u32(c.ldy) + j;
  var v = select(c.alpha * sum, 0, c.alpha == 0);
  if (c.beta != 0) { v += c.beta * heap[at]; }
  ${c.bias ? "v += heap[c.bias + j];" : ""}
  heap[at] = ${activated[nth(activations, c.activation)]};
}
`;

const times = (n: number, text: (i: number) => string) => Array.from({ length: n }, (_, i) => text(i)).join("\n");

/** Stores the quads acc0_0.. of some rows; `row` and `column` say where quad v of row r lies. One loop: the text of store() stands once. */
const storeAll = (rows: number, quads: number, row: string, column: string) => /* wgsl */ `
  var sums = array<vec4f, ${rows * quads}>(${Array.from({ length: rows * quads }, (_, i) => `acc${Math.floor(i / quads)}_${i % quads}`).join(", ")});
  for (var e = 0u; e < ${4 * rows * quads}u; e++) {
    let r = e / ${4 * quads}u; let v = e / 4u % ${quads}u;
    store(batch, ${row}, ${column} + e % 4u, sums[e / 4u][e % 4u]);
  }`;

/** Quads of columns that a thread of the direct form computes, for 4 rows. */
const quadsOf = (c: Arguments) => (c.n >= 16 ? 4 : 1);

/** 4 x 16 (or 4 x 4) numbers a thread, straight from the heap, for devices whose workgroup memory is not faster. */
const direct = (c: Arguments) => {
  const quads = quadsOf(c);
  const width = 4 * quads;
  return /* wgsl */ `${operands(c)}
${entry("direct")} {
  let item = line(id, groups);
  let columns = (u32(c.n) + ${width - 1}u) / ${width}u; let rows = (u32(c.m) + 3u) / 4u;
  if (item >= u32(c.batch) * rows * columns) { return; }
  let j = (item % columns) * ${width}u; let i = ((item / columns) % rows) * 4u; let batch = item / (columns * rows);
  // What lies beyond the last row or column is some other number of the heap, or any: store() drops it.
  ${times(4, (r) => `var a${r} = aAt(batch, i + ${r}u, 0u); ${times(quads, (v) => `var acc${r}_${v} = vec4f();`)}`)}
  var b = bAt(batch, 0u, j);
  let stepA = ${c.transA ? "u32(c.lda)" : "1u"}; let stepB = ${c.transB ? "1u" : "u32(c.ldb)"};
  for (var k = 0; k < c.k; k++) {
    ${times(quads, (v) => `let w${v} = vec4f(${[0, 1, 2, 3].map((q) => `heap[b + ${4 * v + q}u${c.transB ? " * u32(c.ldb)" : ""}]`).join(", ")});`)}
    ${times(4, (r) => `let x${r} = heap[a${r}]; a${r} += stepA; ${times(quads, (v) => `acc${r}_${v} += x${r} * w${v};`)}`)}
    b += stepB;
  }
  ${storeAll(4, quads, "i + r", "j + 4u * v")}
}`;
};

/** A tile of a workgroup: `threads` along each side, each with `blocks` quads of rows and of columns. */
interface Tile {
  readonly threads: number;
  readonly blocks: number;
}
const sideOf = ({ threads, blocks }: Tile) => 4 * threads * blocks;

/** From the largest, the tiles of which a product that fills the GPU takes the first that leaves enough workgroups. */
const tiles: readonly Tile[] = [
  { threads: 16, blocks: 2 },
  { threads: 16, blocks: 1 },
  { threads: 8, blocks: 1 },
];
/** Workgroups that keep a GPU busy. */
const BUSY = 256;
/** The depth of the tiles in workgroup memory. */
const DEPTH = 16;

/** A line of a tile in workgroup memory: quads of 4, and one of padding against bank conflicts. */
const stride = ({ threads, blocks }: Tile) => threads * blocks + 1;

/**
 * A tile of 32, 64 or 128 rows and columns by a workgroup, 4 x 4 or 8 x 8 numbers a thread in quads. Tiles of both operands, 16 deep, go
 * through workgroup memory, in 16 bits (up to 65504) where the device was asked to; sums are in 32.
 */
const tiled = (c: Arguments, tile: Tile, type: "f32" | "f16") => {
  const { threads, blocks } = tile;
  const side = sideOf(tile);
  const quads = side / 4;
  /** Quads along the outer side, of which `element` names one; `contiguous`: neighbors along the outer side are so in memory. */
  const load = (name: string, contiguous: boolean, limit: string, element: (outer: string) => string) => /* wgsl */ `
    for (var q = lane; q < ${quads * DEPTH}u; q += ${threads * threads}u) {
      let depth = ${contiguous ? `q / ${quads}u` : `q % ${DEPTH}u`}; let quad = ${contiguous ? `q % ${quads}u` : `q / ${DEPTH}u`};
      let k = k0 + depth; let outer = ${name}0 + quad * 4u; var v = vec4f();
      if (k < u32(c.k)) {
        ${times(4, (s) => `if (outer + ${s}u < ${limit}) { v[${s}] = heap[${element(`outer + ${s}u`)}]; }`)}
      }
      ${name}Tile[depth * ${stride(tile)}u + quad] = vec4<${type}>(v);
    }`;
  return /* wgsl */ `${operands(c)}
var<workgroup> iTile: array<vec4<${type}>, ${DEPTH * stride(tile)}>;
var<workgroup> jTile: array<vec4<${type}>, ${DEPTH * stride(tile)}>;
@compute @workgroup_size(${threads}, ${threads}) fn tiled(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) at: vec3u, @builtin(local_invocation_index) lane: u32) {
  let j0 = group.x * ${side}u; let i0 = group.y * ${side}u; let batch = group.z;
  ${times(4 * blocks, (i) => times(blocks, (j) => `var acc${i}_${j} = vec4f();`))}
  for (var k0 = 0u; k0 < u32(c.k); k0 += ${DEPTH}u) {
    ${load("i", Boolean(c.transA), "u32(c.m)", (outer) => `aAt(batch, ${outer}, k)`)}
    ${load("j", !c.transB, "u32(c.n)", (outer) => `bAt(batch, k, ${outer})`)}
    workgroupBarrier();
    for (var depth = 0u; depth < ${DEPTH}u; depth++) {
      ${times(blocks, (s) => `let a${s} = vec4f(iTile[depth * ${stride(tile)}u + ${threads * s}u + at.y]); let b${s} = vec4f(jTile[depth * ${stride(tile)}u + ${threads * s}u + at.x]);`)}
      ${times(4 * blocks, (i) => times(blocks, (j) => `acc${i}_${j} += a${i >> 2}.${"xyzw"[i & 3]} * b${j};`))}
    }
    workgroupBarrier();
  }
  ${storeAll(4 * blocks, blocks, `i0 + ${4 * threads}u * (r / 4u) + at.y * 4u + r % 4u`, `j0 + ${4 * threads}u * v + at.x * 4u`)}
}`;
};

/** Threads that share a long sum, and columns that they sum at a time. */
const SLICES = 64;
/** The sum over k is split for at most this many rows, if k is long and the outputs are few. */
const FEW_ROWS = 8;
const LONG_SUM = 512;
const FEW_NUMBERS = 1 << 14;

/** A workgroup sums 4 columns of up to 4 rows, each thread a 64th of k; then a tree, or the hardware's sum over subgroups. */
const split = (c: Arguments, subgroups: boolean) => {
  const rows = Math.min(c.m, 4);
  const total = (r: number) =>
    subgroups
      ? `let sum${r} = subgroupAdd(acc${r}); partial[${SLICES * r}u + lane] = select(vec4f(), sum${r}, subgroupElect());`
      : `partial[${SLICES * r}u + lane] = acc${r};`;
  const tree = `for (var half = ${SLICES / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { ${times(rows, (r) => `partial[${SLICES * r}u + lane] += partial[${SLICES * r}u + lane + half];`)} }
  }
  workgroupBarrier();`;
  return /* wgsl */ `${operands(c)}
var<workgroup> partial: array<vec4f, ${SLICES * rows}>;
@compute @workgroup_size(${SLICES}) fn split(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let j = group.x * 4u; let i = group.y * ${rows}u; let batch = group.z; let n = u32(c.n) - 1u; let m = u32(c.m) - 1u;
  ${times(rows, (r) => `var acc${r} = vec4f(); let i${r} = min(i + ${r}u, m);`)}
  for (var k = lane; k < u32(c.k); k += ${SLICES}u) {
    let w = vec4f(${[0, 1, 2, 3].map((q) => `heap[bAt(batch, k, min(j + ${q}u, n))]`).join(", ")});
    ${times(rows, (r) => `acc${r} += heap[aAt(batch, i${r}, k)] * w;`)}
  }
  ${times(rows, total)}
  ${
    subgroups
      ? `workgroupBarrier();
  if (lane < ${rows}u) {
    for (var s = 1u; s < ${SLICES}u; s++) { partial[${SLICES}u * lane] += partial[${SLICES}u * lane + s]; }
  }
  workgroupBarrier();`
      : tree
  }
  if (lane < ${4 * rows}u) { store(batch, i + lane / 4u, j + lane % 4u, partial[${SLICES}u * (lane / 4u)][lane % 4u]); }
}`;
};

type Form = "direct" | "split" | Tile;

/** The most workgroups along a side of a grid. */
const GRID = 65535;

function formOf(c: Arguments, device: Capabilities): Form {
  const { m, n, k, batch } = c;
  const reaches = (side: number) => Math.ceil(m / side) <= GRID && Math.ceil(n / side) <= GRID && batch <= GRID;
  if (device.software) return "direct";
  const few = (m <= FEW_ROWS && k >= SLICES) || (m * n * batch <= FEW_NUMBERS && k >= LONG_SUM);
  if (few && reaches(4)) return "split";
  const bytes = (tile: Tile) => 2 * DEPTH * stride(tile) * 4 * (device.f16 ? 2 : 4);
  const fits = (tile: Tile) =>
    device.workgroupThreads >= tile.threads ** 2 && device.workgroupBytes >= bytes(tile) && reaches(sideOf(tile));
  const groups = (tile: Tile) => Math.ceil(m / sideOf(tile)) * Math.ceil(n / sideOf(tile)) * batch;
  const possible = tiles.filter(fits);
  return possible.find((tile) => groups(tile) >= BUSY) ?? possible.at(-1) ?? "direct";
}

/**
 * y = activation(alpha op(a) op(b) + beta y + bias), as the row in kernels.ts says, which also says what may be absent; with beta 0
 * what y held is not read. Each number is a sum over k in a fixed order, so that the bits do not depend on begin and end.
 */
export const gemmKernels = {
  gemm: {
    code(c, device) {
      const form = formOf(c, device);
      if (form === "direct") return direct(c);
      if (form === "split") return split(c, device.subgroups);
      return tiled(c, form, device.f16 ? "f16" : "f32");
    },
    passes(c, device) {
      const form = formOf(c, device);
      const rows = Math.ceil(c.m / 4);
      if (form === "direct") return [{ entry: "direct", groups: line(c.batch * rows * Math.ceil(c.n / (4 * quadsOf(c)))) }];
      if (form === "split") return [{ entry: "split", groups: [Math.ceil(c.n / 4), Math.ceil(c.m / Math.min(c.m, 4)), c.batch] }];
      return [{ entry: "tiled", groups: [Math.ceil(c.n / sideOf(form)), Math.ceil(c.m / sideOf(form)), c.batch] }];
    },
  },
} satisfies WgslKernels;
