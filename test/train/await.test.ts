import { beforeAll, describe, expect, test } from "vitest";
import { type FitEvent, fit, init, mul, nn, noGrad, optim, sum, Tensor, tensor } from "../../src/index.js";
import { expectRejection } from "../helpers/errors.js";
import { collect, losses, makeModel, numbered, outline, stateOf } from "../helpers/fit-run.js";

beforeAll(async () => {
  await init();
});

/** One weight, whose loss on a number c is c w. */
function scale() {
  const layer = new nn.Linear(1, 1, { bias: false });
  layer.weight.write([1]);
  const optimizer = new optim.SGD(layer.parameters(), { lr: 0.5 });
  const loss = (c: number) => ({ loss: sum(mul(layer.weight, tensor([c]))) });
  return { layer, optimizer, loss, weight: () => layer.weight.itemSync() };
}

describe("a run that is awaited", () => {
  test("trains as one that is iterated, and returns its events by kind", async () => {
    const [a, b] = [makeModel(), makeModel()];
    const evaluate = (m: typeof a) => ({ every: 2, run: () => m.optimizer.steps });
    const history = await fit(a.model, numbered, { optimizer: a.optimizer, steps: 5, evaluate: evaluate(a) });
    const events = await collect(fit(b.model, numbered, { optimizer: b.optimizer, steps: 5, evaluate: evaluate(b) }));
    expect(history.steps.map(({ loss }) => loss)).toEqual(losses(events));
    const all: FitEvent[] = [...history.steps, ...history.evaluations, ...history.epochs, history.end];
    expect(outline(all).sort()).toEqual(outline(events).sort());
    expect(history.end).toMatchObject({ steps: 5, reason: "complete", value: 5, best: 2 });
    expect(await stateOf(a)).toEqual(await stateOf(b));
  });

  test("reports the epochs of an iterable loader", async () => {
    const { layer, optimizer, loss } = scale();
    const { epochs } = await fit(layer, [1, 3], { optimizer, epochs: 2, loss });
    expect(epochs.map(({ epoch, step }) => [epoch, step])).toEqual([
      [0, 2],
      [1, 4],
    ]);
  });

  test("does nothing until then, and trains once however often it is awaited", async () => {
    const { layer, optimizer, loss, weight } = scale();
    const run = fit(layer, [1], { optimizer, epochs: 2, loss });
    await Promise.resolve();
    expect(weight()).toBe(1);
    const [first, second] = await Promise.all([run, run]);
    expect(second).toBe(first);
    expect((await run).end.steps).toBe(2);
    expect(weight()).toBe(0);
  });

  test("rejects with the run's error, which catch and finally see", async () => {
    const failure = new Error("the batch is broken");
    const broken = () => {
      const { layer, optimizer } = scale();
      const loss = () => {
        throw failure;
      };
      return fit(layer, [1], { optimizer, epochs: 1, loss });
    };
    await expect(broken()).rejects.toBe(failure);
    expect(await broken().catch((error) => error)).toBe(failure);
    let isDone = false;
    const last = broken().finally(() => {
      isDone = true;
    });
    await expect(last).rejects.toBe(failure);
    expect(isDone).toBe(true);
  });

  test("cannot be iterated too, before or after", async () => {
    const { layer, optimizer, loss, weight } = scale();
    const iterated = fit(layer, [1], { optimizer, epochs: 2, loss });
    await iterated.next();
    await expectRejection("state", iterated, "is being iterated", "call fit() again");
    expect((await collect(iterated)).length).toBeGreaterThan(0);
    expect(weight()).toBe(0);
    await expectRejection("state", iterated, "cannot be awaited");
    const awaited = fit(layer, [1], { optimizer, epochs: 1, loss });
    await awaited;
    await expectRejection("state", collect(awaited), "is awaited and cannot be iterated");
    for (const act of [() => awaited.next(), () => awaited.return(), () => awaited.throw(new Error("mine"))])
      await expectRejection("state", act(), "is awaited and cannot be iterated");
    expect(weight()).toBe(-0.5);
  });
});

