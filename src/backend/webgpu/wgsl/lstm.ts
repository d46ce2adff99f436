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

/** The position of o tanh(c) before a projection: [T, B, H] when needed, else [B, H] behind the weights and zeros. */
const hiddenAt = (c: Arguments) => (c.hidden ? "c.hidden + (t * u32(c.B) + b) * u32(c.H)" : "zeros() + u32(c.P) + b * u32(c.H)");

const unit: Phase = { name: "unit", items: "u32(c.H)", count: (c) => c.H };
const project: Phase = { name: "project", items: "u32(c.P)", count: (c) => c.P };
const forwardPhases = (c: Arguments) => (c.wHr ? [unit, project] : [unit]);
const heldState = (c: Arguments): Held => ({
  size: c.P,
  row: (r) => `previousState(rowOf(tile, ${r}u), forwardTime(s))`,
});

const forward = (c: Arguments, mode: Mode) => /* wgsl */ `
${math}${sequence(c)}${packWeights(4, "P")}${previousState(c, "u32(c.P)", "zeros()")}${checkLengths(c)}
${wholeSequence(
  c,
  "inputs",
  "u32(c.H)",
  /* wgsl */ `
  let j = column; let I = u32(c.I); let H = u32(c.H);
  let start = vec4f(${[0, 1, 2, 3].map((q) => biasSum(c, `${q}u * H + j`)).join(", ")});
  ${rows(c, (r) => `var acc${r} = start; let x${r} = c.x + (b${r} * T + t${r}) * I;`)}
  ${packedProduct(c, 4, "c.workspace", "I", (r) => `heap[x${r} + k]`)}
  ${rows(
    c,
    (r) => `if (inside${r}) {
    let at = c.gates + (t${r} * u32(c.B) + b${r}) * 4u * H + j;
    heap[at] = acc${r}.x; heap[at + H] = acc${r}.y; heap[at + 2u * H] = acc${r}.z; heap[at + 3u * H] = acc${r}.w;
  }`,
  )}`,
)}

/** Unit j of row b: the gates from their pre-activations z, the cell state, and the output. */
fn activate(b: u32, t: u32, j: u32, z: vec4f) {
  let H = u32(c.H); let at = (t * u32(c.B) + b) * H + j; let gate = c.gates + (t * u32(c.B) + b) * 4u * H + j;
  var old = ${c.c0 ? "heap[c.c0 + b * H + j]" : "0.0"};
  if (t != forwardTime(0u)) { old = heap[c.cells + (before(t) * u32(c.B) + b) * H + j]; }
  if (t >= lengthOf(b)) {
    for (var q = 0u; q < 4u; q++) { heap[gate + q * H] = 0.0; }
    heap[c.cells + at] = old;
    ${c.wHr ? `heap[${hiddenAt(c)} + j] = 0.0;` : "heap[c.y + (b * u32(c.T) + t) * H + j] = 0.0;"}
    return;
  }
  let input = sigmoidf(z.x); let forget = sigmoidf(z.y); let candidate = tanhf(z.z); let output = sigmoidf(z.w);
  let new_ = forget * old + input * candidate;
  heap[gate] = input; heap[gate + H] = forget; heap[gate + 2u * H] = candidate; heap[gate + 3u * H] = output;
  heap[c.cells + at] = new_;
  let h = output * tanhf(new_);
  if (isLast(b, t)) { heap[c.cN + b * H + j] = new_; }
  ${
    c.wHr
      ? `heap[${hiddenAt(c)} + j] = h;`
      : `heap[c.y + (b * u32(c.T) + t) * H + j] = h;
  if (isLast(b, t)) { heap[c.hN + b * H + j] = h; }`
  }
}

fn unitStep(s: u32, tile: u32, j: u32) {
  let t = forwardTime(s); let H = u32(c.H);
  ${rows(
    c,
    (r) => `let b${r} = rowOf(tile, ${r}u); let g${r} = c.gates + (t * u32(c.B) + b${r}) * 4u * H + j;
  var acc${r} = vec4f(heap[g${r}], heap[g${r} + H], heap[g${r} + 2u * H], heap[g${r} + 3u * H]);
  ${mode === "held" ? "" : `let row${r} = previousState(b${r}, t);`}`,
  )}
  ${packedProduct(c, 4, "packedH()", "u32(c.P)", heldElement(mode, heldState(c)))}
  ${eachRow(c, 4, "activate(b, t, j, value);")}
}
${
  c.wHr
    ? /* wgsl */ `
