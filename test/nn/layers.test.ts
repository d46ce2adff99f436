import { expect } from "vitest";
import * as nn from "../../src/nn/index.js";
import { affine, mul, relu, sum } from "../../src/ops/index.js";
import { ones, tensor, zeros } from "../../src/tensor/create.js";
import { withDevice } from "../../src/tensor/device.js";
import { manualSeed } from "../../src/tensor/random.js";
import { scope } from "../../src/tensor/scope.js";
import { forEachDevice, immediate, on } from "../helpers/devices.js";
import { expectClose, normals } from "../helpers/numbers.js";

await forEachDevice(immediate, "Dropout", (device) => {
  const it = on(device);

  it("zeroes a share p while training and scales the rest", () => {
    manualSeed(1);
    const y = Array.from(new nn.Dropout(0.3).forward(ones([100, 100])).dataSync());
    const zero = y.filter((v) => v === 0).length;
    expect(Math.abs(zero / 10_000 - 0.3)).toBeLessThan(0.02);
    for (const v of y) if (v !== 0) expect(v).toBeCloseTo(1 / 0.7, 5);
  });

  it("draws other numbers at each call, and the same after the same seed", () => {
    const [layer, x] = [new nn.Dropout(), ones([64])];
    const draw = () => Array.from(layer.forward(x).dataSync());
    manualSeed(2);
    const [first, second] = [draw(), draw()];
    expect(second).not.toEqual(first);
    manualSeed(2);
    expect([draw(), draw()]).toEqual([first, second]);
  });

  it("passes the gradient where it passed the value", () => {
    const x = tensor(normals(64, 1));
    x.requiresGrad = true;
    scope(() => {
      const y = new nn.Dropout(0.4).forward(x);
      const mask = Array.from(y.dataSync(), (v) => (v === 0 ? 0 : 1 / 0.6));
      sum(y).backward();
      expectClose(x.grad!.dataSync(), mask, 1e-6);
    });
  });

  it("is the identity in eval(), and for p = 0; for p = 1 all is 0", () => {
    const x = tensor([1, 2, 3]);
    expect(new nn.Dropout().eval().forward(x)).toBe(x);
    expect(new nn.Dropout(0).forward(x)).toBe(x);
    expect(Array.from(new nn.Dropout(1).forward(x).dataSync())).toEqual([0, 0, 0]);
  });

  it("refuses a value that is not a probability", () => {
    for (const p of [-0.1, 1.1, Number.NaN]) expect(() => new nn.Dropout(p)).toThrow(`Dropout: p is ${p}; give a number from 0 to 1`);
  });
});

await forEachDevice(immediate, "Embedding", (device) => {
  const it = on(device);

  it("takes vectors that are there, frozen or not", async () => {
    const vectors = { dimension: 2, data: Float32Array.of(1, 2, 3, 4, 5, 6) };
    const layer = nn.Embedding.fromVectors(vectors, { paddingIndex: 1 });
    expect(Array.from(await layer.weight.data())).toEqual([1, 2, 0, 0, 5, 6]);
    expect(layer.parameterCount()).toBe(6);
    const frozen = withDevice(device, () => nn.Embedding.fromVectors(vectors, { frozen: true }));
    expect(frozen.parameters()).toEqual([]);
    expect(Array.from(frozen.namedBuffers(), ([name]) => name)).toEqual(["weight"]);
    expect(Array.from((await frozen.stateDict()).get("weight")!.data)).toEqual(Array.from(vectors.data));
    const y = withDevice(device, () => frozen.forward(tensor([2, 0], [2], { dtype: "int32" })));
    expect(y.tracksGradient).toBe(false);
    expect(Array.from(await y.data())).toEqual([5, 6, 1, 2]);
  });

  it("has a padding row that is 0 and gets no gradient", () => {
    const layer = new nn.Embedding(5, 3, { paddingIndex: 2 });
    const row = (data: ArrayLike<number>, i: number) => Array.from(data).slice(i * 3, i * 3 + 3);
    expect(row(layer.weight.dataSync(), 2)).toEqual([0, 0, 0]);
    for (const i of [0, 1, 3, 4]) expect(row(layer.weight.dataSync(), i).every((v) => v !== 0)).toBe(true);
    scope(() => {
      const y = layer.forward(tensor(Int32Array.of(2, 1, 2, 1), [2, 2]));
      expect(y.shape).toEqual([2, 2, 3]);
      sum(affine(y, 2)).backward();
    });
    const gradient = layer.weight.grad!.dataSync();
    expect([0, 1, 2, 3, 4].map((i) => row(gradient, i)[0])).toEqual([0, 4, 0, 0, 0]);
  });

  it("refuses wrong options and indices", () => {
    expect(() => new nn.Embedding(0, 3)).toThrow("Embedding: numEmbeddings is 0; give a whole number of at least 1");
    expect(() => new nn.Embedding(3, 1.5)).toThrow("Embedding: embeddingDim is 1.5");
    expect(() => new nn.Embedding(3, 2, { paddingIndex: 3 })).toThrow("Embedding: paddingIndex is 3; give a whole number from 0 to 2");
    const layer = new nn.Embedding(3, 2);
    expect(() => layer.forward(tensor([1]))).toThrow("embedding: the index is float32; expected int32");
    expect(() => layer.forward(tensor(Int32Array.of(0, 3)))).toThrow("embedding: index[1] is 3; expected a number from 0 to 2");
  });
});

