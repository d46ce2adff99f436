import { beforeAll, describe, expect, test } from "vitest";
import type { WindowBatch } from "../../src/data/index.js";
import {
  createDevice,
  type FitEvent,
  type FitOptions,
  fit,
  init,
  io,
  type Loader,
  memory,
  mul,
  type nn,
  optim,
  rand,
  scope,
  tensor,
  withDevice,
} from "../../src/index.js";
import { TRAINING_STATE } from "../../src/train/checkpoint.js";
import { expectRejection } from "../helpers/errors.js";
import { batchAt, batches, makeModel, numbered, only, outline, run, stateOf } from "../helpers/fit-run.js";

beforeAll(async () => {
  await init();
});

type Owner = ReturnType<typeof makeModel>;
type Options = Omit<FitOptions<WindowBatch>, "optimizer" | "checkpoint">;

const STEPS = 10;

/** What resuming must not change. The time is another. */
const lasting = (events: readonly FitEvent[]) =>
  events.flatMap((event) => {
    if (event.type === "checkpoint") return [];
    return [{ ...event, ...("milliseconds" in event && { milliseconds: 0 }), ...("seconds" in event && { seconds: 0 }) }];
  });

/** Evaluates on one batch. */
const evaluateOn = ({ model }: Owner) =>
  async function run(): Promise<number> {
    const loss = scope(() => model.loss(batchAt(77)).loss);
    const value = await loss.item();
    loss.dispose();
    return value;
  };

interface Scenario {
  readonly name: string;
  readonly loader: () => Loader<WindowBatch>;
  readonly options: (owner: Owner) => Options;
  readonly model?: Parameters<typeof makeModel>[0];
}

/** Draws from the default generator for each batch, as a loader that adds noise does. */
function* drawing(n: number) {
  for (let i = 0; i < n; i++) {
    const noise = rand([1]);
    const shift = Math.floor(noise.itemSync() * 1000);
    noise.dispose();
    yield batchAt(i + shift);
  }
}

const scenarios: Scenario[] = [
  { name: "numbered batches", loader: () => numbered, options: () => ({ steps: STEPS }) },
  {
    name: "dropout, carried state, a schedule",
    loader: () => numbered,
    options: () => ({ steps: STEPS, carryState: true, schedule: optim.cosine(STEPS) }),
    model: { layers: 2, dropout: 0.3 },
  },
  {
    name: "epochs of an array, carried state, dropout",
    loader: () => batches(4),
    options: () => ({ steps: STEPS, carryState: true }),
    model: { arch: "gru", dropout: 0.3 },
  },
  {
    name: "epochs of a function that end before the steps",
    loader: () => (epoch) => batches(3, 10 * epoch),
    options: () => ({ steps: 100, epochs: 3 }),
    model: { dropout: 0.2 },
  },
  {
    name: "epochs of a generator that draws, dropout",
    loader: () => () => drawing(4),
    options: () => ({ steps: STEPS }),
    model: { dropout: 0.3 },
  },
  {
    name: "evaluations, a plateau, a last one off the beat",
    loader: () => numbered,
    options: (owner) => ({
      steps: STEPS,
      schedule: new optim.Plateau({ patience: 0, threshold: 0.3 }),
      evaluate: { every: 3, run: evaluateOn(owner) },
    }),
    model: { dropout: 0.1 },
  },
  {
    name: "early stopping that does not come",
    loader: () => numbered,
    options: (owner) => ({ steps: STEPS, evaluate: { every: 2, run: evaluateOn(owner) }, earlyStopping: { patience: 50 } }),
  },
  {
    name: "early stopping that comes",
    loader: () => numbered,
    options: () => {
      let value = 0; // rises, so the first is the best
      return { steps: STEPS, evaluate: { every: 2, run: () => value++ }, earlyStopping: { patience: 2 } };
    },
  },
];

