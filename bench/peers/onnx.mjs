// ONNX Runtime Web on its WebAssembly backend, with models of one operator.

import { oneOperator } from "./onnx-model.mjs";
import { inWords, threads } from "./threads.mjs";
import { dataOf, gates, swap } from "./works.mjs";

export const name = "onnxruntime-web";
export const load = () => import("onnxruntime-web");

/** The index among PyTorch's gates of each of ONNX's: i o f c of i f g o, and z r h of r z n. */
const gateOrder = { lstm: [0, 3, 1, 2], gru: [1, 0, 2], rnn: [0] };

function reorder({ data }, cell) {
  const size = data.length / gates[cell];
  return gateOrder[cell].map((gate) => data.subarray(gate * size, (gate + 1) * size));
}

function join(shape, parts) {
  const data = new Float32Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return { shape, data };
}

export async function open(ort) {
  ort.env.wasm.numThreads = threads;
  const tensor = ({ data, shape }) => new ort.Tensor("float32", data, shape);

  async function session(model) {
    const made = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
    delete globalThis.Worker; // its loader puts Node's there, and jax-js would take that for a page's
    return made;
  }

  async function gemm(work) {
    const { m, k, n } = work;
    const product = await session(oneOperator("MatMul", { a: [m, k], b: [k, n] }, {}, {}, [m, n]));
    const sets = dataOf(work).sets.map(({ a, b }) => ({ a: tensor(a), b: tensor(b) }));
    const run = async (i) => (await product.run(sets[i % sets.length])).y.data;
    return { run, value: run };
  }

  async function forward(work) {
    const { cell, input, hidden, batch, time } = work;
    const { weights, sets } = dataOf(work);
    const rows = gates[cell] * hidden;
    const of = (name) => reorder(weights[`rnn.${name}_l0`], cell);
    const constants = {
      w: join([1, rows, input], of("weight_ih")),
      r: join([1, rows, hidden], of("weight_hh")),
      b: join([1, 2 * rows], [...of("bias_ih"), ...of("bias_hh")]),
    };
    const attributes = { hidden_size: hidden, ...(cell === "gru" ? { linear_before_reset: 1 } : {}) };
    const model = oneOperator(cell.toUpperCase(), { x: [time, batch, input] }, constants, attributes, [time, 1, batch, hidden]);
    const layer = await session(model);
    const inputs = sets.map(({ x }) => ({ x: tensor(swap(x)) }));
    const run = async (i) => (await layer.run(inputs[i % inputs.length])).y.data;
    return { run, value: async (i) => swap({ shape: [time, batch, hidden], data: await run(i) }).data };
  }

  const noTraining = "cannot train: its training packages ended with 1.20";
  return {
    info: `${ort.env.versions.web}, wasm, ${inWords}`,
    prepare: (work) => ({ gemm, forward, step: () => noTraining })[work.kind](work),
  };
}
