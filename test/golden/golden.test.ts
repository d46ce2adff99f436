import { describe, expect, test } from "vitest";
import { type Case, type Expected, expectGolden, fileBytes, fileNames, generate, loadGolden, readTensors, resolve, type StateCase, type Values } from "./golden.js";
import { fnv1a } from "../helpers/fnv1a.js";

const groups = fileNames.filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -".json".length));

describe("generate", async () => {
  const { cases } = await loadGolden<Case & { checksum: number }>("generator");
  test.each(cases)("$name equals Python's, bit for bit", ({ name, inputs, checksum }) => {
    const { buffer } = generate(`generator/${name}/x`, inputs.x!.shape, inputs.x);
    expect(fnv1a(new Uint8Array(buffer))).toBe(checksum);
  });
});

test("there is a fixture for every kind of thing", () => {
  const kinds = [
    ...["alignment", "attention", "curves", "decoders", "generator", "layers", "more-ops", "ops", "optim", "pretrained", "recurrent", "schedules", "states", "statistics"],
    ...["structured", "transformer-states", "transformers"],
  ];
  expect(groups.sort()).toEqual(kinds);
});

test("the fixtures take less than 8 MB together", async () => {
  const sizes = await Promise.all(fileNames.map(async (name) => (await fileBytes(name)).length));
  expect(sizes.reduce((a, b) => a + b)).toBeLessThan(8e6);
});

test.each(groups)("%s: every result is there, and is close to itself", async (group) => {
  const golden = await loadGolden(group);
  expect(new Set(golden.cases.map((c) => c.name)).size).toBe(golden.cases.length);
  for (const c of golden.cases) {
    const results = [
      ...Object.keys(c.outputs ?? {}).map((name) => golden.output(c, name)),
      ...Object.keys(c.gradients ?? {}).map((name) => golden.gradient(c, name)),
    ];
    for (const result of results) {
      const n = result.shape.reduce((a, b) => a * b, 1);
      expect(result.stored.length, result.label).toBe(Math.ceil(n / (result.stride ?? 1)));
      expect(n > 512, result.label).toBe(result.dot !== undefined);
      expect(Array.from(result.stored).every(Number.isFinite), result.label).toBe(true);
      if (result.stride === undefined) expectGolden({ shape: result.shape, data: result.stored }, result);
    }
  }
});

test("keys and orders are the script's: a product and its gradients, computed here, agree with PyTorch's", async () => {
  const golden = await loadGolden("ops");
  for (const name of ["mul/same", "mul/odd"]) {
    const c = golden.cases.find((found) => found.name === name)!;
    const [a, b] = [golden.inputs(c).get("a")!, golden.inputs(c).get("b")!];
    const n = b.data.length;
    const y = Float32Array.from(a.data, (v, i) => v * b.data[i % n]!);
    expectGolden({ shape: a.shape, data: y }, golden.output(c, "y"));
    const dy = golden.upstream(c, "y");
    const da = Float32Array.from(dy.data, (v, i) => v * b.data[i % n]!);
    expectGolden({ shape: a.shape, data: da }, golden.gradient(c, "a"));
    const db = new Float64Array(n);
    for (let i = 0; i < da.length; i++) db[i % n]! += dy.data[i]! * a.data[i]!;
    expectGolden({ shape: b.shape, data: db }, golden.gradient(c, "b"));
  }
});

test("a state_dict's file has the weights of the generator", async () => {
  const golden = await loadGolden<StateCase>("states");
  expect(golden.cases.map((c) => c.name)).toEqual(["RNN", "GRU", "LSTM"]);
  for (const c of golden.cases) {
    for (const [name, { shape, data }] of readTensors(await fileBytes(c.file))) {
      const scale = name === "embedding.weight" ? 1 : 0.3;
      expect(data, name).toEqual(generate(`states/${c.name}/${name}`, shape, { scale }));
    }
  }
});

describe("expectGolden", () => {
  const n = 2000;
  const data = generate("some", [n]);
  const vector = generate("dot", [n]);
  const stride = 7;
  const sampled: Expected = {
    label: "some",
    shape: [n],
    stride,
    max: data.reduce((a, b) => Math.max(a, Math.abs(b)), 0),
    dot: data.reduce((sum, v, i) => sum + v * vector[i]!, 0),
    stored: data.filter((_, i) => i % stride === 0),
  };
  const whole: Expected = { label: "whole", shape: [2, 2], stored: [1, -200, 3, Number.NEGATIVE_INFINITY] };
  const changed = (index: number, value: number) => ({ shape: [n], data: data.with(index, value) });

  test("accepts what lies within the bound", () => {
    expectGolden({ shape: [n], data }, sampled);
    expectGolden({ shape: [n], data: data.map((v) => v + 5e-6) }, sampled);
    const near: Expected = { label: "near", shape: [2], stored: [1, -200] };
    expectGolden({ shape: [2], data: [1.0019, -200.0019] }, near);
  });

  test("refuses what does not", () => {
    const refuses = (actual: Values, expected: Expected, why: string) => expect(() => expectGolden(actual, expected)).toThrow(why);
    refuses({ shape: [n, 1], data }, sampled, "the shape is [2000,1], PyTorch has [2000]");
    refuses({ shape: [n], data: data.subarray(1) }, sampled, "number of elements");
    refuses(changed(14, data[14]! + 2e-5), sampled, "element 14");
    refuses(changed(15, 2), sampled, "largest magnitude");
    refuses(changed(15, Number.NaN), sampled, "largest magnitude");
    refuses(changed(15, -data[15]!), sampled, "dot product");
    refuses({ shape: [2, 2], data: [1, -200, 3, Number.NaN] }, whole, "element 3");
  });

  test("expects integers to be equal", () => {
    const indices: Expected = { label: "indices", shape: [2], dtype: "int32", stored: [3, 4] };
    expectGolden({ shape: [2], data: [3, 4] }, indices);
    expect(() => expectGolden({ shape: [2], data: [3, 5] }, indices)).toThrow("element 1 is 5, PyTorch has 4");
  });
});

test("resolve finds tensors in lists and options", () => {
  const tensors = new Map([
    ["a", 1],
    ["b", 2],
  ]);
  expect(resolve([["$a", "$b"], -1, { weight: "$b", axis: 0, reduction: "sum" }], tensors)).toEqual([
    [1, 2],
    -1,
    { weight: 2, axis: 0, reduction: "sum" },
  ]);
  expect(() => resolve(["$c"], tensors)).toThrow("no tensor $c");
});