describe("the best parameters", () => {
  const marks = (values: readonly (number | readonly number[])[], options: object) => {
    const { layer, optimizer, loss, weight } = scale();
    let i = 0;
    const evaluate = { every: 1, run: () => values[i++]! };
    return { history: fit(layer, [1], { optimizer, epochs: values.length, loss, evaluate, ...options }), weight };
  };

  test("are kept without an early stop, and of equal ones the earliest", async () => {
    const { history, weight } = marks([3, 1, 1, 2], { keepBest: true });
    const { evaluations, end } = await history;
    expect(evaluations.map(({ best }) => best)).toEqual([true, true, false, false]);
    expect([end.steps, end.best, weight()]).toEqual([4, 1, 0]);
  });

  test("are those of the smaller second number where the first ones are equal", async () => {
    const values = [
      [1, 9],
      [1, 5],
      [1, 7],
      [2, 0],
    ];
    const { history, weight } = marks(values, { keepBest: true });
    const { evaluations, end } = await history;
    expect(evaluations.map(({ value, best }) => [value, best])).toEqual([
      [1, true],
      [1, true],
      [1, false],
      [2, false],
    ]);
    expect([end.best, weight()]).toEqual([1, 0]);
  });

  test("stay where the run ended without keepBest", async () => {
    const { history, weight } = marks([1, 2], {});
    await history;
    expect(weight()).toBe(0);
  });

  test("need an evaluation, of finite numbers", async () => {
    const { layer, optimizer, loss } = scale();
    await expect(async () => fit(layer, [1], { optimizer, epochs: 1, loss, keepBest: true })).rejects.toThrow("keepBest needs evaluate");
    await expectRejection("not-finite", marks([[1, Number.NaN]], { keepBest: true }).history, "returned NaN");
    await expectRejection("not-finite", marks([[]], { keepBest: true }).history, "returned undefined");
  });
});

describe("a loss that cannot train the model", () => {
  type Case = [what: string, loss: (own: ReturnType<typeof scale>) => unknown, code: string, ...parts: string[]];
  const other = () => scale().layer.weight;
  const cases: Case[] = [
    ["nothing", () => undefined, "value", "got nothing", "Add a return"],
    ["null", () => null, "value", "got null"],
    ["its item", ({ loss }) => loss(1).loss.itemSync(), "value", "got the number 0", "not its item()"],
    ["a promise", async ({ loss }) => loss(1), "value", "got a Promise", "must not be async"],
    ["a promise that rejects", () => Promise.reject(new Error("no")), "value", "got a Promise"],
    ["an object whose loss is a number", () => ({ loss: 3 }), "value", "got the number 3"],
    ["many numbers", ({ layer }) => mul(layer.weight, tensor([1, 2])), "shape", "[1, 2]", "mean() or sum()"],
    ["int32", () => tensor(Int32Array.of(1)), "dtype", "got int32", "toFloat()"],
    ["numbers that were read", ({ loss }) => tensor([loss(1).loss.itemSync()]), "state", "no gradient flows", "item()"],
    ["a detached tensor", ({ loss }) => sum(loss(1).loss.detach()), "state", "no gradient flows", "detach()"],
    ["what noGrad computes", ({ loss }) => noGrad(() => loss(1).loss), "state", "no gradient flows", "noGrad()"],
    ["another model", () => sum(mul(other(), 2)), "state", "none of the optimizer's parameters"],
  ];

  /** Tensors in the form that fit() asks for, and all else as it is. */
  const formOf = (value: unknown) => (value instanceof Tensor ? { loss: value } : value);

  test.each(cases)("%s is named, and nothing has changed", async (_, lossOf, code, ...parts) => {
    const own = scale();
    const { layer, optimizer, weight } = own;
    optimizer.step(() => own.loss(2).loss);
    const before = [weight(), optimizer.steps, layer.weight.grad?.itemSync()];
    const run = fit(layer, [1], { optimizer, epochs: 1, loss: () => formOf(lossOf(own)) as { loss: Tensor } });
    await expectRejection(code as "value", run, code === "value" ? "fit: " : "SGD.step: ", ...parts);
    expect([weight(), optimizer.steps, layer.weight.grad?.itemSync()]).toEqual(before);
  });
});
