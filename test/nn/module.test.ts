import { expect } from "vitest";
import * as nn from "../../src/nn/index.js";
import { crossEntropy, relu, reshape, sum } from "../../src/ops/index.js";
import { parameter, tensor, zeros } from "../../src/tensor/create.js";
import { memory } from "../../src/tensor/device.js";
import { internal } from "../../src/tensor/internal.js";
import { scope } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import type { ForeignValue } from "../../src/tensor/value.js";
import { forEachDevice, immediate, on } from "../helpers/devices.js";

const small = () => parameter([2], (y) => y.write([1, 2]));

/** One of everything that a module can hold. */
class Model extends nn.Module {
  readonly embedding = new nn.Embedding(5, 4);
  readonly rnn = new nn.LSTM(4, 3, { numLayers: 2, bidirectional: true });
  readonly blocks = [new nn.Linear(6, 6), new nn.Linear(6, 6, { bias: false })];
  readonly scales = [small(), small()];
  readonly head = new nn.Sequential(new nn.LayerNorm(6), relu, new nn.Sequential(new nn.Linear(6, 5), new nn.Dropout()));
  readonly temperature = small();
  readonly notTrained = zeros([3]);
  readonly options = { width: 3 };

  forward(tokens: Tensor): Tensor {
    const { output } = this.rnn.forward(this.embedding.forward(tokens));
    return this.head.forward(this.blocks.reduce((y, block) => block.forward(y), output));
  }
}

class Tied extends nn.Module {
  readonly encoder = new nn.Embedding(5, 4);
  readonly decoder = new nn.Linear(4, 5, { bias: false, weight: this.encoder.weight });
}

const lstmNames = (layer: number) =>
  ["", "_reverse"].flatMap((direction) =>
    ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map((kind) => `rnn.${kind}_l${layer}${direction}`),
  );

await forEachDevice(immediate, "a module", (device) => {
  const it = on(device);

  it("names its parameters as PyTorch does", () => {
    const model = new Model();
    const names = Array.from(model.namedParameters(), ([name]) => name);
    expect(names.toSorted()).toEqual(
      [
        "embedding.weight",
        ...lstmNames(0),
        ...lstmNames(1),
        ...["blocks.0.weight", "blocks.0.bias", "blocks.1.weight", "scales.0", "scales.1"],
        ...["head.0.weight", "head.0.bias", "head.2.0.weight", "head.2.0.bias", "temperature"],
      ].toSorted(),
    );
    expect(model.parameters()).toEqual(Array.from(model.namedParameters(), ([, p]) => p));
    expect(model.rnn.weight("weight_hh_l1_reverse").shape).toEqual([12, 3]);
    expect(() => model.rnn.weight("weight_hh_l2")).toThrow('LSTM: there is no parameter "weight_hh_l2"; there are weight_ih_l0, ');
  });

  it("knows a parameter by its role, whatever memory() calls its bytes", () => {
    const layer = new nn.Linear(2, 3);
    internal(layer.weight).storage.kind = "other";
    expect(Array.from(layer.namedParameters(), ([name]) => name)).toEqual(["weight", "bias"]);
    class Viewing extends nn.Module {
      readonly layer = layer;
      readonly flat = reshape(layer.weight, [6]);
    }
    const viewing = new Viewing();
    expect(Array.from(viewing.namedParameters(), ([name]) => name)).toEqual(["layer.weight", "layer.bias"]);
    viewing.flat.dispose();
    const frozen = nn.Embedding.fromVectors({ dimension: 2, data: Float32Array.of(1, 2) }, { frozen: true });
    expect([[...frozen.namedParameters()].length, Array.from(frozen.namedBuffers(), ([name]) => name)]).toEqual([0, ["weight"]]);
    for (const module of [layer, frozen]) module.dispose();
  });

  it("counts the elements of its parameters", () => {
    const lstm = (inputs: number) => 2 * (12 * inputs + 12 * 3 + 24);
    expect(new Model().parameterCount()).toBe(20 + lstm(4) + lstm(6) + 42 + 36 + 4 + 12 + 35 + 2);
    expect(new Tied().parameterCount()).toBe(20);
  });

  it("has a shared parameter once, and in a state dict under both names", async () => {
    const model = new Tied();
    expect(Array.from(model.namedParameters(), ([name]) => name)).toEqual(["encoder.weight"]);
    const state = await model.stateDict();
    expect([...state.keys()]).toEqual(["encoder.weight", "decoder.weight"]);
    expect(state.get("decoder.weight")).toEqual(state.get("encoder.weight"));
  });

  it("passes train() and eval() on to all modules inside", () => {
    const model = new Model();
    const modes = () => [model, model.rnn, ...model.blocks, model.head].map((m) => m.training);
    expect(model.eval()).toBe(model);
    expect(new Set(modes())).toEqual(new Set([false]));
    const tokens = tensor(Int32Array.of(1, 2, 3), [1, 3]);
    const once = model.forward(tokens).dataSync();
    expect(model.forward(tokens).dataSync()).toEqual(once);
    model.train();
    expect(new Set(modes())).toEqual(new Set([true]));
    expect(model.forward(tokens).dataSync()).not.toEqual(once);
  });

  it("sets all gradients to 0", () => {
    const model = new Model();
    model.zeroGrad();
    const used = model.parameters().filter((p) => p.shape.length !== 1 || p.size !== 2);
    scope(() => crossEntropy(model.forward(tensor(Int32Array.of(1, 2), [1, 2])), tensor(Int32Array.of(1, 2), [1, 2])).backward());
    expect(used.every((p) => p.grad)).toBe(true);
    expect(used.some((p) => p.grad!.dataSync().some((g) => g !== 0))).toBe(true);
    model.zeroGrad();
    for (const p of used) expect(p.grad!.dataSync().every((g) => g === 0)).toBe(true);
  });

  it("gives its memory back", () => {
    const { inUse } = memory();
    const model = new nn.Sequential(new nn.Linear(3, 4), new nn.LayerNorm(4));
    scope(() => sum(model.forward(zeros([2, 3]))).backward());
    expect(memory().inUse).toBeGreaterThan(inUse);
    model.dispose();
    expect(memory().inUse).toBe(inUse);
  });

  it("loads what another one of its kind saved", async () => {
    const [one, two] = [new Model(), new Model()];
    const state = await one.stateDict();
    two.loadStateDict(state);
    expect(await two.stateDict()).toEqual(state);
  });

  it("lists all that is wrong with a state dict, and changes nothing", async () => {
    const model = new nn.Sequential(new nn.Linear(3, 2), new nn.Linear(2, 2));
    const before = await model.stateDict();
    const float = (...shape: number[]) => ({ dtype: "float32", shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });
    const state = new Map<string, ForeignValue>([
      ["0.weight", float(3, 2)],
      ["0.bias", { ...float(2), dtype: "float64" }],
      ["1.weight", { ...float(2, 2), data: new Float32Array(3) }],
      ["2.weight", float(1)],
    ]);
    expect(() => model.loadStateDict(state)).toThrow(
      "loadStateDict: the state does not fit the model: 2.weight is not expected; 0.weight is [3, 2], expected [2, 3]; " +
        "0.bias is float64, expected float32; 1.weight holds 3 numbers, expected 4; 1.bias [2] is missing.",
    );
    expect(await model.stateDict()).toEqual(before);
  });
});
