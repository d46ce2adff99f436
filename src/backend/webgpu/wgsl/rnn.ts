import { type Arguments, line, type WgslKernels } from "../kernel.js";
import { math } from "./math.js";
import {
  biasSum,
  checkLengths,
  type Held,
  heldElement,
  heldMemory,
  initialGradient,
  initialGradientPass,
  inputGradient,
  inputGradientPass,
  isPersistent,
  lengthPass,
  type Phase,
  packedProduct,
  packedSize,
  packPass,
  packWeights,
  part,
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

const unit: Phase = { name: "unit", items: "u32(c.H)", count: (c) => c.H! };
const heldState = (c: Arguments): Held => ({ size: c.H!, row: (r) => `previousState(rowOf(tile, ${r}u), forwardTime(s))` });
const heldGates = (c: Arguments): Held => ({
  size: c.H!,
  row: (r) => `c.gates + (after(s) * u32(c.B) + rowOf(tile, ${r}u)) * u32(c.H)`,
});

const forward = (c: Arguments, persistent: boolean) => /* wgsl */ `
${math}${sequence(c)}${packWeights(1, "H")}${previousState(c, "u32(c.H)", "zeros()")}${checkLengths(c)}
${heldMemory(c, persistent, heldState(c))}
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
  ${persistent ? "" : `let row${r} = previousState(b${r}, t);`}`,
  )}
  ${packedProduct(c, 1, "packedH()", "H", heldElement(persistent, heldState(c)))}
  ${rows(
    c,
    (r) => `if (exists(tile, ${r}u)) {
    let valid = t < lengthOf(b${r}); let h = ${c.activation ? `select(acc${r}, 0, acc${r} <= 0)` : `tanhf(acc${r})`};
    heap[c.y + (b${r} * T + t) * H + j] = select(0, h, valid);
    if (valid && isLast(b${r}, t)) { heap[c.hN + b${r} * H + j] = h; }
  }`,
  )}
}
${recurrence(c, [unit], persistent, heldState(c))}`;

const backward = (c: Arguments, persistent: boolean) => {
  const n = width(persistent);
  return /* wgsl */ `
${sequence(c)}${heldMemory(c, persistent, heldGates(c))}
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
    (r) => `let b${r} = rowOf(tile, ${r}u); var acc${r} = ${vec(n)}(); ${persistent ? "" : `let row${r} = ${heldGates(c).row(r)};`}`,
  )}
  if (s > 0u) {${product(c, n, "c.wHh", "H", "H", heldElement(persistent, heldGates(c)))}}
  ${rows(c, (r) =>
    Array.from(
      { length: n },
      (_, q) => `if (exists(tile, ${r}u) && j + ${q}u < H) { differentiate(b${r}, t, j + ${q}u, ${part(`acc${r}`, n, q)}); }`,
    ).join("\n"),
  )}
}
${initialGradient(c, "H", "u32(c.H)", [{ matrix: "c.wHh", from: "0u", K: "u32(c.H)" }])}
${inputGradient(c, "u32(c.H)", "u32(c.H)")}
${recurrence(c, [unitColumns("unit", "H", persistent)], persistent, heldGates(c))}`;
};

/**
 * The Elman network over a whole sequence, as assembly/recurrent/rnn. Forward: the inputs' product for all steps into y, then a pass a
 * step. Backward: a pass a step from the last, then dh0 and dx.
 */
export const rnnKernels = {
  rnnForward: {
    workspace: (c) => packedSize(c, 1, c.H!) * 4,
    code: (c, device) => forward(c, isPersistent(c, device, heldState(c))),
    passes: (c, device) => [
      ...lengthPass(c),
      packPass(c, 1, c.H!),
      { entry: "inputs", groups: line(wholeRows(c) * c.H!) },
      ...recurrencePasses(c, [unit], isPersistent(c, device, heldState(c))),
    ],
  },
  rnnBackward: {
    code: (c, device) => backward(c, isPersistent(c, device, heldGates(c))),
    passes: (c, device) => {
      const persistent = isPersistent(c, device, heldGates(c));
      return [
        ...recurrencePasses(c, [unitColumns("unit", "H", persistent)], persistent),
        ...initialGradientPass(c, c.H!),
        ...inputGradientPass(c),
      ];
    },
  },
} satisfies WgslKernels;
