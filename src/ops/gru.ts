import { empty, fill, type Tensor } from "../tensor/tensor.js";
import { checkBoolean } from "../util/check.js";
import { namesOf } from "../util/options.js";
import { add, mul, sub } from "./binary.js";
import { defineOp, type Sample } from "./define-op.js";
import { linear } from "./linear.js";
import {
  byName,
  checkCall,
  checkShapes,
  type GradientProbe,
  gradients,
  type Named,
  present,
  projections,
  type RecurrentAttrs,
  recordSteps,
  recurrentNames,
  sampleInputs,
  sequenceSize,
  unroll,
  weightGradients,
} from "./recurrent.js";
import { sigmoid, tanh } from "./unary.js";
import { slice, split } from "./views.js";

interface Attrs extends RecurrentAttrs {
  readonly resetAfter: boolean;
}

const sizes = ({ x, wHh }: Named) => ({ ...sequenceSize("gru", x!), H: Math.floor(wHh!.shape[0]! / 3) });
const shapes = (B: number, T: number, I: number, H: number) => {
  return { x: [B, T, I], wIh: [3 * H, I], wHh: [3 * H, H], bIh: [3 * H], bHh: [3 * H], h0: [B, H], lengths: [B] };
};

function sample(B: number, T: number, I: number, H: number, names: string, options: Partial<Attrs> = {}): Sample<Attrs> {
  const attrs = { names: names.split(" "), reverse: false, probe: undefined, resetAfter: true, ...options };
  return { inputs: sampleInputs(attrs.names, shapes(B, T, I, H)), attrs };
}

const gruOp = defineOp<Attrs>({
  name: "gru",
  kernels: ["gruForward", "gruBackward", "recurrentGradient"],
  shape(inputs, { names }) {
    const named = byName(names, inputs);
    const { B, T, I, H } = sizes(named);
    checkShapes("gru", named, shapes(B, T, I, H));
    return [
      [B, T, H],
      [B, H],
      [T, B, 4 * H],
    ];
  },
  compose(inputs, { names, reverse, probe, resetAfter }) {
    const named = byName(names, inputs);
    const { wHh, bHh } = named;
    const { B, H } = sizes(named);
    const h0 = named.h0 ?? fill(empty(named.x!.backend, [B, H]), 0);
    const candidate = (v: Tensor) => slice(v, 0, 2 * H);
    return unroll("gru", named.x!, [h0], { lengths: named.lengths, reverse, probe }, (x, [h]) => {
      const [fromX, fromH] = projections(x, h!, named);
      const [rx, zx, nx] = split(fromX, H, 1) as [Tensor, Tensor, Tensor];
      const [rh, zh, nh] = split(fromH, H, 1) as [Tensor, Tensor, Tensor];
      const r = sigmoid(add(rx, rh));
      const z = sigmoid(add(zx, zh));
      const recurrent = resetAfter ? mul(r, nh) : linear(mul(r, h!), candidate(wHh!), bHh && candidate(bHh));
      const n = tanh(add(nx, recurrent));
      return [add(n, mul(z, sub(h!, n)))];
    });
  },
  forward(run, inputs, [y, hN, gates], { names, reverse, resetAfter }) {
    const named = byName(names, inputs);
    const { x, wIh, wHh, bIh, bHh, h0, lengths } = named;
    const dims = { ...sizes(named), reverse: Number(reverse), resetBefore: Number(!resetAfter), begin: 0, end: x!.shape[0]! };
    run("gruForward", { x: x!, wIh: wIh!, wHh: wHh!, bIh, bHh, h0, lengths, y: y!, hN: hN!, gates: gates!, ...dims });
  },
  backward(context) {
    const { run, inputs, attrs, dOutputs, outputs } = context;
    const { names, reverse, probe, resetAfter } = attrs;
    const named = byName(names, inputs);
    const { x, wIh, wHh, h0, lengths } = named;
    const { B, T, I, H } = sizes(named);
    const { fresh } = gradients(names, context);
    const [y, , gates] = outputs;
    const [dy, dhN] = dOutputs;

    const dx = fresh("x");
    const dh0 = fresh("h0");
    const dh = probe ? empty(x!.backend, [T, B, H]) : undefined;
    const dims = { B, T, I, H, reverse: Number(reverse), resetBefore: Number(!resetAfter), begin: 0, end: B };
    run("gruBackward", { wIh: wIh!, wHh: wHh!, h0, lengths, y: y!, dy, dhN, gates: gates!, dx, dh0, dh, ...dims });
    weightGradients(context, gates!, resetAfter ? "gruResetAfter" : "gruResetBefore");
    recordSteps(probe, dh);
    return names.map((name) => ({ x: dx, h0: dh0 })[name]);
  },
  samples: [
    sample(1, 1, 1, 1, "x wIh wHh bIh bHh"),
    sample(2, 5, 3, 7, "x wIh wHh bIh bHh h0", { reverse: true }),
    sample(5, 6, 9, 8, "x wIh wHh bIh bHh h0 lengths"),
    sample(3, 4, 5, 8, "x wIh wHh bIh bHh", { resetAfter: false }),
    sample(4, 5, 2, 12, "x wIh wHh h0 lengths", { reverse: true, resetAfter: false }),
    sample(8, 9, 16, 33, "x wIh wHh"),
  ],
});

export interface GruOptions {
  bIh?: Tensor | undefined;
  bHh?: Tensor | undefined;
  h0?: Tensor | undefined;
  /** int32 `[B]`, each in 1..T: how many steps of a row are valid. */
  lengths?: Tensor | undefined;
  reverse?: boolean;
  /** Reset the product with h (PyTorch, and the default) or, when false, h before the product (Cho et al. 2014). */
  resetAfter?: boolean;
  probe?: GradientProbe | undefined;
}

const optionNames = namesOf<GruOptions>({ ...recurrentNames, resetAfter: 1 });

/**
 * One layer and direction of a gated recurrent unit (Cho et al. 2014) over a whole sequence:
 * r, z = sigmoid(W x + U h + b), n = tanh(W_n x + b_n + r (U_n h + c_n)), h' = (1 - z) n + z h.
 *
 * @param x `[B, T, I]`
 * @param wIh `[3H, I]`, rows r z n
 * @param wHh `[3H, H]`
 * @returns y `[B, T, H]`, 0 past a row's length; h `[B, H]` after each row's last valid step
 * @throws SeqgradError `shape`, `dtype`, `range` for a length outside 1..T
 * @example
 * const { y, h } = sg.gru(sg.randn([8, 20, 3]), sg.randn([15, 3]), sg.randn([15, 5]));
 */
export function gru(x: Tensor, wIh: Tensor, wHh: Tensor, options: GruOptions = {}): { y: Tensor; h: Tensor } {
  checkCall("gru", x, wIh, wHh, options, optionNames);
  const { bIh, bHh, h0, lengths, reverse = false, resetAfter = true, probe } = options;
  checkBoolean("gru", "resetAfter", resetAfter);
  probe?.start(sequenceSize("gru", x).T);
  const { names, tensors } = present({ x, wIh, wHh, bIh, bHh, h0, lengths });
  const [y, h] = gruOp(tensors, { names, reverse, probe, resetAfter }) as [Tensor, Tensor];
  return { y, h };
}
