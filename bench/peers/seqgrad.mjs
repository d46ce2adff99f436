// seqgrad, by its public interface.
import { threads } from "./threads.mjs";
import { adam, classes, clipNorm, dataOf } from "./works.mjs";

export const name = "seqgrad";
export const load = () => import("../../dist/index.js");

/** `backend`: "wasm", whose calls are done when they return, or "webgpu", whose calls are done when something was read. */
export async function open(sg, backend = "wasm") {
  // With several threads, by the wall's clock, all that this runtime has: 256 bits too, where Node can be asked.
  const isWide = threads > 1 && globalThis.process?.arch === "x64" && Number.parseInt(process.versions.node, 10) >= 24;
  const device = await sg.init({ device: backend, threads, ...(isWide && { wide: true }) });
  const tensor = ({ data, shape }) => sg.tensor(data, shape);

  class Model extends sg.nn.Module {
    constructor({ cell, input, hidden, heads, layers }) {
      super();
      if (cell === "gpt") {
        const options = {
          numLayers: layers,
          dimFeedforward: 4 * input,
          dropout: 0,
          activation: "geluTanh",
          normFirst: true,
          finalNorm: true,
        };
        this.encoder = new sg.nn.TransformerEncoder(input, heads, options);
      } else this.rnn = new { lstm: sg.nn.LSTM, gru: sg.nn.GRU, rnn: sg.nn.RNN }[cell](input, hidden);
      this.head = new sg.nn.Linear(hidden, classes);
    }

    /** x [B, T, I] -> [B, T, H] */
    layer(x) {
      return this.rnn ? this.rnn.forward(x).output : this.encoder.forward(x, { causal: true });
    }
  }

  /** A work that answers a tensor. */
  function job(compute) {
    const data = (i, read) => {
      let pending;
      sg.scope(() => {
        pending = read(compute(i));
      });
      return pending;
    };
    const done = backend === "wasm" ? () => undefined : (y) => y.backend.read(y.address, 1, "float32");
    return { run: (i) => data(i, done), value: (i) => data(i, (y) => y.data()) };
  }

  function gemm(work) {
    const sets = dataOf(work).sets.map(({ a, b }) => [tensor(a), tensor(b)]);
    return job((i) => sg.matmul(...sets[i % sets.length]));
  }

  function training(work) {
    const data = dataOf(work);
    const model = new Model(work);
    const values = Object.entries(data.weights).map(([key, value]) => [key, { dtype: "float32", ...value }]);
    model.loadStateDict(new Map(values));
    const sets = data.sets.map(({ x, y }) => ({ x: tensor(x), y: sg.tensor(y.data, [work.batch, work.time]) }));
    const set = (i) => sets[i % sets.length];
    if (work.kind === "forward") return job((i) => sg.noGrad(() => model.layer(set(i).x)));
    const { lr, beta1, beta2, eps } = adam;
    const optimizer = new sg.optim.Adam(model.parameters(), { lr, betas: [beta1, beta2], eps, clipNorm });
    const step = (i) => optimizer.step(() => sg.crossEntropy(model.head.forward(model.layer(set(i).x)), set(i).y));
    const value = async (i) => [await step(i).read()];
    return { run: backend === "wasm" ? (i) => void step(i) : value, value };
  }

  return { info: device.info, prepare: (work) => (work.kind === "gemm" ? gemm(work) : training(work)) };
}
