import { expect, test } from "vitest";
import { parseSafetensors, type WritableTensor, writeSafetensors } from "../../src/io/index.js";
import * as nn from "../../src/nn/index.js";
import { add, affine, batchNorm, mul, square, sum } from "../../src/ops/index.js";
import { SGD } from "../../src/optim/index.js";
import { ones, randn, tensor } from "../../src/tensor/create.js";
import { createDevice, type Device, withDevice } from "../../src/tensor/device.js";
import { scope } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { type Case, expectGolden, loadGolden } from "../golden/golden.js";
import { everywhere, fixtureDevices, forEachDevice, immediate, on, startOn } from "../helpers/devices.js";
import { toInputs, toState, toTensor, toValues } from "../helpers/golden-tensors.js";

const golden = await loadGolden("statistics");

/** Three forward passes of training and one of evaluation, then backward from all. */
async function check(c: Case, device: Device): Promise<void> {
  const layer = withDevice(device, () => new nn.BatchNorm(...(c.args as [number, nn.BatchNormLayerOptions?])));
  const buffers = [...layer.namedBuffers()];
  layer.loadStateDict(new Map([...(await layer.stateDict()), ...toState(golden.parameters(c))]));
  const run = () => {
    const inputs = toInputs(golden.inputs(c), c.inputs);
    const outputs = ["x0", "x1", "x2"].map((name, i) => [`y${i}`, layer.forward(inputs.get(name)!)] as const);
    layer.eval();
    const all = [...outputs, ["evaluation", layer.forward(inputs.get("last")!)] as const];
    all
      .map(([name, y]) => sum(mul(y, toTensor(golden.upstream(c, name)))))
      .reduce((a, b) => add(a, b))
      .backward();
    const leaves = new Map([...inputs, ...layer.namedParameters()]);
    return [
      ...all.map(([name, y]) => toValues(y).then((values) => expectGolden(values, golden.output(c, name)))),
      ...Object.keys(c.gradients!).map((name) =>
        toValues(leaves.get(name)!.grad!).then((values) => expectGolden(values, golden.gradient(c, name))),
      ),
    ];
  };
  await Promise.all(withDevice(device, () => scope(run)));
  expect(buffers.map(([name]) => name)).toEqual(Object.keys(c.outputs!).filter((name) => /running|tracked/.test(name)));
  for (const [name, b] of buffers) {
    const { shape, data } = await toValues(b);
    expectGolden({ shape, data: Float32Array.from(data) }, golden.output(c, name));
  }
  layer.dispose();
}

await forEachDevice(fixtureDevices, "batch normalization equals PyTorch's, its running statistics too", (device) => {
  test.each(golden.cases)("$name", (c) => check(c, device));

  test("they move in the scope of an optimizer's step, in training only", () =>
    startOn(device, async () => {
      const layer = new nn.BatchNorm(2);
      const optimizer = new SGD(layer.parameters(), { lr: 0.1 });
      const x = tensor([1, 10, 3, 30], [2, 2]);
      const step = () => optimizer.step(() => sum(square(layer.forward(x))));
      await step().read();
      const after = await layer.stateDict();
      expect(Array.from(after.get("running_mean")!.data)).toEqual([0.2, 2].map((v) => expect.closeTo(v, 5)));
      expect(Array.from(after.get("running_var")!.data)).toEqual([0.9 + 0.2, 0.9 + 20].map((v) => expect.closeTo(v, 4)));
      expect(after.get("num_batches_tracked")).toEqual({ dtype: "int32", shape: [], data: Int32Array.of(1) });
      layer.eval();
      await step().read();
      for (const name of ["running_mean", "running_var", "num_batches_tracked"])
        expect((await layer.stateDict()).get(name)).toEqual(after.get(name));
      optimizer.dispose();
      layer.dispose();
    }));
});

/** Two layers that are both called twice in a step, and the twin that never sees what is refused. */
function makeBatchNorms() {
  const [layer, plain] = [new nn.BatchNorm(2), new nn.BatchNorm(2, { affine: false })];
  const model = new nn.Sequential(layer, plain);
  const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  const step = (x: Tensor, lossOf = (y: Tensor) => sum(square(y))) =>
    optimizer.step(() => {
      const y = scope(() => plain.forward(layer.forward(x)));
      return lossOf(layer.forward(add(plain.forward(y), x)));
    });
  const state = async () => ({ model: await model.stateDict(), optimizer: await optimizer.stateDict() });
  return { step, state };
}

