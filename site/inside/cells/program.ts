import * as sg from "seqgrad";
import type { Program } from "../program.js";

export interface CellsData {
  readonly status: string;
  readonly step: number;
  /** By cell: the norm of dLoss/dh_t for t = 0 .. T - 1, the loss, and the norm of the whole gradient before and after clipping. */
  readonly cells: Readonly<Record<string, { norms: Float32Array; loss: number; before: number; after: number }>>;
}

const [B, T, D, H, SYMBOLS] = [16, 40, 8, 24, 4];
const STEPS = 400;

type Recurrent = sg.nn.RNN | sg.nn.GRU | sg.nn.LSTM;

class FirstSymbol extends sg.nn.Module {
  readonly embedding = new sg.nn.Embedding(2 * SYMBOLS, D);
  readonly head = new sg.nn.Linear(H, SYMBOLS);

  constructor(readonly cell: Recurrent) {
    super();
  }

  forward(x: sg.Tensor): sg.Tensor {
    return this.head.forward(sg.select(this.cell.forward(this.embedding.forward(x)).output, -1, { axis: 1 }));
  }
}

/** Trains an RNN, a GRU and an LSTM on the same batches: which symbol came first? Shows the gradient's way back through time. */
const program: Program = async ({ control, post, frame }) => {
  await sg.init({ device: "wasm", threads: 1 });
  sg.manualSeed(1);
  const gain = Number(control("gain"));
  const make = { RNN: () => new sg.nn.RNN(D, H), GRU: () => new sg.nn.GRU(D, H), LSTM: () => new sg.nn.LSTM(D, H).setForgetBias(1) };
  const models = Object.entries(make).map(([name, cell]) => {
    const model = new FirstSymbol(cell());
    const weight = model.cell.weight("weight_hh_l0");
    sg.nn.init.normal(weight, 0, gain / Math.sqrt(H));
    return { name, model, optimizer: new sg.optim.SGD(model.parameters(), { lr: 0.3 }) };
  });
  const random = new sg.RandomGenerator(1);
  for (let step = 1; step <= STEPS; step++) {
    const rows = Array.from({ length: B }, () => Array.from({ length: T }, (_, t) => random.integer(SYMBOLS) + (t > 0 ? SYMBOLS : 0)));
    const shown: Record<string, { norms: Float32Array; loss: number; before: number; after: number }> = {};
    const clip = Number(control("clip"));
    for (const { name, model, optimizer } of models) {
      let norms = new Float32Array(T);
      const capture = await model.capture(["cell.hidden.gradientNorm"], (_, { data }) => {
        norms = Float32Array.from(data);
      });
      const loss = sg.scope(() => {
        const logits = model.forward(sg.tensor(Int32Array.from(rows.flat()), [B, T]));
        const value = sg.crossEntropy(logits, sg.tensor(Int32Array.from(rows, ([first]) => first ?? 0)));
        value.backward();
        return value.dataSync()[0] ?? Number.NaN;
      });
      await capture.stop();
      const before = sg.optim.clipGradNorm(model.parameters(), clip > 0 ? clip : Number.MAX_VALUE);
      optimizer.step();
      optimizer.zeroGrad();
      shown[name] = { norms, loss, before, after: clip > 0 ? Math.min(clip, before) : before };
    }
    if (step % 4 === 1) post({ status: `Update ${step} of ${STEPS}`, step, cells: shown } satisfies CellsData);
    await frame();
  }
};
export default program;
