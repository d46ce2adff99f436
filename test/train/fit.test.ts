import { beforeAll, describe, expect, test } from "vitest";
import {
  crossEntropy,
  type FitEvent,
  type FitOptions,
  fit,
  init,
  type Loader,
  memory,
  mul,
  nn,
  ones,
  optim,
  sum,
  type Tensor,
  tensor,
  zeros,
} from "../../src/index.js";
import { expectError, expectRejection } from "../helpers/errors.js";
import { batchAt, losses, makeModel, numbered, only, outline, run, stateOf } from "../helpers/fit-run.js";

beforeAll(async () => {
  await init();
});

/** One weight w, whose loss on a batch c is c w: the gradient is c. */
class Scale extends nn.Module {
  readonly layer = new nn.Linear(1, 1, { bias: false });
  get weight(): Tensor {
    return this.layer.weight;
  }
  loss(c: number): { loss: Tensor } {
    return { loss: sum(mul(this.weight, tensor([c]))) };
  }
}

function makeScale(lr = 1) {
  const model = new Scale();
  model.weight.write([0]);
  return { model, optimizer: new optim.SGD(model.parameters(), { lr }) };
}

const noMilliseconds = (events: readonly FitEvent[]) =>
  events.map((event) => ("milliseconds" in event ? { ...event, milliseconds: 0 } : "seconds" in event ? { ...event, seconds: 0 } : event));

describe("events", () => {
  test("report each step, epoch, evaluation and the end", async () => {
    const { model, optimizer } = makeScale(0.5);
    const evaluate = { every: 2, run: async () => -model.weight.itemSync() };
    const events = await run(model, [1, 3], { optimizer, epochs: 2, evaluate });
    expect(noMilliseconds(events)).toEqual([
      { type: "step", step: 1, epoch: 0, loss: 0, lr: 0.5, milliseconds: 0 },
      { type: "step", step: 2, epoch: 0, loss: -1.5, lr: 0.5, milliseconds: 0 },
      { type: "evaluation", step: 2, value: 2, best: true },
      { type: "epoch", epoch: 0, step: 2, loss: -0.75 },
      { type: "step", step: 3, epoch: 1, loss: -2, lr: 0.5, milliseconds: 0 },
      { type: "step", step: 4, epoch: 1, loss: -7.5, lr: 0.5, milliseconds: 0 },
      { type: "evaluation", step: 4, value: 4, best: false },
      { type: "epoch", epoch: 1, step: 4, loss: -4.75 },
      { type: "end", steps: 4, seconds: 0, reason: "complete", value: 4, best: 2 },
    ]);
    for (const { milliseconds } of only(events, "step")) expect(milliseconds).toBeGreaterThanOrEqual(0);
  });

  test("an update is done when its event is asked for, and not before", async () => {
    const { model, optimizer } = makeScale();
    const events = fit(model, { batch: () => 1 }, { optimizer, steps: 3 });
    expect(optimizer.steps).toBe(0);
    await events.next();
    expect(optimizer.steps).toBe(1);
    await events.return();
    expect(optimizer.steps).toBe(1);
  });

  test("no steps or no epochs leave the model as it is", async () => {
    const { model, optimizer } = makeScale();
    const evaluate = { every: 5, run: () => 7 };
    expect(outline(await run(model, numbered as Loader<never>, { optimizer, steps: 0, evaluate }))).toEqual(["evaluation 0", "end 0"]);
    expect(outline(await run(model, [1], { optimizer, epochs: 0 }))).toEqual(["end 0"]);
    expect(model.weight.itemSync()).toBe(0);
  });
});

