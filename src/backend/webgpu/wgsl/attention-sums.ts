import { type Arguments, type Capabilities, entry, line, type Pass } from "../kernel.js";

// y, dq, dk and dv are all of one kind: each row of a result, that of a query or of a key (`own`), is a sum over the rows of the other side
// (`inner`), weighted by a number of each pair that is made from its score. Two forms compute it, neither with a [T, S] matrix in memory:
// a workgroup for 32 rows, of which tiles go through workgroup memory, or a thread for up to 4 rows, straight from the heap and without
// barriers. In both, `w` holds the numbers of a block of inner rows, each a vector over own rows.

export type Result = "y" | "dq" | "dk" | "dv";

/** A matrix of rows: where it begins, the names of its strides, and which heads it has. */
const matrices = {
  q: { strides: ["qB", "qN", "qT"], head: "n" },
  k: { strides: ["kB", "kN", "kS"], head: "kn" },
  v: { strides: ["vB", "vN", "vS"], head: "kn" },
  y: { strides: ["yB", "yN", "yT"], head: "n" },
  dy: { strides: ["yB", "yN", "yT"], head: "n" },
  dq: { strides: ["qB", "qN", "qT"], head: "n" },
  dk: { strides: ["kB", "kN", "kS"], head: "kn" },
  dv: { strides: ["vB", "vN", "vS"], head: "kn" },
} as const;
type Matrix = keyof typeof matrices;

/** The position of row 0 of a head's matrix, and the distance between its rows. */
export const head = (name: Matrix) => {
  const { strides, head } = matrices[name];
  return `(c.${name} + h.b * u32(c.${strides[0]}) + h.${head} * u32(c.${strides[1]}))`;
};
export const stride = (name: Matrix) => `u32(c.${matrices[name].strides[2]})`;

/** How a result is made: whose rows it has, which products (own, inner) the weights need, what they weigh. */
interface Recipe {
  readonly own: "queries" | "keys";
  readonly score: readonly [Matrix, Matrix];
  /** The product that is the gradient of a probability. */
  readonly slope?: readonly [Matrix, Matrix];
  readonly values: Matrix;
}
const recipes: Record<Result, Recipe> = {
  y: { own: "queries", score: ["q", "k"], values: "v" },
  dq: { own: "queries", score: ["q", "k"], slope: ["dy", "v"], values: "k" },
  dk: { own: "keys", score: ["k", "q"], slope: ["v", "dy"], values: "q" },
  dv: { own: "keys", score: ["k", "q"], values: "dy" },
};

const isQueries = (result: Result) => recipes[result].own === "queries";
const rowsOf = (c: Arguments, result: Result) => (isQueries(result) ? c.T : c.S);
const rows = (result: Result) => (isQueries(result) ? "u32(c.T)" : "u32(c.S)");
const innerRows = (result: Result) => (isQueries(result) ? "u32(c.S)" : "u32(c.T)");
const columnsOf = (c: Arguments, result: Result) => (result === "y" || result === "dv" ? c.E : c.D);
/** Heads of a result; dq has a group of them for each key head of the range. */
const pairsOf = (c: Arguments, result: Result) => (c.end - c.begin) * (result === "dq" ? c.N / c.K : 1);
const pairs = (result: Result) => `u32(c.end - c.begin)${result === "dq" ? " * GROUPS" : ""}`;

const times = (n: number, text: (i: number) => string) => Array.from({ length: n }, (_, i) => text(i)).join("\n");

/** The head of a workgroup, and the range of inner rows that `count` own rows from `first` on need; a key's inner rows repeat for each query head. */
const headOf = (result: Result) =>
  isQueries(result)
    ? `let h = queryHead(${result === "dq" ? "u32(c.begin) * GROUPS" : "u32(c.begin)"} + pair);`
    : "var h = keyHead(u32(c.begin) + pair);";
const innerRange = (result: Result, own: string, count: number) =>
  isQueries(result)
    ? `let from_ = 0u; let to = visible(min(${own} + ${count}u, u32(c.T)) - 1u, keys);`
    : `let from_ = firstQuery(${own}); let to = select(0u, u32(c.T), ${own} < keys);`;
