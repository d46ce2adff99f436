// seqgrad, by its public interface.
import { adam, classes, clipNorm, dataOf } from "./works.mjs";

export const name = "seqgrad";
export const load = () => import("../../dist/index.js");

export async function open(sg) {
  const device = await sg.init();
  const tensor = ({ data, shape }) => sg.tensor(data, shape);

  class Model extends sg.nn.Module {
    constructor({ cell, input, hidden }) {
      super();
      this.rnn = new { lstm: sg.nn.LSTM, gru: sg.nn.GRU, rnn: sg.nn.RNN }[cell](input, hidden);
      this.head = new sg.nn.Linear(hidden, classes);
    }
  }

  function gemm(work) {
    const sets = dataOf(work).sets.map(({ a, b }) => [tensor(a), tensor(b)]);
    const product = (i) => sg.matmul(...sets[i % sets.length]);
    return {
      run: (i) => void sg.scope(() => void product(i)),
      value: (i) => sg.scope(() => product(i).dataSync()),
    };
  }

  function recurrent(work) {
    const data = dataOf(work);
    const model = new Model(work);
    const values = Object.entries(data.weights).map(([key, value]) => [key, { dtype: "float32", ...value }]);
    model.loadStateDict(new Map(values));
    const sets = data.sets.map(({ x, y }) => ({ x: tensor(x), y: sg.tensor(y.data, [work.batch, work.time]) }));
    const set = (i) => sets[i % sets.length];
    if (work.kind === "forward") {
      const output = (i) => sg.noGrad(() => model.rnn.forward(set(i).x).output);
      return { run: (i) => void sg.scope(() => void output(i)), value: (i) => sg.scope(() => output(i).dataSync()) };
    }
    const { lr, beta1, beta2, eps } = adam;
    const optimizer = new sg.optim.Adam(model.parameters(), { lr, betas: [beta1, beta2], eps, clipNorm });
    const step = (i) => optimizer.step(() => sg.crossEntropy(model.head.forward(model.rnn.forward(set(i).x).output), set(i).y));
    return { run: (i) => void step(i), value: (i) => [step(i).readSync()] };
  }

  return { info: device.info, prepare: (work) => (work.kind === "gemm" ? gemm(work) : recurrent(work)) };
}