describe("loaders", () => {
  const seen: string[] = [];
  const spy = (options: Partial<FitOptions<string>>) => {
    const { model, optimizer } = makeScale();
    seen.length = 0;
    const loss = (batch: string) => {
      seen.push(batch);
      return model.loss(1);
    };
    return (loader: Loader<string>) => run(model, loader, { optimizer, loss, ...options });
  };
  async function* slowly(items: readonly string[]) {
    for (const item of items) {
      await Promise.resolve();
      yield item;
    }
  }

  test("batch(step) is asked for the batch of each update", async () => {
    await spy({ steps: 3 })({ batch: (step) => `batch ${step}` });
    expect(seen).toEqual(["batch 0", "batch 1", "batch 2"]);
  });

  test("iterates an iterable once an epoch, and not beyond the steps", async () => {
    const events = await spy({ epochs: 2 })(["a", "b"]);
    expect(seen.join("")).toBe("abab");
    expect(outline(events)).toEqual(["step 1", "step 2", "epoch 2", "step 3", "step 4", "epoch 4", "end 4"]);
    await spy({ steps: 3 })(["a", "b"]);
    expect(seen.join("")).toBe("aba");
    await spy({ steps: 3, epochs: 1 })(["a", "b"]);
    expect(seen.join("")).toBe("ab");
    await spy({ epochs: 2 })({ [Symbol.asyncIterator]: () => slowly(["c", "d"]) });
    expect(seen.join("")).toBe("cdcd");
  });

  test("a function gives what an epoch iterates", async () => {
    await spy({ epochs: 3 })((epoch) => (epoch === 1 ? slowly(["async"]) : [`epoch ${epoch}`]));
    expect(seen).toEqual(["epoch 0", "async", "epoch 2"]);
  });

  test("a batch is used before the next is asked for, and a loader is closed when the run ends", async () => {
    let alive: Tensor | undefined;
    let closed = 0;
    function* tensors() {
      try {
        for (let i = 0; i < 5; i++) {
          alive = tensor([i]);
          yield alive;
          alive.dispose();
        }
      } finally {
        closed++;
      }
    }
    const { model, optimizer } = makeScale();
    const before = memory().tensors;
    const loss = (x: Tensor) => ({ loss: sum(mul(model.weight, x)) });
    await run(model, tensors, { optimizer, epochs: 1, loss });
    expect(memory().tensors).toBe(before);
    expect(closed).toBe(1);
    await run(model, tensors, { optimizer, steps: 2, loss });
    alive?.dispose();
    expect(closed).toBe(2);
    for await (const _ of fit(model, tensors, { optimizer, epochs: 1, loss })) break;
    alive?.dispose();
    expect(closed).toBe(3);
  });

  test("that give nothing, or nothing twice, are an error", async () => {
    const once = slowly(["a", "b"]);
    await expectRejection("value", spy({ epochs: 2 })(once), "epoch 1", "iterated only once");
    expect(seen.join("")).toBe("ab");
    await expectRejection("value", spy({ epochs: 2 })([]), "epoch 0", "no batch");
  });

  test("that throw end the run with their error", async () => {
    const failure = new Error("the disk is gone");
    function* broken() {
      yield "a";
      throw failure;
    }
    await expect(spy({ epochs: 1 })(broken)).rejects.toBe(failure);
    expect(seen.join("")).toBe("a");
    const batch = (step: number) => {
      if (step === 1) throw failure;
      return "a";
    };
    await expect(spy({ steps: 2 })({ batch })).rejects.toBe(failure);
  });
});

describe("the loss", () => {
  test("is by default that of the model", async () => {
    const [a, b] = [makeModel(), makeModel()];
    const own = await run(a.model, numbered, { optimizer: a.optimizer, steps: 4 });
    const given = await run(b.model, numbered, { optimizer: b.optimizer, steps: 4, loss: (batch) => b.model.loss(batch) });
    expect(losses(own)).toEqual(losses(given));
    expect(await stateOf(a)).toEqual(await stateOf(b));
  });

  test("is given for a model without one", async () => {
    const model = new nn.Sequential(new nn.Linear(2, 3));
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const x = tensor([1, 2, 3, 4], [2, 2]);
    const y = tensor([0, 2], [2], { dtype: "int32" });
    const loss = (batch: { x: Tensor; y: Tensor }) => ({ loss: crossEntropy(model.forward(batch.x), batch.y) });
    const first = losses(await run(model, [{ x, y }], { optimizer, epochs: 20, loss }));
    expect(first.at(-1)).toBeLessThan(first[0]!);
    expect(first[0]).toBeGreaterThan(0);
  });

  test("must be there, and must be a tensor", async () => {
    class Mute extends nn.Module {
      readonly layer = new nn.Linear(1, 1);
    }
    const optimizer = new optim.SGD(new Mute().parameters());
    const options = { optimizer, epochs: 1 };
    for (const model of [new Mute(), new nn.Sequential(new nn.Linear(2, 3)), Object.assign(new Mute(), { loss: 3 })])
      expectError("value", () => fit(model as never, [1], options), "no loss(batch)", "loss: ({ x, y }) =>", "crossEntropy");
    const must = "must return { loss }, a tensor of one number; got";
    const model = new Mute();
    await expectRejection("value", run(model, [1], { ...options, loss: () => undefined as never }), `${must} nothing`);
    await expectRejection("value", run(model, [1], { ...options, loss: (async () => 1) as never }), `${must} a Promise`);
    const bare = () => sum(model.layer.weight) as never;
    await expectRejection("value", run(model, [1], { ...options, loss: bare }), `${must} the tensor alone. Write { loss: tensor }`);
    await expectRejection("value", run(Object.assign(new Mute(), { loss: bare }), [1], options), `${must} the tensor alone`);
  });
});