/** The loop over all inner rows in blocks, which knows where each matrix `m` begins: mBase. */
const overBlocks = (result: Result, block: number, body: string) => {
  const { score, slope = [], values } = recipes[result];
  const bases = [...new Set([...score, ...slope, values])].map((name) => `let ${name}Base = ${head(name)};`).join(" ");
  const blocks = `${bases}\nfor (var inner = from_; inner < to; inner += ${block}u) {${body}}`;
  return isQueries(result) ? blocks : `for (var g = 0u; g < GROUPS; g++) { h = groupHead(h, g);\n${blocks} }`;
};

/**
 * Makes weights of the scores' products in w[0..block), each of own rows `first`.., of R own rows: for y the exponentials relative to the
 * largest so far, whose sums are l; else P with dropout, or dS from the products in `slopes`. Texts stand once for each number of a tile
 * (`unrolled`), as registers have no index, or once in a loop.
 */
function weights(result: Result, R: number, block: number, unrolled: boolean, joinLargest: string): string {
  const own = isQueries(result);
  const loop = (n: number, name: string, body: (i: string) => string) =>
    unrolled ? times(n, (i) => body(`${i}u`)) : `for (var ${name} = 0u; ${name} < ${n}u; ${name}++) { ${body(name)} }`;
  const vector = (element: (r: number) => string) => `V(${Array.from({ length: R }, (_, r) => element(r)).join(", ")})`;
  const of = (v: string, r: number | string) => (R === 1 ? v : `${v}[${r}]`);
  const query = (j: string, r: number) => (own ? `first + ${r}u` : `inner + ${j}`);
  const key = (j: string, r: number) => (own ? `inner + ${j}` : `first + ${r}u`);
  /** Multiplies the weights of `name` by what dropout makes of 1. */
  const drop = (name: string) => {
    const rows = own ? R : block;
    const kept = `var kept: array<vec4f, ${rows}>; for (var i = 0u; i < ${rows}u; i++) { kept[i] = keptQuad(h, ${own ? "first + i, inner + quad" : "inner + i, first"}); }`;
    const columns = vector((r) => (own ? `kept[${r}][j]` : `kept[j][${r}]`));
    const multiply = unrolled
      ? times(4, (j) => `${name}[${j}] *= ${columns.replaceAll("[j]", `[${j}]`)};`)
      : `for (var j = 0u; j < ${own ? 4 : block}u; j++) { ${name}[${own ? "quad + j" : "j"}] *= ${columns}; }`;
    return `if (c.p > 0) { ${own ? `for (var quad = 0u; quad < ${block}u; quad += 4u) { ${kept} ${multiply} }` : `${kept} ${multiply}`} }`;
  };
  if (result === "y") {
    return /* wgsl */ `
    var largest = V(-infinity());
    ${loop(block, "j", (j) => `w[${j}] = ${vector((r) => `score(${of(`w[${j}]`, r)}, h, ${query(j, r)}, ${key(j, r)}, keys)`)}; largest = max(largest, w[${j}]);`)}
    ${joinLargest}
    let before = m; m = max(m, largest);
    // Relative to 0 where nothing is visible yet, so that the exponentials are 0.
    let base = select(m, V(), m < V(-3.4028234e38));
    let shrink = ${vector((r) => `expf(${of("before", r)} - ${of("base", r)})`)};
    l *= shrink;
    ${loop(block, "j", (j) => `w[${j}] = ${vector((r) => `expf(${of(`w[${j}]`, r)} - ${of("base", r)})`)}; l += w[${j}];`)}
    ${drop("w")}`;
  }
  const probability = (j: string) => vector((r) => `probability(${of(`w[${j}]`, r)}, h, ${query(j, r)}, ${key(j, r)}, keys)`);
  if (!recipes[result].slope) return `${loop(block, "j", (j) => `w[${j}] = ${probability(j)};`)}\n${drop("w")}`;
  const gradient = (j: string) => `${probability(j)} * (slopes[${j}] - ${vector((r) => `deltaOf(h, ${query(j, r)})`)})`;
  return `${drop("slopes")}\n${loop(block, "j", (j) => `w[${j}] = ${gradient(j)};`)}`;
}

/** The result of a sum: y over the sum of its weights, gradients of q and k times the scale. */
const finished = (result: Result, sum: string, l: string) =>
  result === "y" ? `select(0.0, ${sum} / ${l}, ${l} != 0)` : result === "dv" ? sum : `c.scale * ${sum}`;
