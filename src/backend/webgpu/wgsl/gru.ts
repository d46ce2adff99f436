import { type Arguments, type Capabilities, line, type WgslKernels } from "../kernel.js";
import { math } from "./math.js";
import {
  biasSum,
  checkLengths,
  eachColumn,
  eachRow,
  type Held,
  heldElement,
  initialGradient,
  initialGradientPass,
  inputGradient,
  inputGradientPass,
  lengthPass,
  type Mode,
  modeOf,
  type Phase,
  packedProduct,
  packedSize,
  packPass,
  packWeights,
  previousState,
  product,
  recurrence,
  recurrencePasses,
  rows,
  sequence,
  unitColumns,
  vec,
  wholeRows,
  wholeSequence,
  width,
} from "./recurrent.js";

const unit: Phase = { name: "unit", items: "u32(c.H)", count: (c) => c.H };
const candidate: Phase = { ...unit, name: "candidate" };
/** With resetBefore the candidate needs r h of all units first. */
const forwardPhases = (c: Arguments) => (c.resetBefore ? [unit, candidate] : [unit]);
const heldState = (c: Arguments): Held => ({ size: c.H, row: (r) => `previousState(rowOf(tile, ${r}u), forwardTime(s))` });

const forward = (c: Arguments, mode: Mode) => /* wgsl */ `
${math}${sequence(c)}${packWeights(3, "H")}${previousState(c, "u32(c.H)", "zeros()")}${checkLengths(c)}
${wholeSequence(
  c,
  "inputs",
  "u32(c.H)",
  /* wgsl */ `
  let j = column; let I = u32(c.I); let H = u32(c.H);
  ${rows(
    c,
    (r) => `var acc${r} = vec3f(${biasSum(c, "j")}, ${biasSum(c, "H + j")}, ${biasSum(c, "2u * H + j", c.resetBefore ? undefined : "bIh")});
  let x${r} = c.x + (b${r} * T + t${r}) * I;`,
  )}
  ${packedProduct(c, 3, "c.workspace", "I", (r) => `heap[x${r} + k]`)}
  ${rows(
    c,
    (r) => `if (inside${r}) {
    let at = c.gates + (t${r} * u32(c.B) + b${r}) * 4u * H + j;
    heap[at] = acc${r}.x; heap[at + H] = acc${r}.y; heap[at + 2u * H] = acc${r}.z;
  }`,
  )}`,
)}

/** Step t of row b past its length. */
fn clear(b: u32, t: u32, j: u32) {
  let H = u32(c.H);
  for (var q = 0u; q < 4u; q++) { heap[c.gates + (t * u32(c.B) + b) * 4u * H + q * H + j] = 0.0; }
  heap[c.y + (b * u32(c.T) + t) * H + j] = 0.0;
}

/** h' = (1 - z) n + z h. */
fn update(b: u32, t: u32, j: u32, n: f32, z: f32) {
  let H = u32(c.H);
  let h = (1 - z) * n + z * heap[previousState(b, t) + j];
  heap[c.y + (b * u32(c.T) + t) * H + j] = h;
  if (isLast(b, t)) { heap[c.hN + b * H + j] = h; }
}

/** Unit j of row b from its recurrent product: r and z, and the whole step or, with resetBefore, r h. */
fn activate(b: u32, t: u32, j: u32, product: vec3f) {
  if (t >= lengthOf(b)) { clear(b, t, j); return; }
  let H = u32(c.H); let gate = c.gates + (t * u32(c.B) + b) * 4u * H + j;
  let r = sigmoidf(heap[gate] + product.x);
  let z = sigmoidf(heap[gate + H] + product.y);
  heap[gate] = r; heap[gate + H] = z;
  ${
    c.resetBefore
      ? "heap[gate + 3u * H] = r * heap[previousState(b, t) + j];"
      : `let q = product.z + ${biasSum(c, "2u * H + j", "bHh")};
  let n = tanhf(heap[gate + 2u * H] + r * q);
  heap[gate + 2u * H] = n; heap[gate + 3u * H] = q;
  update(b, t, j, n, z);`
  }
}

fn unitStep(s: u32, tile: u32, j: u32) {
  let t = forwardTime(s); let H = u32(c.H);
  ${rows(
    c,
    (r) => `let b${r} = rowOf(tile, ${r}u); var acc${r} = ${vec(c.resetBefore ? 2 : 3)}();
  ${mode === "held" ? "" : `let row${r} = previousState(b${r}, t);`}`,
  )}
  ${packedProduct(c, c.resetBefore ? 2 : 3, "packedH()", "H", heldElement(mode, heldState(c)))}
  ${eachRow(c, c.resetBefore ? 2 : 3, `activate(b, t, j, ${c.resetBefore ? "vec3f(value, 0)" : "value"});`)}
}
${
  c.resetBefore
    ? /* wgsl */ `
