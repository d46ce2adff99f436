import { type Arguments, type Capabilities, each, line, type Pass } from "../kernel.js";

// What the whole-sequence kernels of all cells share: texts in WGSL, and the passes of a recurrence. A call is one dispatch of the host;
// its T dependent passes follow each other on the device. Positions are elements, `s` counts the steps in the order of the pass.

/** Batch rows that a thread computes, so that a weight that it has loaded serves all of them. */
export const tileRows = (c: Arguments): number => Math.min(4, c.end - c.begin);

export const tiles = (c: Arguments): number => Math.ceil((c.end - c.begin) / tileRows(c));

/** A text for each row of a tile. */
export const rows = (c: Arguments, text: (r: number) => string): string =>
  Array.from({ length: tileRows(c) }, (_, r) => text(r)).join("\n");

/** The type of n numbers and n of them made by `element`. */
export const vec = (n: number) => (n === 1 ? "f32" : `vec${n}f`);
export const vecOf = (n: number, element: (q: number) => string) =>
  `${vec(n)}(${Array.from({ length: n }, (_, q) => element(q)).join(", ")})`;

/** The rows of a tile and the steps of a row. `isLast` and `isFirst`: in the order of the forward pass. */
export const sequence = (c: Arguments) => /* wgsl */ `
const R = ${tileRows(c)}u;
fn exists(tile: u32, r: u32) -> bool { return u32(c.begin) + tile * R + r < u32(c.end); }
fn rowOf(tile: u32, r: u32) -> u32 { return min(u32(c.begin) + tile * R + r, u32(c.end) - 1u); }
fn lengthOf(b: u32) -> u32 { return ${c.lengths ? "u32(clamp(bitcast<i32>(heap[c.lengths + b]), 1, c.T))" : "u32(c.T)"}; }
fn forwardTime(s: u32) -> u32 { return ${c.reverse ? "u32(c.T) - 1u - s" : "s"}; }
fn backwardTime(s: u32) -> u32 { return ${c.reverse ? "s" : "u32(c.T) - 1u - s"}; }
/** The time of the step that the backward pass did before its step s > 0. */
fn after(s: u32) -> u32 { return backwardTime(max(s, 1u) - 1u); }
fn isFirst(b: u32, t: u32) -> bool { return t == ${c.reverse ? "lengthOf(b) - 1u" : "0u"}; }
fn isLast(b: u32, t: u32) -> bool { return t == ${c.reverse ? "0u" : "lengthOf(b) - 1u"}; }
/** The time before t in the order of the forward pass; t is not the first. */
fn before(t: u32) -> u32 { return ${c.reverse ? "t + 1u" : "t - 1u"}; }
`;

/** The position of the state before the valid step t: a row of y, of h0, or, from position `zeros`, of zeros. */
export const previousState = (c: Arguments, size: string, zeros: string) => /* wgsl */ `
fn previousState(b: u32, t: u32) -> u32 {
  if (t < lengthOf(b) && !isFirst(b, t)) { return c.y + (b * u32(c.T) + before(t)) * ${size}; }
  return ${c.h0 ? `c.h0 + b * ${size}` : zeros};
}
`;

/** Leaves a fault for each length outside least..most. */
export const checkLengths = (c: Arguments, least = 1, most = "c.T") =>
  c.lengths
    ? each("checkLengths", "u32(c.B)", `let n = bitcast<i32>(heap[c.lengths + i]); if (n < ${least} || n > ${most}) { fault(i); }`)
    : "";
export const lengthPass = (c: Arguments): Pass[] => (c.lengths ? [{ entry: "checkLengths", groups: line(c.B) }] : []);

/**
 * Writes at c.workspace the weights of both products as panels [K, H, gates], K = I then P, in which neighboring threads read
 * neighboring numbers, and P zeros behind them.
 */
export const packWeights = (gates: number, P: string) => /* wgsl */ `
const GATES = ${gates}u;
fn panels() -> u32 { return u32(c.I + c.${P}) * u32(c.H) * GATES; }
fn packedH() -> u32 { return c.workspace + u32(c.I) * u32(c.H) * GATES; }
fn zeros() -> u32 { return c.workspace + panels(); }
${each(
  "packWeights",
  `panels() + u32(c.${P})`,
  `let I = u32(c.I); let P = u32(c.${P}); let H = u32(c.H);
  if (i >= panels()) { heap[c.workspace + i] = 0.0; return; }
  let k = i / (H * GATES); let j = (i / GATES) % H; let row = (i % GATES) * H + j;
  if (k < I) { heap[c.workspace + i] = heap[c.wIh + row * I + k]; } else { heap[c.workspace + i] = heap[c.wHh + row * P + k - I]; }`,
)}`;
export const packedSize = (c: Arguments, gates: number, P: number): number => (c.I + P) * c.H * gates + P;
export const packPass = (c: Arguments, gates: number, P: number): Pass => ({
  entry: "packWeights",
  groups: line(packedSize(c, gates, P)),
});

/**
 * acc0.. += a row of each tile row times a panel's columns of unit j: `a` names the element k of tile row r.
 */