const keepSums = (m: string, l: string, row: string) =>
  `heap[c.largest + rowOf(h, ${row})] = select(infinity(), ${m}, ${l} != 0); heap[c.total + rowOf(h, ${row})] = ${l};`;

// A thread for R rows.

/** Inner rows, and columns of a result, that a thread computes at a time. */
const BLOCK = 16;
/** Columns that a thread sums up. It holds a vector over its rows for each column, and must stay under 8 KiB. */
const THREAD_COLUMNS = 256;
/** Lanes of a processor that read a number together if it is the same: those of a head begin at a multiple of it. */
const LANES = 4;

/** As many rows a thread as leave all lanes something to do. */
export const threadRows = (c: Arguments): number => {
  const rows = Math.min(c.T, c.S);
  return rows > 2 * LANES ? 4 : rows > LANES ? 2 : 1;
};
const threadsOf = (c: Arguments, result: Result) => {
  const threads = Math.ceil(rowsOf(c, result) / threadRows(c));
  return threads < LANES ? threads : Math.ceil(threads / LANES) * LANES;
};
const parts = (c: Arguments, result: Result, columns: number) => Math.ceil(columnsOf(c, result) / columns);

/** The entry `result` of the form of threads. */
function threadsEntry(c: Arguments, result: Result): string {
  const R = threadRows(c);
  const { score, slope, values } = recipes[result];
  const columns = columnsOf(c, result);
  const held = Math.min(THREAD_COLUMNS, columns);
  const product = ([own, inner]: readonly [Matrix, Matrix], depth: number, to: string) => /* wgsl */ `
    { let ownAt = ${own}Base + first * ${stride(own)}; 
      ${times(BLOCK, (j) => `var acc${j} = V(); let at${j} = ${inner}Base + min(inner + ${j}u, to - 1u) * ${stride(inner)};`)}
      for (var d = 0u; d < ${depth}u; d++) {
        let x = V(${Array.from({ length: R }, (_, r) => `heap[ownAt + ${r}u * ${stride(own)} + d]`).join(", ")});
        ${times(BLOCK, (j) => `acc${j} += x * heap[at${j} + d];`)}
      }
      ${times(BLOCK, (j) => `${to}[${j}] = acc${j};`)}
    }`;
  return /* wgsl */ `
${entry(result)} {
  let item = line(id, groups); let pairs = ${pairs(result)};
  var threads = (${rows(result)} + ${R - 1}u) / ${R}u;
  if (threads >= ${LANES}u) { threads = (threads + ${LANES - 1}u) / ${LANES}u * ${LANES}u; }
  let first = item % threads * ${R}u; let pair = item / threads % pairs; let column0 = item / (threads * pairs) * ${THREAD_COLUMNS}u;
  if (first >= ${rows(result)} || column0 >= ${columns}u) { return; }
  ${headOf(result)}
  let keys = keysOf(h.b);
  ${innerRange(result, "first", R)}
  var sums: array<V, ${held}>;
  var w: array<V, ${BLOCK}>;
  ${slope ? `var slopes: array<V, ${BLOCK}>;` : ""}
  ${result === "y" ? "var m = V(-infinity()); var l = V();" : ""}
  ${overBlocks(
    result,
    BLOCK,
    /* wgsl */ `
    ${product(score, c.D, "w")}
    ${slope ? product(slope, c.E, "slopes") : ""}
    ${weights(result, R, BLOCK, false, "")}
    let valuesAt = ${values}Base + column0;
    ${times(BLOCK, (j) => `let w${j} = w[${j}]; let at${j} = valuesAt + min(inner + ${j}u, to - 1u) * ${stride(values)};`)}
    for (var e = 0u; e < ${held}u; e++) {
      var sum = sums[e]${result === "y" ? " * shrink" : ""};
      ${times(BLOCK, (j) => `sum += w${j} * heap[at${j} + e];`)}
      sums[e] = sum;
    }`,
  )}
  for (var r = 0u; r < ${R}u; r++) {
    if (first + r >= ${rows(result)}) { break; }
    let at = ${head(result)} + (first + r) * ${stride(result)} + column0;
    ${result === "y" ? `let lr = ${R === 1 ? "l" : "l[r]"}; if (column0 == 0u) { ${keepSums(R === 1 ? "m" : "m[r]", "lr", "first + r")} }` : ""}
    for (var e = 0u; e < min(${held}u, ${columns}u - column0); e++) { heap[at + e] = ${finished(result, R === 1 ? "sums[e]" : "sums[e][r]", "lr")}; }
  }
}`;
}