await forEachDevice(immediate, "Linear, LayerNorm, RMSNorm and Sequential", (device) => {
  const it = on(device);

  it("start as PyTorch's do", () => {
    const linear = new nn.Linear(16, 50);
    for (const p of linear.parameters()) {
      const data = Array.from(p.dataSync(), Math.abs);
      expect(Math.max(...data)).toBeLessThanOrEqual(0.25);
      expect(Math.max(...data)).toBeGreaterThan(0.2);
    }
    const norm = new nn.LayerNorm(3);
    expect([...norm.weight!.dataSync(), ...norm.bias!.dataSync()]).toEqual([1, 1, 1, 0, 0, 0]);
    expect(new nn.LayerNorm(3, { affine: false }).parameters()).toEqual([]);
    expect(new nn.LayerNorm(3, { bias: false }).parameters().length).toBe(1);
    expect([...new nn.RMSNorm(2).weight!.dataSync(), new nn.RMSNorm(2).eps]).toEqual([1, 1, 2 ** -23]);
    expect(new nn.RMSNorm(3, { affine: false }).parameters()).toEqual([]);
  });

  it("refuse wrong options and shapes", () => {
    expect(() => new nn.Linear(0, 2)).toThrow("Linear: inFeatures is 0");
    expect(() => new nn.Linear(2, -1)).toThrow("Linear: outFeatures is -1");
    const { weight } = new nn.Embedding(3, 2);
    expect(() => new nn.Linear(3, 2, { weight })).toThrow("weight has shape [3, 2]; expected [outFeatures, inFeatures], [2, 3]");
    expect(() => new nn.Linear(2, 3, { weight: zeros([3, 2]) })).toThrow("Linear: weight is not a parameter");
    expect(() => new nn.Linear(2, 3, { weight: 5 as never })).toThrow("Linear: weight is 5, not a tensor");
    expect(() => new nn.LayerNorm(0)).toThrow("LayerNorm: dimension is 0");
    expect(() => new nn.LayerNorm(3, { eps: -1 })).toThrow("LayerNorm: eps is -1");
    expect(() => new nn.RMSNorm(0)).toThrow("RMSNorm: dimension is 0");
    expect(() => new nn.RMSNorm(3, { eps: -1 })).toThrow("RMSNorm: eps is -1");
    expect(() => new nn.Linear(3, 2).forward(zeros([2, 4]))).toThrow(
      "linear: x [2, 4] with weight [2, 3]: the weight is [out, in] and x must end in 3",
    );
    expect(() => new nn.LayerNorm(3).forward(zeros([2, 4]))).toThrow("layerNorm: gamma has shape [3]; expected [4], as x is [2, 4]");
  });

  it("run one after another, functions between them", () => {
    const [first, last] = [new nn.Linear(3, 4), new nn.Linear(4, 2)];
    const double = (x: Parameters<typeof relu>[0]) => mul(x, 2);
    const x = tensor([1, -2, 3], [1, 3]);
    const model = new nn.Sequential(first, relu, double, last);
    expect(model.forward(x).dataSync()).toEqual(last.forward(double(relu(first.forward(x)))).dataSync());
    expect(Array.from(model.namedParameters(), ([name]) => name)).toEqual(["0.weight", "0.bias", "3.weight", "3.bias"]);
  });
});
