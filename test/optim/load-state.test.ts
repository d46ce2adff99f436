import { expect } from "vitest";
import { Adam, type Optimizer, type OptimizerState, SGD } from "../../src/optim/index.js";
import { parameter } from "../../src/tensor/create.js";
import { forEachDevice, immediate, on } from "../helpers/devices.js";
import { Regression } from "../helpers/regression.js";

type State = Awaited<ReturnType<Optimizer["stateDict"]>>;

/** A state with other data under the last of its names. */
const withLast = (state: State, data: unknown): State => {
  const [name, value] = [...state.tensors].at(-1)!;
  const others = [...state.tensors].map(([other, v]) => [other, { ...v, data: new Float32Array(v.data.length).fill(3) }] as const);
  return { ...state, tensors: new Map([...others, [name, { ...value, data: data as Float32Array }]]) };
};

const bad: Record<string, [(state: State) => unknown, string]> = {
  "longer data than the shape says": [(s) => withLast(s, new Float32Array(20_000).fill(7)), "v.1 holds 20000 numbers, expected 3"],
  "shorter data": [(s) => withLast(s, Float32Array.of(7)), "v.1 holds 1 numbers, expected 3"],
  bigints: [(s) => withLast(s, new BigInt64Array(3)), "v.1 is float32, but holds a BigInt64Array"],
  texts: [(s) => withLast(s, ["1", "2", "3"]), 'v.1: number 0 is "1"'],
  "integers instead of floats": [(s) => withLast(s, new Int32Array(3)), "v.1 is float32, but holds an Int32Array"],
  "no data": [(s) => withLast(s, undefined), "v.1: the data are undefined"],
  "a step count below 0": [(s) => ({ ...s, steps: -1 }), "steps is -1"],
  "a step count of NaN": [(s) => ({ ...s, steps: Number.NaN }), "steps is NaN"],
  "half a step": [(s) => ({ ...s, steps: 1.5 }), "steps is 1.5"],
  "a step count that is text": [(s) => ({ ...s, steps: "3" }), 'steps is "3"'],
  "a learning rate of NaN": [(s) => ({ ...s, lr: [Number.NaN] }), "lr[0] is NaN"],
  "an infinite learning rate": [(s) => ({ ...s, lr: [Number.POSITIVE_INFINITY] }), "lr[0] is Infinity"],
  "a negative learning rate": [(s) => ({ ...s, lr: [-1] }), "lr[0] is -1"],
  "a learning rate that is text": [(s) => ({ ...s, lr: ["0.1"] }), 'lr[0] is "0.1"'],
  "learning rates that are not there": [(s) => ({ ...s, lr: new Array(1) }), "lr[0] is undefined"],
  "one tensor too many": [
    (s) => ({ ...s, tensors: new Map([...s.tensors, ["w.0", [...s.tensors.values()][0]!]]) }),
    '"w.0" is not expected',
  ],
  "one tensor too few": [(s) => ({ ...s, tensors: new Map([...s.tensors].slice(1)) }), "m.0 is missing"],
  "more skipped steps than steps": [(s) => ({ ...s, skipped: [0, 4] }), "skipped is not a list of 2 counts"],
  "skipped steps of one parameter of two": [(s) => ({ ...s, skipped: [0] }), "skipped is not a list of 2 counts"],
  undefined: [() => undefined, "it is undefined"],
  null: [() => null, "it is null"],
  "tensors in an object": [(s) => ({ ...s, tensors: Object.fromEntries(s.tensors) }), "expected { steps, lr, tensors }"],
};

await forEachDevice(immediate, "a state of an optimizer changes nothing, here or elsewhere, with", (device) => {
  const it = on(device);
  for (const [what, [spoil, message]] of Object.entries(bad)) {
    it(what, async () => {
      const model = new Regression();
      const adam = new Adam(model.params);
      for (let i = 0; i < 3; i++) adam.step(model.loss);
      const bystander = parameter([4096], (y) => y.write(new Float32Array(4096).fill(0.5)));
      const before = await adam.stateDict();
      const values = model.values();
      let error: unknown;
      try {
        adam.loadStateDict(spoil(before) as OptimizerState);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toMatchObject({ name: "SeqgradError", code: "format", message: expect.stringContaining(message) });
      expect(await adam.stateDict()).toEqual(before);
      expect(model.values()).toEqual(values);
      expect(bystander.dataSync().every((x) => x === 0.5)).toBe(true);
    });
  }

  it("none that a state of its own has", async () => {
    const model = new Regression();
    const sgd = new SGD(model.params, { momentum: 0.9 });
    sgd.step(model.loss);
    const state = await sgd.stateDict();
    sgd.step(model.loss);
    sgd.loadStateDict(state);
    expect(await sgd.stateDict()).toEqual(state);
  });
});
