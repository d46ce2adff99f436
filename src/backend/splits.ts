import type { KernelName, NamedCall } from "./kernels.js";

/** A way to cut a call into shares, each a call of its own over some of the units. */
export interface Way {
  /** The dim that counts the units, which a share gets its own of; with `range` they are those from `begin` to `end`. */
  readonly units: string;
  /** Cuts are multiples of it, and the last share takes what remains. */
  readonly grain: number;
  /** Elements by which buffers move on in a unit: a product of dims and numbers. */
  readonly steps: Readonly<Record<string, readonly (string | number)[]>>;
  /** The units are elements of a random stream, which stands at counter0 and counter1 (and 2 and 3), four to a block. */
  readonly random?: true;
  /** After the shares the caller makes a call over no units, which does what needs the results of all. */
  readonly finish?: true;
}

/** How a kernel is shared out among threads. What an element gets does not depend on the shares: a test holds every row to it. */
export interface Split {
  readonly ways: readonly Way[];
  /** The position of the way that suits a call, or -1; default the first. */
  choose?(call: NamedCall): number;
  /** Nanoseconds that the call takes on one thread, about. */
  work(call: NamedCall): number;
}

const range: Way = { units: "range", grain: 1, steps: {} };

/** A number of a call. */
export function of(call: NamedCall, name: string): number {
  const value = call[name];
  return typeof value === "number" ? value : 0;
}

const count = (d: NamedCall): number => of(d, "end") - of(d, "begin");

/** Units whose buffers move on by products of dims. */
const by = (units: string, steps: Way["steps"], grain = 1): Way => ({ units, steps, grain });

/** Buffers of as many elements as there are units; 64 of them are four lines of the cache. */
const flat = (buffers: readonly string[], nanoseconds: number, random?: true): Split => ({
  ways: [{ units: "n", grain: 64, steps: Object.fromEntries(buffers.map((name) => [name, [1]])), ...(random && { random }) }],
  work: (d) => of(d, "n") * nanoseconds,
});

/** Rows of [rows, cols], in each buffer `factor` times as long. */
const rows = (buffers: Readonly<Record<string, number>>, nanoseconds: number): Split => ({
  ways: [by("rows", Object.fromEntries(Object.entries(buffers).map(([name, factor]) => [name, factor ? ["cols", factor] : [1]])))],
  work: (d) => of(d, "rows") * of(d, "cols") * nanoseconds,
});

/** Strided elements [d0, d1, d2, d3], along the longest dimension: the output is contiguous, or has strides of its own. */
const strided = (operands: Readonly<Record<string, string>>, output: string | undefined, nanoseconds: number): Split => {
  const inner = [["d1", "d2", "d3"], ["d2", "d3"], ["d3"], []];
  const ways = inner.map((rest, k) =>
    by(
      `d${k}`,
      {
        ...Object.fromEntries(Object.entries(operands).map(([name, stride]) => [name, [`${stride}${k}`]])),
        ...(output && { [output]: rest.length > 0 ? rest : [1] }),
      },
      k === 3 ? 64 : 1,
    ),
  );
  return {
    ways,
    // A contiguous output is cut along its first dimension alone: the rest of it would lie apart.
    choose: (d) => {
      const first = ["d0", "d1", "d2", "d3"].findIndex((name) => of(d, name) > 1);
      if (output || first < 0) return first;
      return ["d0", "d1", "d2", "d3"].reduce((best, name, k) => (of(d, name) > of(d, `d${best}`) ? k : best), first);
    },
    work: (d) => of(d, "d0") * of(d, "d1") * of(d, "d2") * of(d, "d3") * nanoseconds,
  };
};

/** Multiply-adds of a core in a nanosecond, on 128-bit lanes. */
const pace = 30;

/** A recurrence: the products of its steps, and its gates. A row alone is a matrix times a vector, which many threads do not hasten. */
const recurrent = (gates: number, passes: number): Split => ({
  ways: [range],
  work: (d) => {
    const G = gates * of(d, "H");
    return count(d) * of(d, "T") * passes * G * ((of(d, "I") + (of(d, "P") || of(d, "H"))) / pace + 2);
  },
});

/** Scores of queries and keys: two products, and an exponential. */
const attention = (pairs: (d: NamedCall) => number, products: number): Split => ({
  ways: [range],
  work: (d) => {
    const scores = (pairs(d) * of(d, "T") * of(d, "S")) / (of(d, "causal") ? 2 : 1);
    return scores * ((products * (of(d, "D") + of(d, "E"))) / pace + 2);
  },
});

/** Rows of the batch, each by itself. */
const batch = (work: Split["work"]): Split => ({ ways: [range], work });

/** Rows of the product, whose tiles take four or six of them. */
const productRows: Way = { ...range, grain: 4 };
/** Columns, whose panels are 8 or 16 wide: B lies by columns, or, transposed, by rows. */
const columns = { y: [1], bias: [1] };
const productColumns = by("n", { ...columns, b: [1] }, 64);
const productColumnsTransposed = by("n", { ...columns, b: ["ldb"] }, 64);

