// The works that every peer is asked to do, and their data: the same numbers for all, drawn from a fixed seed, in Node and in a page.

const sizes = [
  { input: 32, hidden: 64, batch: 1, time: 32 },
  { input: 64, hidden: 128, batch: 8, time: 32 },
  { input: 128, hidden: 256, batch: 32, time: 64 },
];
const layers = [
  ...["lstm", "gru", "rnn"].flatMap((cell) => sizes.slice(0, 2).map((size) => ({ cell, ...size }))),
  { cell: "lstm", ...sizes[2] },
];

/** Layers of an encoder that sees what came before, norms first; a step of it is compared where a peer has what it takes. */
export const gpt = {
  kind: "step",
  cell: "gpt",
  input: 64,
  heads: 4,
  layers: 2,
  hidden: 64,
  batch: 8,
  time: 64,
  peers: ["seqgrad", "jax-js", "PyTorch"],
};

/** `step`: layer, linear, cross-entropy, backward, clipping, Adam. `forward`: the layer alone. */
export const works = [
  ...[256, 512, 1024].map((n) => ({ kind: "gemm", m: n, k: n, n })),
  { kind: "gemm", m: 8, k: 128, n: 512 },
  { kind: "gemm", m: 32, k: 256, n: 1024 },
  ...layers.map((layer) => ({ kind: "step", ...layer })),
  ...layers.map((layer) => ({ kind: "forward", ...layer })),
  gpt,
];

export const classes = 64;
export const adam = { lr: 2e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8 };
export const clipNorm = 1;
export const gates = { lstm: 4, gru: 3, rnn: 1 };

export function nameOf({ kind, m, k, n, cell, input, hidden, heads, layers, batch, time }) {
  if (kind === "gemm") return `gemm ${m} x ${k} x ${n}`;
  const sizes = cell === "gpt" ? `D${input} N${heads} ${layers} layers` : `I${input} H${hidden}`;
  return `${kind} ${cell} ${sizes} B${batch} T${time}`;
}

/** Numbers in -scale..scale that depend on the name alone. */
function uniform(name, n, scale) {
  let state = 0;
  for (const letter of name) state = Math.imul(state ^ letter.charCodeAt(0), 0x9e3779b1) ^ (state >>> 15);
  return Float32Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * scale;
  });
}

function encoderShapes({ input: D, layers }) {
  const linear = (name, out, inputs) => ({ [`${name}weight`]: [out, inputs], [`${name}bias`]: [out] });
  const norm = (name) => ({ [`${name}.weight`]: [D], [`${name}.bias`]: [D] });
  const shapes = norm("encoder.norm");
  for (let i = 0; i < layers; i++) {
    const at = `encoder.layers.${i}.`;
    Object.assign(shapes, linear(`${at}self_attn.in_proj_`, 3 * D, D), linear(`${at}self_attn.out_proj.`, D, D));
    Object.assign(shapes, linear(`${at}linear1.`, 4 * D, D), linear(`${at}linear2.`, D, 4 * D), norm(`${at}norm1`), norm(`${at}norm2`));
  }
  return shapes;
}

/**
 * Several sets of inputs, so that the cache is not the measure; weights in PyTorch's names, layouts and order of gates.
 * gemm: sets of a `[m, k]` and b `[k, n]`. Else: sets of x `[B, T, I]` and y int32 `[B * T]`, and weights, each `{ shape, data }`.
 */
export function dataOf(work) {
  const random = (name, shape, scale) => ({
    shape,
    data: uniform(
      name,
      shape.reduce((a, b) => a * b),
      scale,
    ),
  });
  if (work.kind === "gemm") {
    const { m, k, n } = work;
    return { sets: [0, 1, 2, 3].map((i) => ({ a: random(`a${i}`, [m, k], 1), b: random(`b${i}`, [k, n], 1) })) };
  }
  const { cell, input, hidden, batch, time } = work;
  const rows = gates[cell] * hidden;
  const recurrent = {
    "rnn.weight_ih_l0": [rows, input],
    "rnn.weight_hh_l0": [rows, hidden],
    "rnn.bias_ih_l0": [rows],
    "rnn.bias_hh_l0": [rows],
  };
  const shapes = {
    ...(cell === "gpt" ? encoderShapes(work) : recurrent),
    "head.weight": [classes, hidden],
    "head.bias": [classes],
  };
  const sets = Array.from({ length: 8 }, (_, i) => ({
    x: random(`x${i}`, [batch, time, input], 1),
    y: { shape: [batch * time], data: Int32Array.from(uniform(`y${i}`, batch * time, 1), (v) => ((v + 1) / 2) * classes) },
  }));
  const weights = Object.entries(shapes).map(([name, shape]) => [name, random(name, shape, 1 / Math.sqrt(hidden))]);
  return { weights: Object.fromEntries(weights), sets };
}

/** `[d0, d1, inner]` -> `[d1, d0, inner]`: batch first to time first, and back. */
export function swap({ shape: [d0, d1, inner = 1], data }) {
  const swapped = new data.constructor(data.length);
  for (let i = 0; i < d0; i++)
    for (let j = 0; j < d1; j++) swapped.set(data.subarray((i * d1 + j) * inner, (i * d1 + j + 1) * inner), (j * d0 + i) * inner);
  return { shape: [d1, d0, inner], data: swapped };
}
