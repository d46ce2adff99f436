import { type Arguments, line, type WgslKernels } from "../kernel.js";
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
const heldState = (c: Arguments): Held => ({ size: c.H, row: (r) => `previousState(rowOf(tile, ${r}u), forwardTime(s))` });
const heldGates = (c: Arguments): Held => ({
  size: c.H,
  row: (r) => `c.gates + (after(s) * u32(c.B) + rowOf(tile, ${r}u)) * u32(c.H)`,
});

const forward = (c: Arguments, mode: Mode) => /* wgsl */ `
${math}${sequence(c)}${packWeights(1, "H")}${previousState(c, "u32(c.H)", "zeros()")}${checkLengths(c)}
${wholeSequence(
  c,
  "inputs",
  "u32(c.H)",
  /* wgsl */ `
  let j = column; let I = u32(c.I);
  ${rows(c, (r) => `var acc${r} = ${biasSum(c, "j")}; let x${r} = c.x + (b${r} * T + t${r}) * I;`)}
  ${packedProduct(c, 1, "c.workspace", "I", (r) => `heap[x${r} + k]`)}
  ${rows(c, (r) => `if (inside${r}) { heap[c.y + (b${r} * T + t${r}) * u32(c.H) + j] = acc${r}; }`)}`,
)}
fn unitStep(s: u32, tile: u32, j: u32) {
  let t = forwardTime(s); let H = u32(c.H); let T = u32(c.T);
  ${rows(
    c,
    (r) => `let b${r} = rowOf(tile, ${r}u); var acc${r} = heap[c.y + (b${r} * T + t) * H + j];
  ${mode === "held" ? "" : `let row${r} = previousState(b${r}, t);`}`,
  )}
  ${packedProduct(c, 1, "packedH()", "H", heldElement(mode, heldState(c)))}
  ${eachRow(
    c,
    1,
    `let valid = t < lengthOf(b); let h = ${c.activation ? "select(value, 0, value <= 0)" : "tanhf(value)"};
      heap[c.y + (b * T + t) * H + j] = select(0, h, valid);
      if (valid && isLast(b, t)) { heap[c.hN + b * H + j] = h; }`,
  )}
}
${recurrence(c, [unit], mode, heldState(c))}`;

const backward = (c: Arguments, mode: Mode) => {
  const n = width(mode);
  return /* wgsl */ `
${sequence(c)}
/** dh_t and the gradient of the pre-activation of unit j; \`carried\` came through the recurrence. */
fn differentiate(b: u32, t: u32, j: u32, carried: f32) {
  let H = u32(c.H); let at = (b * u32(c.T) + t) * H + j; let gate = (t * u32(c.B) + b) * H + j;
  var dh = carried;
  ${c.dy ? "dh += heap[c.dy + at];" : ""}
  ${c.dhN ? "if (isLast(b, t)) { dh += heap[c.dhN + b * H + j]; }" : ""}
  let y = heap[c.y + at];
  let valid = t < lengthOf(b);
  ${c.dh ? "heap[c.dh + gate] = select(0, dh, valid);" : ""}
  heap[c.gates + gate] = select(0, ${c.activation ? "select(0, dh, y > 0)" : "dh * (1 - y * y)"}, valid);
}

fn unitStep(s: u32, tile: u32, item: u32) {
  let t = backwardTime(s); let H = u32(c.H); let j = item * ${n}u;
  ${rows(
    c,
    (r) => `let b${r} = rowOf(tile, ${r}u); var acc${r} = ${vec(n)}(); ${mode === "held" ? "" : `let row${r} = ${heldGates(c).row(r)};`}`,
  )}
  if (s > 0u) {${product(c, n, "c.wHh", "H", "H", heldElement(mode, heldGates(c)))}}
  ${eachColumn(c, n, "H", "differentiate(b, t, column, element);")}
}
${initialGradient(c, "H", "u32(c.H)", [{ matrix: "c.wHh", from: "0u", K: "u32(c.H)" }])}
${inputGradient(c, "u32(c.H)", "u32(c.H)")}
${recurrence(c, [unitColumns("unit", "H", mode)], mode, heldGates(c))}`;
};

/**
 * The Elman network over a whole sequence, as assembly/recurrent/rnn. Forward: the inputs' product for all steps into y, then a pass a
 * step. Backward: a pass a step from the last, then dh0 and dx.
 */
export const rnnKernels = {
  rnnForward: {
    workspace: (c) => packedSize(c, 1, c.H) * 4,
    code: (c, device) => forward(c, modeOf(c, device, 1, heldState(c))),
    passes: (c, device) => [
      ...lengthPass(c),
      packPass(c, 1, c.H),
      { entry: "inputs", groups: line(wholeRows(c) * c.H) },
      ...recurrencePasses(c, [unit], modeOf(c, device, 1, heldState(c))),
    ],
  },
  rnnBackward: {
    code: (c, device) => backward(c, modeOf(c, device, 1, heldGates(c))),
    passes: (c, device) => {
      const mode = modeOf(c, device, 1, heldGates(c));
      return [...recurrencePasses(c, [unitColumns("unit", "H", mode)], mode), ...initialGradientPass(c, c.H), ...inputGradientPass(c)];
    },
  },
} satisfies WgslKernels;