/** y = W_hr (o tanh(c)). */
fn projectStep(s: u32, tile: u32, p: u32) {
  let t = forwardTime(s); let H = u32(c.H); let P = u32(c.P);
  ${rows(c, (r) => `let b${r} = rowOf(tile, ${r}u); var acc${r} = 0.0; var hidden${r}: u32; { let b = b${r}; hidden${r} = ${hiddenAt(c)}; }`)}
  for (var k = 0u; k < H; k++) {
    let w = heap[c.wHr + p * H + k];
    ${rows(c, (r) => `acc${r} += heap[hidden${r} + k] * w;`)}
  }
  ${eachRow(
    c,
    1,
    `let valid = t < lengthOf(b);
      heap[c.y + (b * u32(c.T) + t) * P + p] = select(0.0, value, valid);
      if (valid && isLast(b, t)) { heap[c.hN + b * P + p] = value; }`,
  )}
}`
    : ""
}
${recurrence(c, forwardPhases(c), mode, heldState(c))}`;

const backwardPhases = (c: Arguments, mode: Mode) =>
  c.wHr ? [unitColumns("total", "P", mode), unitColumns("pull", "H", mode)] : [unitColumns("total", "H", mode)];
/** The gradients of the step that follows; in the first step of the pass, which has none, any. */
const heldGates = (c: Arguments): Held => ({
  size: 4 * c.H,
  row: (r) => `c.gates + (after(s) * u32(c.B) + rowOf(tile, ${r}u)) * 4u * u32(c.H)`,
});
/** dh_t in full: [T, B, P] when needed, else [B, P] behind dc [B, H]. */
const dhAt = (c: Arguments) => (c.dh ? "c.dh + (t * u32(c.B) + b) * u32(c.P)" : "c.workspace + u32(c.B) * u32(c.H) + b * u32(c.P)");