// A workgroup for 32 rows, of 8 x 8 threads; a thread has 4 own rows (by its y) and 4 inner ones, or quads of columns (by its x).

const SIDE = 32;
/** A line of a tile: quads, and one of padding against bank conflicts. */
const QUADS = SIDE / 4 + 1;
/** The depth of products that tiles hold. */
const DEPTH = 16;
/** Quads of a workgroup's columns that a thread computes, at most; and those of a tile of values. */
const THREAD_QUADS = 4;
const TILE_COLUMNS = SIDE * THREAD_QUADS;
const VALUE_QUADS = 512;

/** Bytes of workgroup memory, and threads, that the form of tiles needs. */
const TILE_BYTES = 16 * (VALUE_QUADS + SIDE * QUADS + SIDE * 2) + 16;
export const fitsTiles = ({ workgroupBytes, workgroupThreads }: Capabilities): boolean =>
  workgroupBytes >= TILE_BYTES && workgroupThreads >= 64;

export const tileMemory = /* wgsl */ `
var<workgroup> tile: array<vec4f, ${VALUE_QUADS}>;
var<workgroup> weightTile: array<vec4f, ${SIDE * QUADS}>;
var<workgroup> lanes: array<vec4f, ${SIDE * 2}>;
var<workgroup> bound: u32;
`;