export const packedProduct = (c: Arguments, n: number, panel: string, K: string, a: (r: number) => string) => /* wgsl */ `
  {
    var p = ${panel} + j * GATES;
    for (var k = 0u; k < ${K}; k++) {
      let w = ${vecOf(n, (q) => `heap[p + ${q}u]`)};
      ${rows(c, (r) => `acc${r} += ${a(r)} * w;`)}
      p += u32(c.H) * GATES;
    }
  }`;

/**
 * acc0.. += rows of numbers times the columns j.. of the row-major matrix of N columns at `matrix`, K of its rows; columns past the
 * end repeat the last.
 */
export const product = (c: Arguments, n: number, matrix: string, N: string, K: string, a: (r: number) => string) => /* wgsl */ `
  {
    ${Array.from({ length: n }, (_, q) => `let j${q} = min(j + ${q}u, ${N} - 1u);`).join(" ")}
    var p = ${matrix};
    for (var k = 0u; k < ${K}; k++) {
      let w = ${vecOf(n, (q) => `heap[p + j${q}]`)};
      ${rows(c, (r) => `acc${r} += ${a(r)} * w;`)}
      p += ${N};
    }
  }`;

/**
 * What becomes of acc0..: `body` sees b and the row's `value`. A loop, that the text of the body stands once: some compilers break on
 * sixteen of it.
 */
export const eachRow = (c: Arguments, n: number, body: string) => /* wgsl */ `
  { var results = array<${vec(n)}, ${tileRows(c)}>(${Array.from({ length: tileRows(c) }, (_, r) => `acc${r}`).join(", ")});
    for (var r = 0u; r < R; r++) {
      if (!exists(tile, r)) { continue; }
      let b = rowOf(tile, r); let value = results[r];
      ${body}
    }
  }`;

/** As eachRow(), for each of the n columns `column`, below N, from j on. */
export const eachColumn = (c: Arguments, n: number, N: string, body: string) =>
  eachRow(
    c,
    n,
    /* wgsl */ `for (var q = 0u; q < ${n}u; q++) {
        let column = j + q;
        if (column >= ${N}) { continue; }
        let element = value${n > 1 ? "[q]" : ""};
        ${body}
      }`,
  );

/** The rows (t, b) of the whole sequence, 4 a thread, and `columns` of them in the inner direction: for products outside the recurrence. */
export const wholeRows = (c: Arguments): number => Math.ceil(((c.end - c.begin) * c.T) / tileRows(c));
export const wholeSequence = (c: Arguments, name: string, columns: string, body: string) =>
  each(
    name,
    `((u32(c.end - c.begin) * u32(c.T) + R - 1u) / R) * (${columns})`,
    /* wgsl */ `
  let count = u32(c.end - c.begin); let total = count * u32(c.T); let T = u32(c.T);
  let column = i % (${columns}); let m = (i / (${columns})) * R;
  ${rows(
    c,
    (r) => `let m${r} = min(m + ${r}u, total - 1u); let t${r} = m${r} / count; let b${r} = u32(c.begin) + m${r} % count;
  let inside${r} = m + ${r}u < total;`,
  )}
  ${body}`,
  );

/** dx [B, T, I] = gates wIh, the first `K` columns of gates [T, B, width]. */
export const inputGradient = (c: Arguments, width: string, K: string) =>
  c.dx
    ? wholeSequence(
        c,
        "inputGradient",
        "(u32(c.I) + 3u) / 4u",
        /* wgsl */ `
  let j = column * 4u; let I = u32(c.I);
  ${rows(c, (r) => `var acc${r} = vec4f(); let a${r} = c.gates + (t${r} * u32(c.B) + b${r}) * ${width};`)}
  ${product(c, 4, "c.wIh", "I", K, (r) => `heap[a${r} + k]`)}
  ${rows(
    c,
    (r) => `for (var q = 0u; q < 4u && inside${r}; q++) {
    if (j + q < I) { heap[c.dx + (b${r} * T + t${r}) * I + j + q] = acc${r}[q]; }
  }`,
  )}`,
      )
    : "";
export const inputGradientPass = (c: Arguments): Pass[] =>
  c.dx ? [{ entry: "inputGradient", groups: line(wholeRows(c) * Math.ceil(c.I / 4)) }] : [];

/** The sum at `row` of the biases that are there, or of one of them. */
export const biasSum = (c: Arguments, row: string, only?: "bIh" | "bHh"): string =>
  [...(["bIh", "bHh"] as const).filter((name) => c[name] && name === (only ?? name)).map((name) => `heap[c.${name} + ${row}]`), "0.0"].join(
    " + ",
  );

/** Columns that a thread of a backward recurrence computes; one where a whole workgroup shares a row. */
export const width = (mode: Mode): number => (mode === "held" ? 1 : 4);
export const unitColumns = (name: string, size: "H" | "P", mode: Mode): Phase => ({
  name,
  items: mode === "held" ? `u32(c.${size})` : `(u32(c.${size}) + 3u) / 4u`,
  count: (c) => Math.ceil(c[size] / width(mode)),
});