describe("the schedule", () => {
  test("sets the rate of each update and leaves the optimizer's own", async () => {
    const { model, optimizer } = makeScale(2);
    const rates: number[] = [];
    const events = fit(model, { batch: () => 1 }, { optimizer, steps: 3, schedule: (step) => 1 / (step + 1) });
    for await (const event of events) if (event.type === "step") rates.push(event.lr, optimizer.lr);
    expect(rates).toEqual([2, 2, 1, 2, 2 / 3, 2]);
    expect(model.weight.itemSync()).toBeCloseTo(-(2 + 1 + 2 / 3), 6);
  });

  test("applies to every group", async () => {
    const [a, b] = [makeScale().model, makeScale().model];
    const groups = [
      { params: a.parameters(), options: { lr: 1 } },
      { params: b.parameters(), options: { lr: 10 } },
    ];
    const optimizer = new optim.SGD(groups);
    const loss = () => ({ loss: sum(mul(a.weight, b.weight)) });
    a.weight.write([1]);
    b.weight.write([1]);
    await run(a, [0], { optimizer, epochs: 1, loss, schedule: () => 0.5 });
    expect([a.weight.itemSync(), b.weight.itemSync()]).toEqual([0.5, -4]);
  });

  test("a Plateau learns from the evaluations", async () => {
    const { model, optimizer } = makeScale();
    const schedule = new optim.Plateau({ patience: 0, factor: 0.5 });
    const events = await run(model, { batch: () => 1 }, { optimizer, steps: 4, schedule, evaluate: { every: 1, run: () => 1 } });
    expect(only(events, "step").map(({ lr }) => lr)).toEqual([1, 1, 0.5, 0.25]);
  });
});

describe("evaluation", () => {
  test("comes every N updates and at the end, in evaluation mode", async () => {
    const { model, optimizer } = makeModel({ dropout: 0.5 });
    const modes: boolean[] = [];
    const run_ = () => modes.push(model.training, model.rnn.training);
    const events = await run(model, numbered, { optimizer, steps: 5, evaluate: { every: 2, run: run_ } });
    expect(only(events, "evaluation").map(({ step }) => step)).toEqual([2, 4, 5]);
    expect(modes).toEqual([false, false, false, false, false, false]);
    expect([model.training, model.rnn.training]).toEqual([true, true]);
  });

  test("is over when updates begin, in whatever mode the model was", async () => {
    const { model, optimizer } = makeModel({ dropout: 0.5 });
    model.eval();
    const modes: boolean[] = [];
    const loss = (batch: Parameters<typeof model.loss>[0]) => {
      modes.push(model.training, model.rnn.training);
      return model.loss(batch);
    };
    await run(model, numbered, { optimizer, steps: 2, loss });
    expect(modes).toEqual([true, true, true, true]);
  });

  test("that throws leaves the model in training mode", async () => {
    const { model, optimizer } = makeModel();
    const failure = new Error("no validation data");
    const evaluate = { every: 1, run: () => Promise.reject(failure) };
    await expect(run(model, numbered, { optimizer, steps: 5, evaluate })).rejects.toBe(failure);
    expect([model.training, model.rnn.training]).toEqual([true, true]);
  });

  test("that gives no finite number is an error", async () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, undefined as never]) {
      const { model, optimizer } = makeScale();
      const evaluate = { every: 2, run: () => value };
      await expectRejection("not-finite", run(model, { batch: () => 1 }, { optimizer, steps: 5, evaluate }), "step 2", String(value));
    }
  });
});