/** The entry `result` of the form of tiles. */
function tilesEntry(c: Arguments, result: Result): string {
  const { score, slope, values } = recipes[result];
  const columns = columnsOf(c, result);
  const quads = Math.ceil(Math.min(columns, TILE_COLUMNS) / SIDE);
  const depth = quads > THREAD_QUADS / 2 ? SIDE / 2 : SIDE;
  /** Quads of 4 rows of a matrix, from row `from` on. */
  const load = (name: Matrix, from: string, limit: string) =>
    `vec4f(${[0, 1, 2, 3].map((q) => `heap[${name}Base + min(${from} + quad * 4u + ${q}u, ${limit} - 1u) * ${stride(name)} + d]`).join(", ")})`;
  const product = ([own, inner]: readonly [Matrix, Matrix], size: number, to: string) => /* wgsl */ `
    ${times(4, (j) => `${to}[${j}] = V();`)}
    for (var d0 = 0u; d0 < ${size}u; d0 += ${DEPTH}u) {
      for (var q = lane; q < ${DEPTH * 8}u; q += 64u) {
        let d = d0 + q % ${DEPTH}u; let quad = q / ${DEPTH}u; let at_ = q % ${DEPTH}u * ${QUADS}u + quad;
        if (d < ${size}u) { tile[at_] = ${load(own, "own0", rows(result))}; tile[at_ + ${DEPTH * QUADS}u] = ${load(inner, "inner0", innerRows(result))}; }
      }
      workgroupBarrier();
      for (var d = 0u; d < min(${DEPTH}u, ${size}u - d0); d++) {
        let x = tile[d * ${QUADS}u + at.y]; let other = tile[${DEPTH * QUADS}u + d * ${QUADS}u + at.x];
        ${times(4, (j) => `${to}[${j}] += x * other[${j}];`)}
      }
      workgroupBarrier();
    }`;
  const joinLargest = /* wgsl */ `lanes[lane] = largest; workgroupBarrier();
    for (var x = 0u; x < 8u; x++) { largest = max(largest, lanes[at.y * 8u + x]); }`;
  return /* wgsl */ `
@compute @workgroup_size(8, 8) fn ${result}(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_id) at: vec3u, @builtin(local_invocation_index) lane: u32) {
  let item = group.x + group.y * groups.x; let pairs = ${pairs(result)};
  let blocks = (${rows(result)} + ${SIDE - 1}u) / ${SIDE}u;
  // Of causal blocks the longest first.
  let pair = item % pairs; let block = item / pairs % blocks; let column0 = item / (pairs * blocks) * ${TILE_COLUMNS}u;
  if (column0 >= ${columns}u) { return; }
  let own0 = ${isQueries(result) ? "(blocks - 1u - block)" : "block"} * ${SIDE}u;
  ${headOf(result)}
  if (lane == 0u) { bound = keysOf(h.b); }
  let keys = workgroupUniformLoad(&bound);
  ${innerRange(result, "own0", SIDE)}
  let first = own0 + at.y * 4u;
  ${times(4, (r) => times(quads, (v) => `var sum${r}_${v} = vec4f();`))}
  ${result === "y" ? "var m = V(-infinity()); var l = V();" : ""}
  ${overBlocks(
    result,
    SIDE,
    /* wgsl */ `
    let inner0 = inner;
    var w: array<V, 4>;
    ${product(score, c.D, "w")}
    ${slope ? `var slopes: array<V, 4>;\n${product(slope, c.E, "slopes")}` : ""}
    { let inner = inner0 + at.x * 4u;
    ${weights(result, 4, 4, true, joinLargest)}
    ${result === "y" ? times(4, (r) => times(quads, (v) => `sum${r}_${v} *= shrink[${r}];`)) : ""}
    }
    ${times(4, (j) => `weightTile[(at.x * 4u + ${j}u) * ${QUADS}u + at.y] = w[${j}];`)}
    for (var j0 = 0u; j0 < min(${SIDE}u, to - inner); j0 += ${depth}u) {
      for (var q = lane; q < ${depth * 8 * quads}u; q += 64u) {
        let row = inner + j0 + q / ${8 * quads}u; let column = column0 + q % ${8 * quads}u * 4u;
        let from4 = ${values}Base + row * ${stride(values)} + column;
        var value = vec4f();
        if (row < to) { ${times(4, (s) => `if (column + ${s}u < ${columns}u) { value[${s}] = heap[from4 + ${s}u]; }`)} }
        tile[q] = value;
      }
      workgroupBarrier();
      for (var j = 0u; j < ${depth}u; j++) {
        let weight = weightTile[(j0 + j) * ${QUADS}u + at.y];
        ${times(quads, (v) => `let value${v} = tile[j * ${8 * quads}u + ${8 * v}u + at.x];`)}
        ${times(4, (r) => times(quads, (v) => `sum${r}_${v} += weight[${r}] * value${v};`))}
      }
      workgroupBarrier();
    }`,
  )}
  ${
    result === "y"
      ? /* wgsl */ `lanes[lane] = l; workgroupBarrier();
  l = V(); for (var x = 0u; x < 8u; x++) { l += lanes[at.y * 8u + x]; }`
      : ""
  }
  var all = array<vec4f, ${4 * quads}>(${Array.from({ length: 4 * quads }, (_, i) => `sum${Math.floor(i / quads)}_${i % quads}`).join(", ")});
  for (var r = 0u; r < 4u; r++) {
    if (first + r >= ${rows(result)}) { break; }
    ${result === "y" ? `let lr = l[r]; if (column0 + at.x == 0u) { ${keepSums("m[r]", "lr", "first + r")} }` : ""}
    let to_ = ${head(result)} + (first + r) * ${stride(result)};
    for (var v = 0u; v < ${quads}u; v++) {
      let column = column0 + (v * 8u + at.x) * 4u; let sum = ${finished(result, `all[r * ${quads}u + v]`, "lr").replace("0.0,", "vec4f(),")};
      ${times(4, (q) => `if (column + ${q}u < ${columns}u) { heap[to_ + column + ${q}u] = sum[${q}]; }`)}
    }
  }
}`;
}

export const sumEntry = (c: Arguments, result: Result, tiled: boolean): string => (tiled ? tilesEntry : threadsEntry)(c, result);

export const sumPass = (c: Arguments, result: Result, tiled: boolean): Pass => {
  const pairs = pairsOf(c, result);
  const groups = tiled
    ? line(64 * pairs * Math.ceil(rowsOf(c, result) / SIDE) * parts(c, result, TILE_COLUMNS))
    : line(pairs * threadsOf(c, result) * parts(c, result, THREAD_COLUMNS));
  return { entry: result, groups };
};