/**
 * dh0 [B, N]: what the gradients [.., width] of each row's first step send through the weights, `K` columns from `from` on times the
 * rows of each matrix, and what lies at `carry` [B, N].
 */
export const initialGradient = (
  c: Arguments,
  size: "H" | "P",
  width: string,
  terms: readonly { readonly matrix: string; readonly from: string; readonly K: string }[],
  carry?: string,
) =>
  c.dh0
    ? each(
        "initialGradient",
        `((u32(c.end - c.begin) + R - 1u) / R) * ((u32(c.${size}) + 3u) / 4u)`,
        /* wgsl */ `
  let N = u32(c.${size}); let columns = (N + 3u) / 4u; let tile = i / columns; let j = (i % columns) * 4u;
  ${rows(
    c,
    (r) => `let b${r} = rowOf(tile, ${r}u); var acc${r} = vec4f();
  let row${r} = c.gates + (${c.reverse ? `(lengthOf(b${r}) - 1u)` : "0u"} * u32(c.B) + b${r}) * ${width};`,
  )}
  ${terms.map(({ matrix, from, K }) => product(c, 4, matrix, "N", K, (r) => `heap[row${r} + ${from} + k]`)).join("")}
  ${eachColumn(c, 4, "N", `heap[c.dh0 + b * N + column] = element${carry ? ` + heap[${carry} + b * N + column]` : ""};`)}`,
      )
    : "";
export const initialGradientPass = (c: Arguments, N: number): Pass[] =>
  c.dh0 ? [{ entry: "initialGradient", groups: line(tiles(c) * Math.ceil(N / 4)) }] : [];

/** A dispatch of each step: a function `name(s, tile, item)`, for each of `count` items of a tile. */
export interface Phase {
  readonly name: string;
  readonly items: string;
  readonly count: (c: Arguments) => number;
}

/** The part of a recurrence's rows that a persistent workgroup holds in workgroup memory: `row(r)` is the position of the row's `size` numbers. */
export interface Held {
  readonly size: number;
  readonly row: (r: number) => string;
}

/**
 * How a recurrence runs: `passes`, one a step and phase; `held`, one workgroup a tile of batch rows for the whole sequence, with what its
 * product reads in workgroup memory; `loop`, the same with few threads and straight from the heap, for a processor, to which passes cost
 * more than they spread.
 */
export type Mode = "passes" | "held" | "loop";

/** Threads of a workgroup that runs a whole sequence: on a processor no more than it executes at once, so that a barrier costs nothing. */
const HELD_THREADS = 256;
const LOOP_THREADS = 16;

export function modeOf(c: Arguments, device: Capabilities, phases: number, held: Held): Mode {
  if (device.software) return "loop";
  const fits = device.workgroupThreads >= HELD_THREADS && device.workgroupBytes >= held.size * tileRows(c) * 4;
  return c.H <= HELD_THREADS && fits && phases === 1 ? "held" : "passes";
}

/** How a product reads the element k of a tile row: from workgroup memory, or from the heap at `row${r}`. */
export const heldElement = (mode: Mode, held: Held) => (r: number) =>
  mode === "held" ? `held[${r * held.size}u + k]` : `heap[row${r} + k]`;

/** The entries of a recurrence: of each phase one, or `sequence`, which runs all steps. */
export function recurrence(c: Arguments, phases: readonly Phase[], mode: Mode, held: Held): string {
  if (mode === "passes") {
    return phases
      .map(({ name, items }) =>
        each(name, `((u32(c.end - c.begin) + R - 1u) / R) * (${items})`, `${name}Step(u32(c.step), i / (${items}), i % (${items}));`),
      )
      .join("");
  }
  const threads = mode === "held" ? HELD_THREADS : LOOP_THREADS;
  const load = `${rows(c, (r) => `{ let row = ${held.row(r)}; for (var k = lane; k < ${held.size}u; k += ${threads}u) { held[${r * held.size}u + k] = heap[row + k]; } }`)}
    workgroupBarrier();`;
  const run = ({ name, items }: Phase) => `for (var i = lane; i < ${items}; i += ${threads}u) { ${name}Step(s, tile, i); }
    storageBarrier();`;
  return /* wgsl */ `
${mode === "held" ? `var<workgroup> held: array<f32, ${held.size * tileRows(c)}>;` : ""}
@compute @workgroup_size(${threads}) fn sequence(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tile = group.x;
  for (var s = 0u; s < u32(c.T); s++) {
    ${mode === "held" ? load : ""}
    ${phases.map(run).join("\n")}
  }
}
`;
}

export function recurrencePasses(c: Arguments, phases: readonly Phase[], mode: Mode): Pass[] {
  if (mode !== "passes") return [{ entry: "sequence", groups: [tiles(c)] }];
  const each = phases.map(({ name, count }) => ({ entry: name, groups: line(tiles(c) * count(c)) }));
  return Array.from({ length: c.T }, (_, step) => each.map((pass) => ({ ...pass, step }))).flat();
}