describe("early stopping", () => {
  const values = [5, 3, 4, 3, 2, 9, 9, 9];
  const stopping = (patience: number, steps: number) => {
    const { model, optimizer } = makeScale();
    let i = 0;
    const evaluate = { every: 2, run: () => values[i++]! };
    return { model, events: run(model, { batch: () => 1 }, { optimizer, steps, evaluate, earlyStopping: { patience } }) };
  };

  test("ends after the evaluations it bears, with the best parameters", async () => {
    const { model, events } = stopping(2, 100);
    expect((await events).at(-1)).toMatchObject({ type: "end", steps: 8, reason: "early stop", value: 3, best: 3 });
    expect(model.weight.itemSync()).toBe(-4); // after the second evaluation, of step 4
    const more = stopping(3, 100);
    expect((await more.events).at(-1)).toMatchObject({ steps: 16, reason: "early stop", best: 2 });
    expect(more.model.weight.itemSync()).toBe(-10);
  });

  test("restores the best parameters of a complete run too", async () => {
    const { model, events } = stopping(3, 6);
    expect((await events).at(-1)).toMatchObject({ steps: 6, reason: "complete", value: 4, best: 3 });
    expect(model.weight.itemSync()).toBe(-4);
  });
});

describe("the signal", () => {
  test("ends the run after the current update", async () => {
    const { model, optimizer } = makeScale();
    const controller = new AbortController();
    const seen: FitEvent[] = [];
    const evaluate = { every: 5, run: () => 1 };
    for await (const event of fit(model, { batch: () => 1 }, { optimizer, steps: 9, evaluate, signal: controller.signal })) {
      seen.push(event);
      if (event.type === "step" && event.step === 3) controller.abort();
    }
    expect(outline(seen)).toEqual(["step 1", "step 2", "step 3", "end 3"]);
    expect(seen.at(-1)).toMatchObject({ reason: "aborted", value: undefined, best: undefined });
  });

  test("that has fired makes no update", async () => {
    const { model, optimizer } = makeScale();
    expect(outline(await run(model, [1], { optimizer, epochs: 2, signal: AbortSignal.abort() }))).toEqual(["end 0"]);
    expect(model.weight.itemSync()).toBe(0);
  });

  test("can come from a timer", async () => {
    const { model, optimizer } = makeScale();
    const events = await run(model, { batch: () => 1 }, { optimizer, steps: 1e9, signal: AbortSignal.timeout(50) });
    expect(events.at(-1)).toMatchObject({ type: "end", reason: "aborted" });
  });
});

describe("a loss or gradient that is not finite", () => {
  const poisoned = { batch: (i: number) => (i < 3 ? batchAt(i) : { ...batchAt(i), poison: true }) };

  test("is an error that names step and parameter, and changes nothing", async () => {
    const broken = makeModel();
    const sound = makeModel();
    const loss = (batch: ReturnType<typeof batchAt>) => {
      const { loss } = broken.model.loss(batch);
      return { loss: "poison" in batch ? mul(loss, tensor([Number.NaN], [])) : loss };
    };
    const running = run(broken.model, poisoned, { optimizer: broken.optimizer, steps: 9, loss, schedule: () => 0.5 });
    await expectRejection("not-finite", running, "step 4", "embedding.weight");
    await run(sound.model, poisoned, { optimizer: sound.optimizer, steps: 3, schedule: () => 0.5 });
    expect(await stateOf(broken)).toEqual(await stateOf(sound));
    expect(broken.optimizer.lr).toBe(0.05);
  });
});