/** n = tanh(W_in x + W_hn (r h) + b). */
fn candidateStep(s: u32, tile: u32, j: u32) {
  let t = forwardTime(s); let H = u32(c.H);
  ${rows(c, (r) => `let b${r} = rowOf(tile, ${r}u); var acc${r} = 0.0; let row${r} = c.gates + (t * u32(c.B) + b${r}) * 4u * H + 3u * H;`)}
  ${packedProduct(c, 1, "2u + packedH()", "H", (r) => `heap[row${r} + k]`)}
  ${eachRow(
    c,
    1,
    `if (t >= lengthOf(b)) { continue; }
      let gate = c.gates + (t * u32(c.B) + b) * 4u * H + j;
      let n = tanhf(heap[gate + 2u * H] + value);
      heap[gate + 2u * H] = n;
      update(b, t, j, n, heap[gate + H]);`,
  )}
}`
    : ""
}
${recurrence(c, forwardPhases(c), mode, heldState(c))}`;

const backwardPhases = (c: Arguments, mode: Mode) => [
  unitColumns("unit", "H", mode),
  ...(c.resetBefore ? [unitColumns("reset", "H", mode)] : []),
];
const heldGates = (c: Arguments): Held => ({
  size: 4 * c.H,
  row: (r) => `c.gates + (after(s) * u32(c.B) + rowOf(tile, ${r}u)) * 4u * u32(c.H)`,
});
/** The terms of dh_{t-1} beside the carry: columns of gates from `from` on, times as many rows of wHh. */
const throughWeights = (c: Arguments) => [
  { matrix: "c.wHh", from: "0u", K: "2u * u32(c.H)" },
  ...(c.resetBefore ? [] : [{ matrix: "c.wHh + 2u * u32(c.H) * u32(c.H)", from: "3u * u32(c.H)", K: "u32(c.H)" }]),
];

