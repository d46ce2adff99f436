import { describe, expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { everywhere, forEachDevice, startOn } from "../helpers/devices.js";
import { expectError } from "../helpers/errors.js";

const MAX = 2147483647;
const MIN = -2147483648;
/** The first whole number that float32 lacks. */
const ODD = 16777217;

const int32 = (...data: number[]) => sg.tensor(Int32Array.from(data), [data.length]);

interface Case {
  readonly name: string;
  readonly compute: () => sg.Tensor;
  /** What PyTorch answers for int32. */
  readonly values: readonly number[];
}

const exact: Case[] = [
  { name: "add", compute: () => sg.add(int32(ODD, -ODD), int32(2, -2)), values: [ODD + 2, -ODD - 2] },
  { name: "add past the end", compute: () => sg.add(int32(MAX), int32(1)), values: [MIN] },
  { name: "add of a whole number", compute: () => sg.add(int32(ODD), ODD), values: [2 * ODD] },
  { name: "add to a whole number", compute: () => sg.add(ODD, int32(0)), values: [ODD] },
  { name: "sub", compute: () => sg.sub(int32(ODD, MIN), int32(0, 1)), values: [ODD, MAX] },
  { name: "sub from a whole number", compute: () => sg.sub(ODD, int32(ODD - 1)), values: [1] },
  { name: "mul past the end", compute: () => sg.mul(int32(46341, MIN), int32(46341, -1)), values: [-2147479015, MIN] },
  { name: "mul", compute: () => sg.mul(int32(4099), int32(4099)), values: [4099 * 4099] },
  { name: "maximum", compute: () => sg.maximum(int32(ODD, MIN), int32(ODD - 1, MAX)), values: [ODD, MAX] },
  { name: "minimum", compute: () => sg.minimum(int32(-ODD, MIN), int32(1 - ODD, MAX)), values: [-ODD, MIN] },
  { name: "neg", compute: () => sg.neg(int32(ODD, 0, MIN)), values: [-ODD, 0, MIN] },
  { name: "abs", compute: () => sg.abs(int32(-ODD, ODD, MIN)), values: [ODD, ODD, MIN] },
  { name: "neg of a view", compute: () => sg.neg(sg.flip(int32(ODD, 1), { axis: 0 })), values: [-1, -ODD] },
  { name: "sign", compute: () => sg.sign(int32(ODD, 0, MIN, MAX)), values: [1, 0, -1, 1] },
  { name: "relu", compute: () => sg.relu(int32(ODD, -ODD, MAX, MIN)), values: [ODD, 0, MAX, 0] },
  { name: "floor", compute: () => sg.floor(int32(ODD, MAX, MIN)), values: [ODD, MAX, MIN] },
  { name: "square", compute: () => sg.square(int32(4099, -4099, ODD, MAX)), values: [4099 ** 2, 4099 ** 2, 33554433, 1] },
  { name: "clamp", compute: () => sg.clamp(int32(ODD, MIN, MAX), -ODD, ODD + 1), values: [ODD, -ODD, ODD + 1] },
  { name: "clamp without a low", compute: () => sg.clamp(int32(MIN, ODD), -Infinity, ODD - 1), values: [MIN, ODD - 1] },
  { name: "clamp without a high", compute: () => sg.clamp(int32(MAX, ODD), ODD + 1, Infinity), values: [MAX, ODD + 1] },
  { name: "affine", compute: () => sg.affine(int32(ODD, -3), 1, 1), values: [ODD + 1, -2] },
  { name: "affine past the end", compute: () => sg.affine(int32(MAX, 1), 2, 1), values: [-1, 3] },
  { name: "pow 0", compute: () => sg.pow(int32(0, ODD), 0), values: [1, 1] },
  { name: "pow 1", compute: () => sg.pow(int32(ODD, MAX), 1), values: [ODD, MAX] },
  { name: "pow 3", compute: () => sg.pow(int32(-257, 1291), 3), values: [-(257 ** 3), -2143282125] },
  { name: "pow 31", compute: () => sg.pow(int32(2, -1, 3), 31), values: [MIN, -1, Number(BigInt.asIntN(32, 3n ** 31n))] },
  { name: "sum", compute: () => sg.sum(int32(ODD, 2, -1)), values: [ODD + 1] },
  { name: "sum past the end", compute: () => sg.sum(int32(MAX, MAX, 3)), values: [1] },
  { name: "sum of nothing", compute: () => sg.sum(int32()), values: [0] },
  { name: "max", compute: () => sg.max(int32(5, ODD, ODD - 1)), values: [ODD] },
  { name: "max of the smallest", compute: () => sg.max(int32(MIN, MIN)), values: [MIN] },
  { name: "min", compute: () => sg.min(int32(-5, -ODD, 1 - ODD)), values: [-ODD] },
  { name: "argmax", compute: () => sg.argmax(int32(ODD - 1, ODD, ODD)), values: [1] },
  { name: "where", compute: () => sg.where(int32(1, 0), int32(ODD, 1), int32(0, -ODD)), values: [ODD, -ODD] },
  { name: "where with a whole number", compute: () => sg.where(int32(1, 0), int32(ODD, 1), ODD + 2), values: [ODD, ODD + 2] },
];

/** Operations on ODD, ODD - 1, ODD + 1 and -ODD, all of which float32 would round. */
const whole = () => int32(ODD, ODD - 1, ODD + 1, -ODD);
const square = () => sg.reshape(whole(), [2, 2]);
const values = [ODD, ODD - 1, ODD + 1, -ODD];
const wrapped = (x: bigint) => Number(BigInt.asIntN(32, x));
const products = values.map((_, i) => wrapped(values.slice(0, i + 1).reduce((y, v) => y * BigInt(v), 1n)));
const moved: Case[] = [
  { name: "cumsum", compute: () => sg.cumsum(whole()), values: [ODD, 2 * ODD - 1, 3 * ODD, 2 * ODD] },
  { name: "cumprod", compute: () => sg.cumprod(whole()), values: products },
  { name: "prod", compute: () => sg.prod(whole()), values: [products[3]!] },
  {
    name: "prod of a column",
    compute: () => sg.prod(square(), { axis: 0 }),
    values: [0, 1].map((i) => wrapped(BigInt(values[i]!) * BigInt(values[i + 2]!))),
  },
  { name: "sort", compute: () => sg.sort(whole()).values, values: [-ODD, ODD - 1, ODD, ODD + 1] },
  { name: "argsort", compute: () => sg.argsort(whole(), { descending: true }), values: [2, 0, 1, 3] },
  { name: "topk", compute: () => sg.topk(whole(), 2).values, values: [ODD + 1, ODD] },
  { name: "the least by topk", compute: () => sg.topk(whole(), 2, { largest: false }).values, values: [-ODD, ODD - 1] },
  { name: "median", compute: () => sg.median(whole()), values: [ODD - 1] },
  { name: "median of a row", compute: () => sg.median(square(), { axis: 1 }), values: [ODD - 1, -ODD] },
  { name: "maxWithIndices", compute: () => sg.maxWithIndices(whole()).values, values: [ODD + 1] },
  { name: "its index", compute: () => sg.maxWithIndices(whole()).indices, values: [2] },
  { name: "minWithIndices", compute: () => sg.minWithIndices(sg.neg(whole())).values, values: [-ODD - 1] },
  { name: "argmax of a column", compute: () => sg.argmax(square(), { axis: 0 }), values: [1, 0] },
  { name: "argmin", compute: () => sg.argmin(int32(ODD, ODD - 1)), values: [1] },
  { name: "remainder", compute: () => sg.remainder(whole(), 1000), values: values.map((v) => ((v % 1000) + 1000) % 1000) },
  {
    name: "einsum of elements",
    compute: () => sg.einsum("i,i->i", [whole(), int32(1, 1, 1, 2)]),
    values: [...values.slice(0, 3), -2 * ODD],
  },
  { name: "einsum of matrices", compute: () => sg.einsum("ij,jk->ik", [square(), sg.reshape(int32(1, 0, 0, 1), [2, 2])]), values },
  { name: "round", compute: () => sg.round(whole()), values },
  { name: "ceil", compute: () => sg.ceil(whole()), values },
  { name: "trunc", compute: () => sg.trunc(whole()), values },
  { name: "concat", compute: () => sg.concat([whole(), whole()]), values: [...values, ...values] },
  { name: "stack", compute: () => sg.stack([whole(), whole()]), values: [...values, ...values] },
  { name: "split", compute: () => sg.split(whole(), [1, 3])[1]!, values: values.slice(1) },
  { name: "chunk", compute: () => sg.chunk(whole(), 2)[1]!, values: values.slice(2) },
  { name: "unbind", compute: () => sg.unbind(square())[1]!, values: values.slice(2) },
  { name: "flip", compute: () => sg.flip(whole(), { axis: 0 }), values: values.toReversed() },
  { name: "roll", compute: () => sg.roll(whole(), 1), values: [-ODD, ...values.slice(0, 3)] },
  { name: "repeat", compute: () => sg.repeat(whole(), [2]), values: [...values, ...values] },
  { name: "repeatInterleave", compute: () => sg.repeatInterleave(whole(), [0, 2, 0, 1]), values: [ODD - 1, ODD - 1, -ODD] },
  { name: "pad", compute: () => sg.pad(whole(), [1, 0], { value: ODD + 2 }), values: [ODD + 2, ...values] },
  { name: "pad by reflection", compute: () => sg.pad(whole(), [1, 0], { mode: "reflect" }), values: [ODD - 1, ...values] },
  { name: "tril", compute: () => sg.tril(square()), values: [ODD, 0, ODD + 1, -ODD] },
  { name: "triu", compute: () => sg.triu(square()), values: [ODD, ODD - 1, 0, -ODD] },
  { name: "gather", compute: () => sg.gather(whole(), int32(3, 0)), values: [-ODD, ODD] },
  { name: "indexSelect", compute: () => sg.indexSelect(whole(), int32(3, 0)), values: [-ODD, ODD] },
  { name: "embedding", compute: () => sg.embedding(int32(1), square()), values: values.slice(2) },
  { name: "scatter", compute: () => sg.scatter(whole(), int32(1), int32(ODD + 2)), values: [ODD, ODD + 2, ODD + 1, -ODD] },
  { name: "scatter of a number", compute: () => sg.scatter(whole(), int32(1), ODD + 2), values: [ODD, ODD + 2, ODD + 1, -ODD] },
  { name: "maskedFill", compute: () => sg.maskedFill(whole(), int32(0, 1, 0, 0), ODD + 2), values: [ODD, ODD + 2, ODD + 1, -ODD] },
  { name: "fullLike", compute: () => sg.fullLike(whole(), ODD), values: [ODD, ODD, ODD, ODD] },
];

const comparisons: Case[] = [
  { name: "equal", compute: () => sg.equal(int32(ODD, ODD), int32(ODD - 1, ODD)), values: [0, 1] },
  { name: "equal to a whole number", compute: () => sg.equal(int32(ODD, ODD - 1), ODD), values: [1, 0] },
  { name: "notEqual", compute: () => sg.notEqual(int32(ODD, ODD), int32(ODD - 1, ODD)), values: [1, 0] },
  { name: "less", compute: () => sg.less(int32(ODD - 1, ODD, MIN), int32(ODD, ODD, MAX)), values: [1, 0, 1] },
  { name: "lessEqual", compute: () => sg.lessEqual(int32(ODD, ODD, MIN), int32(ODD - 1, ODD, MAX)), values: [0, 1, 1] },
  { name: "greater", compute: () => sg.greater(int32(ODD, ODD, MIN), int32(ODD - 1, ODD, MAX)), values: [1, 0, 0] },
  { name: "greaterEqual", compute: () => sg.greaterEqual(int32(ODD - 1, ODD, MIN), int32(ODD, ODD, MAX)), values: [0, 1, 0] },
];

const mixed: Case[] = [
  { name: "add of a fraction", compute: () => sg.add(int32(1, 2), 0.5), values: [1.5, 2.5] },
  { name: "add of a whole number beyond int32", compute: () => sg.add(int32(0), 2 ** 32), values: [2 ** 32] },
  { name: "mul by float32", compute: () => sg.mul(int32(3, 4), sg.tensor([0.5, 2])), values: [1.5, 8] },
  { name: "div", compute: () => sg.div(int32(3, 4), int32(2, 8)), values: [1.5, 0.5] },
  { name: "mean", compute: () => sg.mean(int32(1, 2)), values: [1.5] },
  { name: "where with float32", compute: () => sg.where(int32(1, 0), int32(3, 4), sg.tensor([0.5, 2.5])), values: [3, 2.5] },
  { name: "where with a fraction", compute: () => sg.where(int32(1, 0), int32(3, 4), -0.5), values: [3, -0.5] },
  { name: "where of two numbers", compute: () => sg.where(int32(1, 0), 3, 4), values: [3, 4] },
  { name: "clamp to fractions", compute: () => sg.clamp(int32(1, 5), 1.5, 4.5), values: [1.5, 4.5] },
  { name: "affine with a fraction", compute: () => sg.affine(int32(1, 5), 0.5, 1), values: [1.5, 3.5] },
  { name: "pow of a fraction", compute: () => sg.pow(int32(4, 9), 0.5), values: [2, 3] },
  { name: "pow of a float32 tensor", compute: () => sg.pow(int32(4, 9), sg.zeros([2])), values: [1, 1] },
  { name: "exp", compute: () => sg.exp(int32(0)), values: [1] },
  { name: "sqrt", compute: () => sg.sqrt(int32(4, 9)), values: [2, 3] },
  { name: "logSumExp", compute: () => sg.logSumExp(int32(MIN, MAX)), values: [2 ** 31] },
  { name: "l1Loss", compute: () => sg.l1Loss(int32(MAX), int32(MIN)), values: [2 ** 32] },
  { name: "softmax", compute: () => sg.softmax(int32(MIN, MAX)), values: [0, 1] },
];

await forEachDevice(everywhere, "int32", (device) => {
  const check = async ({ compute, values }: Case, dtype: string) => {
    const y = startOn(device, compute);
    expect(y.dtype).toBe(dtype);
    // The reference computes float32 in float64.
    expect(Array.from(await y.data(), dtype === "float32" ? Math.fround : Number)).toEqual(values);
  };
  describe("stays int32 and is exact", () => test.each(exact)("$name", (given) => check(given, "int32")));
  describe("keeps whole numbers that float32 lacks", () => test.each(moved)("$name", (given) => check(given, "int32")));
  describe("is compared exactly", () => test.each(comparisons)("$name", (given) => check(given, "float32")));
  describe("beside other numbers becomes float32", () => test.each(mixed)("$name", (given) => check(given, "float32")));

  test("computes long and broadcast layouts", async () => {
    const rows = 70;
    const data = Int32Array.from({ length: rows * 9 }, (_, i) => ((i * 2654435761) | 0) >> 1);
    const at = (row: number, column: number) => data[row * 9 + column]!;
    const columns = Array.from({ length: 9 }, (_, j) => Array.from({ length: rows }, (_, i) => at(i, j)));
    const [sums, most, least, product] = startOn(device, () => {
      const x = sg.tensor(data, [rows, 9]);
      const column = sg.slice(x, { axis: 1, start: 2, end: 3 });
      return [
        sg.sum(x, { axis: 0 }),
        sg.max(x, { axis: 0 }),
        sg.min(sg.transpose(x), { axis: 1 }),
        sg.mul(sg.transpose(x), sg.transpose(column)),
      ];
    }) as [sg.Tensor, sg.Tensor, sg.Tensor, sg.Tensor];
    expect(Array.from(await sums.data())).toEqual(columns.map((c) => c.reduce((a, b) => (a + b) | 0, 0)));
    expect(Array.from(await most.data())).toEqual(columns.map((c) => Math.max(...c)));
    expect(Array.from(await least.data())).toEqual(columns.map((c) => Math.min(...c)));
    expect(Array.from(await product.data())).toEqual(columns.flatMap((c) => c.map((v, i) => Math.imul(v, at(i, 2)))));
  });

  test.each([
    ["leakyRelu", () => sg.leakyRelu(int32(1), 0.1)],
    ["gelu", () => sg.gelu(int32(1), { approximate: true })],
    ["silu", () => sg.silu(int32(1))],
    ["softplus", () => sg.softplus(int32(1))],
    ["elu", () => sg.elu(whole())],
    ["selu", () => sg.selu(whole())],
    ["mish", () => sg.mish(whole())],
    ["glu", () => sg.glu(whole())],
    ["logSigmoid", () => sg.logSigmoid(whole())],
    ["scatterAdd", () => sg.scatterAdd(whole(), int32(0), int32(1))],
    ["indexAdd", () => sg.indexAdd(whole(), int32(0), int32(1))],
    ["binaryCrossEntropyWithLogits", () => sg.binaryCrossEntropyWithLogits(whole(), int32(0, 1, 0, 1))],
    ["linear", () => sg.linear(square(), square())],
    ["matmul", () => sg.matmul(sg.unsqueeze(int32(1), { axis: 0 }), sg.unsqueeze(int32(1), { axis: 0 }))],
    ["pow", () => sg.pow(int32(1), int32(1))],
    ["pow", () => sg.pow(2, int32(1))],
  ] as const)("is refused by %s, with what to do", (name, compute) => {
    expectError("dtype", () => startOn(device, compute), `${name}: `, "toFloat");
  });

  test("has no negative powers", () => expectError("range", () => startOn(device, () => sg.pow(int32(2), -1)), "power -1", "toFloat"));

  test("refuses an extremum of nothing by its own name", () => {
    expect(() => startOn(device, () => sg.max(int32()))).toThrow("max: there is no max of 0 elements");
  });
});