describe("memory is flat", () => {
  const inUse = () => ({ ...memory().bytes, tensors: memory().tensors });
  const options = (owner: ReturnType<typeof makeModel>) => ({ optimizer: owner.optimizer, carryState: true, steps: 6 });

  test("after a run, one left early, one that throws, and over many steps", async () => {
    const owner = makeModel();
    await run(owner.model, numbered, options(owner)); // the arenas are there now
    const before = inUse();
    await run(owner.model, numbered, { ...options(owner), steps: 200 });
    expect(inUse()).toEqual(before);
    for await (const event of fit(owner.model, numbered, options(owner))) if ("step" in event && event.step === 3) break;
    expect(inUse()).toEqual(before);
    const thrower = { batch: (i: number) => (i < 3 ? batchAt(i) : { ...batchAt(i), x: new Int32Array(8).fill(99) }) };
    await expectRejection("range", run(owner.model, thrower, options(owner)));
    expect(inUse()).toEqual(before);
    owner.model.linear.bias!.write(new Float32Array(5).fill(Number.NaN));
    await expectRejection("not-finite", run(owner.model, numbered, options(owner)));
    expect(inUse()).toEqual(before);
    owner.dispose();
  });
});

test("options that make no run are refused at the call", () => {
  const { model, optimizer } = makeScale();
  const refuse =
    (options: Partial<FitOptions<number>>, ...parts: string[]) =>
    (code: "value" | "range") =>
      expectError(code, () => fit(model, [1], { optimizer, epochs: 1, ...options }), "fit", ...parts);
  const evaluate = { every: 1, run: () => 0 };
  const store = {} as never;
  refuse({ epochs: undefined as never }, "steps or epochs")("value");
  refuse({ steps: -1 }, "steps is -1")("range");
  refuse({ steps: 1.5 }, "steps is 1.5")("range");
  refuse({ epochs: Number.NaN }, "epochs is NaN")("range");
  refuse({ evaluate: { every: 0, run: () => 0 } }, "evaluate.every is 0")("range");
  refuse({ checkpoint: { store, every: -1 } }, "checkpoint.every is -1")("range");
  refuse({ evaluate, earlyStopping: { patience: 0 } }, "patience is 0")("range");
  refuse({ earlyStopping: { patience: 1 } }, "earlyStopping needs evaluate")("value");
  refuse({ schedule: new optim.Plateau() }, "Plateau needs evaluate")("value");
  expectError("value", () => fit(model, { batch: () => 1 }, { optimizer, epochs: 1 }), "give steps");
  for (const loader of [undefined, null, 5, {}, "abc"])
    expectError("value", () => fit(model, loader as never, { optimizer, epochs: 1 }), "Loader");
});

test("refuses by name a loader without batches, and a batch that is not one", async () => {
  const { model, optimizer } = makeModel();
  const before = await stateOf({ model, optimizer });
  const running = (loader: unknown) => run(model, loader as Loader<unknown>, { optimizer, epochs: 1, steps: 2 });
  for (const epoch of [undefined, null, 5, "ab", {}, Symbol("s")]) {
    await expectRejection("value", running({ epoch: () => epoch }), "fit: the loader gave", "epoch 0", "batches to iterate");
    await expectRejection(
      "value",
      running(() => epoch),
      "fit: the loader gave",
      "epoch 0",
    );
  }
  for (const batch of [undefined, null, 5, [1, 2]]) await expectRejection("value", running([batch]), ": the batch is");
  await expectRejection("value", running({ batch: async () => ({}) }), "batch(0) gave a promise");
  expect(await stateOf({ model, optimizer })).toEqual(before);
});

test("tensors that batch(step) makes are freed with the update", async () => {
  const model = new nn.Sequential(new nn.Linear(3, 2));
  const optimizer = new optim.SGD(model.parameters());
  const loader = { batch: () => ({ x: ones([4, 3]), y: zeros([4], { dtype: "int32" }) }) };
  const loss = ({ x, y }: ReturnType<typeof loader.batch>) => ({ loss: crossEntropy(model.forward(x), y) });
  const alive: number[] = [];
  for await (const { type } of fit(model, loader, { optimizer, steps: 20, loss })) if (type === "step") alive.push(memory().tensors);
  expect(new Set(alive).size).toBe(1);
});