const backward = (c: Arguments, mode: Mode) => {
  const n = width(mode);
  const element = heldElement(mode, heldGates(c));
  return /* wgsl */ `
${sequence(c)}${previousState(c, "u32(c.H)", "0u")}
fn stateBefore(b: u32, t: u32, j: u32) -> f32 {
  let row = previousState(b, t);
  if (row == 0u) { return 0.0; }
  return heap[row + j];
}

/** Unit j of row b: dh_t, of which \`carried\` came through the weights, to da of z and n, of r or r dn, and the carry dh z. */
fn differentiate(b: u32, t: u32, j: u32, carried: f32) {
  let H = u32(c.H); let gate = c.gates + (t * u32(c.B) + b) * 4u * H + j;
  if (t >= lengthOf(b)) {
    for (var q = 0u; q < 4u; q++) { heap[gate + q * H] = 0.0; }
    ${c.dh ? "heap[c.dh + (t * u32(c.B) + b) * H + j] = 0.0;" : ""}
    return;
  }
  var dh = carried;
  if (!isLast(b, t)) { dh += heap[c.workspace + b * H + j]; }${c.dhN ? " else { dh += heap[c.dhN + b * H + j]; }" : ""}
  ${c.dy ? "dh += heap[c.dy + (b * u32(c.T) + t) * H + j];" : ""}
  ${c.dh ? "heap[c.dh + (t * u32(c.B) + b) * H + j] = dh;" : ""}
  let r = heap[gate]; let z = heap[gate + H]; let n = heap[gate + 2u * H];
  let dan = dh * (1 - z) * (1 - n * n);
  heap[gate + H] = dh * (stateBefore(b, t, j) - n) * z * (1 - z);
  heap[gate + 2u * H] = dan;
  ${c.resetBefore ? "" : "heap[gate] = dan * heap[gate + 3u * H] * r * (1 - r); heap[gate + 3u * H] = r * dan;"}
  heap[c.workspace + b * H + j] = dh * z;
}

fn unitStep(s: u32, tile: u32, item: u32) {
  let t = backwardTime(s); let H = u32(c.H); let j = item * ${n}u;
  ${rows(
    c,
    (r) => `let b${r} = rowOf(tile, ${r}u); var acc${r} = ${vec(n)}(); ${mode === "held" ? "" : `let row${r} = ${heldGates(c).row(r)};`}`,
  )}
  if (s > 0u) {${throughWeights(c)
    .map(({ matrix, from, K }) => product(c, n, matrix, "H", K, (r) => element(r).replace("+ k", `+ k + ${from}`)))
    .join("")}}
  ${eachColumn(c, n, "H", "differentiate(b, t, column, element);")}
}
${
  c.resetBefore
    ? /* wgsl */ `
/** u = W_hn^T dan: da of r, and r u joins the carry. */
fn resetStep(s: u32, tile: u32, item: u32) {
  let t = backwardTime(s); let H = u32(c.H); let j = item * ${n}u;
  ${rows(c, (r) => `let b${r} = rowOf(tile, ${r}u); var acc${r} = ${vec(n)}(); let row${r} = c.gates + (t * u32(c.B) + b${r}) * 4u * H + 2u * H;`)}
  ${product(c, n, "c.wHh + 2u * H * H", "H", "H", (r) => `heap[row${r} + k]`)}
  ${eachColumn(
    c,
    n,
    "H",
    `if (t >= lengthOf(b)) { continue; }
        let gate = c.gates + (t * u32(c.B) + b) * 4u * H + column; let reset = heap[gate];
        heap[c.workspace + b * H + column] += reset * element;
        heap[gate] = element * stateBefore(b, t, column) * reset * (1 - reset);`,
  )}
}`
    : ""
}
${initialGradient(c, "H", "4u * u32(c.H)", throughWeights(c), "c.workspace")}
${inputGradient(c, "4u * u32(c.H)", "3u * u32(c.H)")}
${recurrence(c, backwardPhases(c, mode), mode, heldGates(c))}`;
};

/**
 * The GRU over a whole sequence, both forms of its reset, as assembly/recurrent/gru and gru-backward. Forward: the inputs' product for
 * all steps into gates, then a pass a step (two with resetBefore). Backward: as many a step from the last, then dh0 and dx.
 */
export const gruKernels = {
  gruForward: {
    workspace: (c) => packedSize(c, 3, c.H) * 4,
    code: (c, device) => forward(c, forwardMode(c, device)),
    passes: (c, device) => [
      ...lengthPass(c),
      packPass(c, 3, c.H),
      { entry: "inputs", groups: line(wholeRows(c) * c.H) },
      ...recurrencePasses(c, forwardPhases(c), forwardMode(c, device)),
    ],
  },
  gruBackward: {
    workspace: (c) => c.B * c.H * 4,
    code: (c, device) => backward(c, backwardMode(c, device)),
    passes: (c, device) => {
      const mode = backwardMode(c, device);
      return [...recurrencePasses(c, backwardPhases(c, mode), mode), ...initialGradientPass(c, c.H), ...inputGradientPass(c)];
    },
  },
} satisfies WgslKernels;

const forwardMode = (c: Arguments, device: Capabilities) => modeOf(c, device, forwardPhases(c).length, heldState(c));
const backwardMode = (c: Arguments, device: Capabilities) => modeOf(c, device, c.resetBefore ? 2 : 1, heldGates(c));