const backward = (c: Arguments, mode: Mode) => {
  const n = width(mode);
  return /* wgsl */ `
${math}${sequence(c)}

/** dh_t: dy_t, dhN at a row's last step, and what came through the recurrence; 0 past the row's length. */
fn totalOf(b: u32, t: u32, p: u32, carried: f32) -> f32 {
  let P = u32(c.P);
  if (t >= lengthOf(b)) { return 0.0; }
  var dh = carried;
  ${c.dy ? "dh += heap[c.dy + (b * u32(c.T) + t) * P + p];" : ""}
  ${c.dhN ? "if (isLast(b, t)) { dh += heap[c.dhN + b * P + p]; }" : ""}
  return dh;
}

/** Unit j of row b: gates become the gradients of their pre-activations, and dc the gradient of the cell state before. */
fn differentiate(b: u32, t: u32, j: u32, dh: f32) {
  let H = u32(c.H); let at = (t * u32(c.B) + b) * H + j; let gate = c.gates + (t * u32(c.B) + b) * 4u * H + j;
  if (t >= lengthOf(b)) {
    for (var q = 0u; q < 4u; q++) { heap[gate + q * H] = 0.0; }
    return;
  }
  let input = heap[gate]; let forget = heap[gate + H]; let candidate = heap[gate + 2u * H]; let output = heap[gate + 3u * H];
  var old = ${c.c0 ? "heap[c.c0 + b * H + j]" : "0.0"};
  if (t != forwardTime(0u)) { old = heap[c.cells + (before(t) * u32(c.B) + b) * H + j]; }
  let tanhC = tanhf(heap[c.cells + at]);
  var dc = dh * output * (1 - tanhC * tanhC);
  if (!isLast(b, t)) { dc += heap[c.workspace + b * H + j]; }${c.dcN ? " else { dc += heap[c.dcN + b * H + j]; }" : ""}
  heap[gate] = dc * candidate * input * (1 - input);
  heap[gate + H] = dc * old * forget * (1 - forget);
  heap[gate + 2u * H] = dc * input * (1 - candidate * candidate);
  heap[gate + 3u * H] = dh * tanhC * output * (1 - output);
  heap[c.workspace + b * H + j] = dc * forget;
  ${c.dc0 ? "if (isFirst(b, t)) { heap[c.dc0 + b * H + j] = dc * forget; }" : ""}
}

fn totalStep(s: u32, tile: u32, item: u32) {
  let t = backwardTime(s); let H = u32(c.H); let P = u32(c.P); let j = item * ${n}u;
  ${rows(
    c,
    (r) => `let b${r} = rowOf(tile, ${r}u); var acc${r} = ${vec(n)}();
  ${mode === "held" ? "" : `let row${r} = ${heldGates(c).row(r)};`}`,
  )}
  if (s > 0u) {${product(c, n, "c.wHh", "P", "4u * H", heldElement(mode, heldGates(c)))}}
  ${eachColumn(
    c,
    n,
    "P",
    `let dh = totalOf(b, t, column, element);
        ${c.dh || c.wHr ? `heap[${dhAt(c)} + column] = dh;` : ""}
        ${c.wHr ? "" : "differentiate(b, t, column, dh);"}`,
  )}
}
${
  c.wHr
    ? /* wgsl */ `
/** dh pulled through W_hr. */
fn pullStep(s: u32, tile: u32, item: u32) {
  let t = backwardTime(s); let H = u32(c.H); let P = u32(c.P); let j = item * ${n}u;
  ${rows(c, (r) => `let b${r} = rowOf(tile, ${r}u); var acc${r} = ${vec(n)}(); var row${r}: u32; { let b = b${r}; row${r} = ${dhAt(c)}; }`)}
  ${product(c, n, "c.wHr", "H", "P", (r) => `heap[row${r} + k]`)}
  ${eachColumn(c, n, "H", "differentiate(b, t, column, element);")}
}`
    : ""
}
${initialGradient(c, "P", "4u * u32(c.H)", [{ matrix: "c.wHh", from: "0u", K: "4u * u32(c.H)" }])}
${inputGradient(c, "4u * u32(c.H)", "4u * u32(c.H)")}
${recurrence(c, backwardPhases(c, mode), mode, heldGates(c))}`;
};

/**
 * The LSTM over a whole sequence, as assembly/recurrent/lstm and lstm-backward: the same layouts, saved arrays and treatment of lengths.
 * Forward: the inputs' product for all steps into gates, then a pass a step, the recurrent product with gates and states. Backward: a
 * pass a step from the last, the product of the following step's gradients with what it is needed for; then dh0 and dx.
 */
export const lstmKernels = {
  lstmForward: {
    workspace: (c) => (packedSize(c, 4, c.P) + (c.wHr ? c.B * c.H : 0)) * 4,
    code: (c, device) => forward(c, forwardMode(c, device)),
    passes: (c, device) => [
      ...lengthPass(c),
      packPass(c, 4, c.P),
      { entry: "inputs", groups: line(wholeRows(c) * c.H) },
      ...recurrencePasses(c, forwardPhases(c), forwardMode(c, device)),
    ],
  },
  lstmBackward: {
    workspace: (c) => c.B * (c.H + c.P) * 4,
    code: (c, device) => backward(c, backwardMode(c, device)),
    passes: (c, device) => {
      const mode = backwardMode(c, device);
      return [...recurrencePasses(c, backwardPhases(c, mode), mode), ...initialGradientPass(c, c.P), ...inputGradientPass(c)];
    },
  },
} satisfies WgslKernels;

const forwardMode = (c: Arguments, device: Capabilities) => modeOf(c, device, forwardPhases(c).length, heldState(c));
const backwardMode = (c: Arguments, device: Capabilities) => modeOf(c, device, c.wHr ? 2 : 1, heldGates(c));