describe.each(scenarios)("with $name", ({ loader, options, model }) => {
  async function uninterrupted() {
    const owner = makeModel(model);
    const events = await run(owner.model, loader(), { optimizer: owner.optimizer, ...options(owner) });
    return { events, state: await stateOf(owner), steps: only(events, "step").length };
  }

  test("a run stopped at any step and resumed is bit-equal to one that was not", async () => {
    const whole = await uninterrupted();
    for (let stop = 0; stop <= whole.steps; stop++) {
      const store = io.memoryStore();
      const first = makeModel(model);
      const controller = new AbortController();
      if (stop === 0) controller.abort();
      const events: FitEvent[] = [];
      // The evaluation of "early stopping that comes" keeps counting, as a measure of the resumed model would.
      const both = options(first);
      const settings = { ...both, checkpoint: { store, every: 4 }, signal: controller.signal };
      for await (const event of fit(first.model, loader(), { optimizer: first.optimizer, ...settings })) {
        if (event.type !== "end") events.push(event);
        if (event.type === "step" && event.step === stop) controller.abort();
      }
      const second = makeModel(model, 99); // other weights, all to be replaced
      const resumed = {
        ...(both.earlyStopping?.patience === 2 ? both : options(second)),
        checkpoint: { store, every: 4, resume: true },
      };
      events.push(...(await run(second.model, loader(), { optimizer: second.optimizer, ...resumed })));
      // A run that was complete when it was stopped reports its last evaluation twice.
      if (stop < whole.steps) expect(lasting(events), `stopped after step ${stop}`).toEqual(lasting(whole.events));
      expect(await stateOf(second), `stopped after step ${stop}`).toEqual(whole.state);
      for (const owner of [first, second]) owner.dispose();
    }
  });

  test("so is one that was killed between two checkpoints", async () => {
    const whole = await uninterrupted();
    const store = io.memoryStore();
    const first = makeModel(model);
    for await (const event of fit(first.model, loader(), {
      optimizer: first.optimizer,
      ...options(first),
      checkpoint: { store, every: 3 },
    }))
      if (event.type === "step" && event.step === 5) break;
    if (options(first).earlyStopping?.patience === 2) return; // its measure does not depend on the model
    const second = makeModel(model, 99);
    const checkpoint = { store, every: 3, resume: true };
    const events = await run(second.model, loader(), { optimizer: second.optimizer, ...options(second), checkpoint });
    expect(only(events, "step")[0]!.step).toBe(4);
    const untold = whole.events.slice(whole.events.findIndex((event) => event.type === "step" && event.step === 4));
    expect(lasting(events).slice(-untold.length)).toEqual(lasting(untold));
    expect(await stateOf(second)).toEqual(whole.state);
  });
});

describe("checkpoints", () => {
  const checkpointed = (store: io.Store, more: Partial<FitOptions<WindowBatch>> = {}, every = 4) => {
    const owner = makeModel();
    const options = { optimizer: owner.optimizer, steps: 10, checkpoint: { store, every, resume: true }, ...more };
    return { owner, events: run(owner.model, numbered, options) };
  };

  test("come every N updates, after the evaluation, and at the end", async () => {
    const evaluate = { every: 8, run: () => 1 };
    const events = outline(await checkpointed(io.memoryStore(), { evaluate }).events);
    expect(events.filter((event) => !event.startsWith("step"))).toEqual([
      "checkpoint 4",
      "evaluation 8",
      "checkpoint 8",
      "checkpoint 10",
      "evaluation 10",
      "end 10",
    ]);
    expect(outline(await checkpointed(io.memoryStore(), {}, 5).events).filter((event) => event.startsWith("check"))).toHaveLength(2);
  });

  test("with none there a resume begins at the start", async () => {
    const events = await checkpointed(io.memoryStore()).events;
    expect(only(events, "step")[0]!.step).toBe(1);
  });

  test("a finished run makes no update when resumed, and more steps extend it as if it had not ended", async () => {
    const store = io.memoryStore();
    const evaluate = { every: 4, run: () => 1 };
    const settings = { evaluate, earlyStopping: { patience: 9 } };
    await checkpointed(store, settings).events;
    const again = await checkpointed(store, settings).events;
    expect(outline(again)).toEqual(["checkpoint 10", "evaluation 10", "end 10"]);
    const extended = checkpointed(store, { ...settings, steps: 15 });
    expect(outline(await extended.events)).toContain("step 11");
    const whole = checkpointed(io.memoryStore(), { ...settings, steps: 15 });
    expect((await whole.events).at(-1)).toMatchObject({ steps: 15 });
    expect(await stateOf(extended.owner)).toEqual(await stateOf(whole.owner));
  });

  test("of a run that stopped early make no update", async () => {
    const store = io.memoryStore();
    const settings = { evaluate: { every: 1, run: () => 1 }, earlyStopping: { patience: 2 } };
    expect((await checkpointed(store, settings).events).at(-1)).toMatchObject({ steps: 3, reason: "early stop" });
    const again = await checkpointed(store, settings).events;
    expect(outline(again)).toEqual(["checkpoint 3", "end 3"]);
    expect(again.at(-1)).toMatchObject({ reason: "early stop", best: 1, value: 1 });
  });

  test("the time before counts", async () => {
    const store = io.memoryStore();
    await checkpointed(store).events;
    const stored = io.readSafetensorsMetadata((await store.read(TRAINING_STATE))!);
    const { seconds } = (JSON.parse(stored.seqgrad!) as { progress: { seconds: number } }).progress;
    const [later] = only(await checkpointed(store).events, "end");
    expect(later!.seconds).toBeGreaterThanOrEqual(seconds);
  });

  test("outlive a loss that is not finite", async () => {
    const store = io.memoryStore();
    const { model, optimizer } = makeModel();
    const loss = (batch: WindowBatch) =>
      optimizer.steps < 6 ? model.loss(batch) : { loss: mul(model.loss(batch).loss, tensor([Number.NaN], [])) };
    const running = run(model, numbered, { optimizer, steps: 10, loss, checkpoint: { store, every: 4 } });
    await expectRejection("not-finite", running, "step 7", "the checkpoint of step 4 is kept");
    const after = checkpointed(store);
    expect(only(await after.events, "step")[0]!.step).toBe(5);
    const whole = checkpointed(io.memoryStore());
    await whole.events;
    expect(await stateOf(after.owner)).toEqual(await stateOf(whole.owner));
  });

  test("whose store fails end the run with its error", async () => {
    const failure = new Error("the disk is full");
    const store = { ...io.memoryStore(), write: () => Promise.reject(failure) };
    await expect(checkpointed(store).events).rejects.toBe(failure);
  });

  test("in an epoch that has become shorter are refused", async () => {
    const store = io.memoryStore();
    const { model, optimizer } = makeModel();
    await run(model, batches(5), { optimizer, steps: 4, checkpoint: { store, every: 4 } });
    const running = run(model, batches(3), { optimizer, steps: 9, checkpoint: { store, every: 4, resume: true } });
    await expectRejection("value", running, "epoch 0 has 3 batches", "had done 4");
  });
});