await forEachDevice(everywhere, "running statistics are as before a step that the optimizer refuses:", (device) => {
  const fail = (y: Tensor): Tensor => {
    throw new Error(`no loss of [${y.shape}]`);
  };
  const cases: [string, number, ((y: Tensor) => Tensor)?][] = [
    ["a loss that is NaN", 4, (y) => affine(sum(square(y)), Number.NaN)],
    ["a loss that is infinite", 4, (y) => affine(sum(square(y)), 1, Number.POSITIVE_INFINITY)],
    ["a batch with NaN in one feature", Number.NaN],
    ["a batch with Infinity in one feature", Number.POSITIVE_INFINITY],
    ["a function that throws", 4, fail],
  ];
  test.each(cases)("%s", (_, value, lossOf) =>
    startOn(device, async () => {
      const [model, twin] = [makeBatchNorms(), makeBatchNorms()];
      const good = tensor([1, 10, 3, 30, 2, 5], [3, 2]);
      const bad = tensor([7, -1, 2, value, 8, 3], [3, 2]);
      // On WebGPU all are on their way before the first is read.
      const issued = [() => model.step(good), () => model.step(bad, lossOf), () => model.step(bad, lossOf)].map(async (issue) =>
        issue().read(),
      );
      const expected = twin.step(good).read();
      const [first, ...refused] = await Promise.allSettled(issued);
      expect(first).toEqual({ status: "fulfilled", value: await expected });
      const message = lossOf === fail ? /no loss of \[3,2\]/ : /SGD: step 2: the loss is .*nothing was changed/;
      for (const result of refused) expect((result as PromiseRejectedResult).reason.message).toMatch(message);
      expect(await model.state()).toEqual(await twin.state());
      expect(await model.step(good).read()).toBe(await twin.step(good).read());
      expect(await model.state()).toEqual(await twin.state());
    }),
  );
});

await forEachDevice(immediate, "buffers of a module", (device) => {
  const it = on(device);
  const names = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"];

  it("are in the state dict after the parameters, and no parameters", async () => {
    const model = new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm(4));
    expect([...(await model.stateDict()).keys()]).toEqual(["0.weight", "0.bias", ...names.map((name) => `1.${name}`)]);
    expect([...model.namedParameters()].map(([name]) => name)).toEqual(["0.weight", "0.bias", "1.weight", "1.bias"]);
    expect([...model.namedBuffers()].map(([name]) => name)).toEqual(names.slice(2).map((name) => `1.${name}`));
    expect(model.parameterCount()).toBe(3 * 4 + 4 + 8);
    expect(new SGD(model.parameters(), { lr: 1 }).params.length).toBe(4);
  });

  it("go through a file; PyTorch's int64 count loads", async () => {
    const [from, to] = [new nn.BatchNorm(3), new nn.BatchNorm(3)];
    for (let i = 0; i < 2; i++) from.forward(randn([4, 3], { mean: 2 }));
    const state = await from.stateDict();
    const file = parseSafetensors(writeSafetensors(state));
    to.loadStateDict(file);
    expect(await to.stateDict()).toEqual(state);
    const count: WritableTensor = { dtype: "int64", shape: [], data: BigInt64Array.of(77n) };
    to.loadStateDict(new Map([...file, ["num_batches_tracked", count]]));
    expect((await to.stateDict()).get("num_batches_tracked")!.data).toEqual(Int32Array.of(77));
    const large: WritableTensor = { ...count, data: BigInt64Array.of(2n ** 31n) };
    expect(() => to.loadStateDict(new Map([...file, ["num_batches_tracked", large]]))).toThrow(
      "num_batches_tracked is int64, expected int32",
    );
    expect(() => to.loadStateDict(new Map([...file].slice(0, 2)))).toThrow(/is missing; .* is missing; .* is missing/);
  });

  it("are there without a bias too, in a Transformer's layer as by itself", async () => {
    const [whole, plain] = [new nn.BatchNorm(3), new nn.BatchNorm(3, { bias: false })];
    const x = randn([4, 3], { mean: 2 });
    expect(plain.bias).toBeUndefined();
    const layer = new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 8, norm: "batch", bias: false });
    expect([...layer.namedParameters()].map(([name]) => name).filter((name) => name.endsWith("bias"))).toEqual([]);
    const [a, b] = await Promise.all([whole, plain].map((norm) => norm.forward(x).data()));
    expect(b).toEqual(a);
    expect((await plain.stateDict()).get("running_mean")).toEqual((await whole.stateDict()).get("running_mean"));
  });

  it("move to another device, with an optimizer and without", async () => {
    const other: Device = await createDevice({ device: "wasm" });
    const [model, x] = withDevice(device, () => [new nn.BatchNorm(3), randn([4, 3], { mean: 2 })] as const);
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    optimizer.step(() => sum(model.forward(x)));
    const state = await model.stateDict();
    await optimizer.to(other);
    await model.to(other);
    expect([...model.namedBuffers()].every(([, b]) => b.backend === other.backend)).toBe(true);
    const moved = await model.stateDict();
    for (const [name, { data }] of state) expect(Array.from(moved.get(name)!.data)).toEqual(Array.from(data));
    withDevice(other, () => optimizer.step(() => sum(model.forward(ones([4, 3])))));
    expect((await model.stateDict()).get("num_batches_tracked")!.data).toEqual(Int32Array.of(2));
  });

  it("are refused where they do not fit", () => {
    expect(() => new nn.BatchNorm(0)).toThrow("BatchNorm: features is 0");
    expect(() => new nn.BatchNorm(2, { momentum: 2 })).toThrow("BatchNorm: momentum is 2");
    expect(() => new nn.BatchNorm(3).forward(ones([4, 2]))).toThrow("batchNorm: gamma has shape [3]; expected [2], as x is [4, 2]");
    expect(() => new nn.BatchNorm(3).forward(ones([1, 3]))).toThrow("has one row per channel");
    expect(() => batchNorm(ones([2, 3]), undefined, undefined, { training: false })).toThrow("evaluation needs running statistics");
    expect(() => batchNorm(ones([2, 3]), undefined, ones([3]))).toThrow("batchNorm: beta needs gamma");
  });
});