/** Every kernel whose calls are worth sharing out. The others add up over all that a call reads, or are short. */
export const splits: { readonly [K in KernelName]?: Split } = {
  gemm: {
    ways: [productRows, productColumns, productColumnsTransposed],
    // Each thread packs the B that its rows meet, which takes as long as two rows of the product.
    choose: (d) => (count(d) >= 64 || of(d, "n") < 128 ? 0 : of(d, "transB") ? 2 : 1),
    work: (d) => (count(d) * of(d, "n") * of(d, "k")) / pace,
  },

  rnnForward: recurrent(1, 1),
  rnnBackward: recurrent(1, 1),
  gruForward: recurrent(3, 1),
  gruBackward: recurrent(3, 1),
  lstmForward: recurrent(4, 1),
  lstmBackward: recurrent(4, 1),
  recurrentGradient: {
    ways: [{ ...range, grain: 8 }],
    work: (d) => (count(d) * of(d, "T") * of(d, "B") * (of(d, "I") + of(d, "H"))) / pace,
  },

  attentionForward: attention((d) => of(d, "B") * of(d, "N"), 1),
  attentionBackward: attention((d) => of(d, "B") * of(d, "N"), 2.5),
  additiveAttentionForward: batch((d) => count(d) * of(d, "T") * of(d, "S") * of(d, "A") * 1.5),
  additiveAttentionBackward: batch((d) => count(d) * of(d, "T") * of(d, "S") * of(d, "A") * 2),

  fill: flat(["y"], 0.08),
  unary: flat(["x", "y"], 0.6),
  unaryBackward: flat(["x", "y", "dy", "dx"], 0.6),
  special: flat(["x", "y"], 2),
  specialBackward: flat(["x", "y", "dy", "dx"], 2),
  remainder: flat(["a", "b", "y"], 5),
  binary: strided({ a: "as", b: "bs" }, "y", 0.2),
  where: strided({ condition: "cs", a: "as", b: "bs" }, "y", 0.3),
  copyStrided: strided({ x: "xs", y: "ys" }, undefined, 0.3),

  softmaxForward: rows({ x: 1, y: 1 }, 0.9),
  softmaxBackward: rows({ y: 1, dy: 1, dx: 1 }, 0.5),
  logSoftmaxForward: rows({ x: 1, y: 1 }, 1.2),
  logSoftmaxBackward: rows({ y: 1, dy: 1, dx: 1 }, 1.2),
  crossEntropyForward: { ways: [{ ...range, finish: true }], work: (d) => count(d) * of(d, "cols") * 0.9 },
  crossEntropyBackward: { ways: [range], work: (d) => count(d) * of(d, "cols") * 0.7 },
  layerNormForward: { ways: [range], work: (d) => count(d) * of(d, "cols") * 0.4 },
  rmsNormForward: rows({ x: 1, y: 1, rstd: 0 }, 0.4),
  swigluForward: rows({ x: 2, y: 1 }, 1.2),
  swigluBackward: rows({ x: 2, dy: 1, dx: 2 }, 1.5),
  rotary: {
    ways: [by("B", { x: ["T", "cols"], y: ["T", "cols"] })],
    work: (d) => of(d, "B") * of(d, "T") * of(d, "cols") * 0.4,
  },

  gatherRows: {
    ways: [by("outer", { x: ["n", "inner"], y: ["m", "inner"] }), by("m", { index: [1], y: ["inner"] })],
    choose: (d) => (of(d, "outer") > 1 ? 0 : 1),
    work: (d) => of(d, "outer") * of(d, "m") * of(d, "inner") * 0.3,
  },
  gather: {
    ways: [by("outer", { x: ["n", "inner"], index: ["m", "inner"], y: ["m", "inner"] })],
    work: (d) => of(d, "outer") * of(d, "m") * of(d, "inner"),
  },
  reduce: {
    ways: [by("outer", { x: ["n", "inner"], y: ["inner"] })],
    work: (d) => of(d, "outer") * of(d, "n") * of(d, "inner") * 0.3,
  },
  argmax: {
    ways: [by("outer", { x: ["n", "inner"], y: ["inner"] })],
    work: (d) => of(d, "outer") * of(d, "n") * of(d, "inner") * 0.4,
  },
  argsort: {
    ways: [by("rows", { x: ["n"], index: ["n"] })],
    work: (d) => of(d, "rows") * of(d, "n") * 40,
  },

  philox: flat(["y"], 2.5, true),
  randomUniform: flat(["y"], 3, true),
  randomNormal: flat(["y"], 4, true),
  dropout: flat(["x", "y"], 3, true),

  sgd: flat(["gradient", "parameter", "buffer"], 0.3),
  adam: flat(["gradient", "parameter", "m", "v"], 0.7),
  rmsprop: flat(["gradient", "parameter", "v", "average", "buffer"], 0.7),
  adagrad: flat(["gradient", "parameter", "sum"], 0.7),

  ctcForward: batch((d) => count(d) * of(d, "T") * of(d, "L") * 40),
  ctcBackward: batch((d) => count(d) * of(d, "T") * of(d, "L") * 90),
  crfForward: batch((d) => count(d) * of(d, "T") * of(d, "K") ** 2 * 15),
};