test("a carried state is restored where the model is, which may not be the default device", async () => {
  const device = await createDevice({ device: "wasm" });
  const store = io.memoryStore();
  const part = async (steps: number, options: { resume?: boolean } = {}) => {
    const owner = withDevice(device, () => makeModel());
    const loss = (batch: WindowBatch, state: nn.RecurrentState | undefined) => withDevice(device, () => owner.model.loss(batch, state));
    const checkpoint = { store, every: 2, ...options };
    const events = await run(owner.model, numbered, { optimizer: owner.optimizer, steps, loss, carryState: true, checkpoint });
    return { losses: only(events, "step").map((event) => event.loss), state: await stateOf(owner) };
  };
  const whole = await part(6);
  await part(2);
  const rest = await part(6, { resume: true });
  expect(rest.losses).toEqual(whole.losses.slice(2));
  expect(rest.state).toEqual(whole.state);
});

describe("a checkpoint that cannot be resumed changes nothing", () => {
  async function written(more: Options = { steps: 2 }): Promise<Uint8Array> {
    const store = io.memoryStore();
    const { model, optimizer } = makeModel();
    await run(model, numbered, { optimizer, ...more, checkpoint: { store, every: 1 } });
    return (await store.read(TRAINING_STATE))!;
  }

  async function refused(bytes: Uint8Array, ...parts: string[]): Promise<void> {
    const store = io.memoryStore();
    await store.write(TRAINING_STATE, bytes);
    const owner = makeModel({}, 5);
    await run(owner.model, numbered, { optimizer: owner.optimizer, steps: 1 });
    const before = await stateOf(owner);
    const running = run(owner.model, numbered, { optimizer: owner.optimizer, steps: 9, checkpoint: { store, every: 1, resume: true } });
    await expectRejection("format", running, TRAINING_STATE, ...parts);
    expect(await stateOf(owner)).toEqual(before);
    expect(await store.read(TRAINING_STATE)).toEqual(bytes);
  }

  // biome-ignore lint/suspicious/noExplicitAny: what is written is wrong on purpose.
  type Anything = any;

  /** The file with its state or its tensors changed. */
  function changed(bytes: Uint8Array, edit: (state: Anything, tensors: Map<string, Anything>) => void): Uint8Array {
    const tensors = new Map<string, Anything>(io.parseSafetensors(bytes));
    const state = JSON.parse(io.readSafetensorsMetadata(bytes).seqgrad!);
    edit(state, tensors);
    return io.writeSafetensors(tensors, { seqgrad: JSON.stringify(state) });
  }

  test("when it is cut short, anywhere", async () => {
    const bytes = await written();
    for (let i = 0; i < 24; i++) await refused(bytes.slice(0, Math.floor((bytes.length * i) / 24)));
    await refused(bytes.slice(0, -1), "cut short");
  });

  test("when it is not a training state", async () => {
    await refused(new TextEncoder().encode("no safetensors at all"));
    const { model } = makeModel();
    await refused(io.writeSafetensors(await model.stateDict(), { format: "pt" }), "no training state");
    await refused(io.writeSafetensors(await model.stateDict(), { seqgrad: "{" }), "no training state");
    await refused(io.writeSafetensors(await model.stateDict(), { seqgrad: "null" }), "no training state");
  });

  test("when any part of its state is missing or of another kind", async () => {
    const bytes = await written({ steps: 2, evaluate: { every: 1, run: () => 1 } });
    const state = JSON.parse(io.readSafetensorsMetadata(bytes).seqgrad!);
    const paths = Object.entries(state).flatMap(([key, value]) => [[key], ...Object.keys(Object(value)).map((inner) => [key, inner])]);
    expect(paths.length).toBeGreaterThan(15);
    for (const path of paths) {
      for (const value of [undefined, "7", -1.5, {}]) {
        const signed = ["lossSum", "best", "seconds"].includes(path[1]!);
        if (value === -1.5 && signed) continue;
        const damaged = changed(bytes, (state) => {
          const parent = path.slice(0, -1).reduce((at, key) => at[key], state);
          parent[path.at(-1)!] = value;
        });
        await refused(damaged, "no training state");
      }
    }
  });

  test("when its plateau is not what a Plateau's state was", async () => {
    const bytes = await written({ steps: 2, evaluate: { every: 1, run: () => 1 }, schedule: new optim.Plateau() });
    for (const plateau of [[], [1, 2], [1, 2, 0, 0, 0], [null, 2, 0, 0], [1, 2, -1, 0], [1, 2, 0, 0.5], ["1", 2, 0, 0], {}])
      await refused(
        changed(bytes, (state) => {
          state.plateau = plateau;
        }),
        "no training state",
      );
  });

  test("when its carried state has no room on the model's device", async () => {
    const bytes = await written({ steps: 2, carryState: true });
    const shape = [1, 2, 150_000];
    const large = { dtype: "float32", shape, data: new Float32Array(300_000) };
    const store = io.memoryStore();
    await store.write(
      TRAINING_STATE,
      changed(bytes, (_, tensors) => tensors.set("carried/c", large)),
    );
    const small = await createDevice({ device: "wasm", memoryLimit: 2 ** 20 });
    const owner = withDevice(small, () => makeModel({}, 5));
    const before = await stateOf(owner);
    const use = memory(small).tensors;
    const running = run(owner.model, numbered, { optimizer: owner.optimizer, steps: 9, checkpoint: { store, every: 1, resume: true } });
    await expectRejection("memory", running, TRAINING_STATE);
    expect(await stateOf(owner)).toEqual(before);
    expect(memory(small).tensors).toBe(use);
  });

  test("when it is of another model or optimizer", async () => {
    const bytes = await written({ steps: 2, evaluate: { every: 1, run: () => 1 }, earlyStopping: { patience: 5 } });
    const data = new Float32Array(3);
    const wrong = { dtype: "float32", shape: [3], data };
    await refused(
      changed(bytes, (_, tensors) => tensors.set("model/linear.bias", wrong)),
      "linear.bias",
    );
    await refused(
      changed(bytes, (_, tensors) => tensors.delete("model/linear.bias")),
      "linear.bias",
    );
    await refused(
      changed(bytes, (_, tensors) => tensors.set("best/linear.bias", wrong)),
      "linear.bias",
    );
    await refused(
      changed(bytes, (_, tensors) => tensors.set("optimizer/m.0", wrong)),
      "optimizer",
    );
    await refused(
      changed(bytes, (_, tensors) => tensors.set("optimizer/x.0", wrong)),
      "optimizer",
    );
    await refused(
      changed(bytes, (state) => state.optimizer.lr.push(1)),
      "optimizer",
    );
    const wide = (x: { shape: number[]; data: Float32Array }) => ({ ...x, dtype: "float64", data: Float64Array.from(x.data) });
    const whole = (x: { shape: number[]; data: Float32Array }) => ({ ...x, dtype: "int32", data: Int32Array.from(x.data) });
    await refused(
      changed(bytes, (_, tensors) => tensors.set("optimizer/m.0", wide(tensors.get("optimizer/m.0")))),
      "optimizer/m.0 is float64; expected float32 or int32",
    );
    await refused(
      changed(bytes, (_, tensors) => tensors.set("optimizer/m.0", whole(tensors.get("optimizer/m.0")))),
      "optimizer/m.0 is int32; expected float32",
    );
    await refused(
      changed(bytes, (_, tensors) => tensors.set("model/linear.bias", whole(tensors.get("model/linear.bias")))),
      "int32",
    );
  });
});
