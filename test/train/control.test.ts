import { beforeAll, expect, test } from "vitest";
import { type FitEvent, fit, init, RunControl } from "../../src/index.js";
import { memoryStore } from "../../src/io/store.js";
import { expectError } from "../helpers/errors.js";
import { batches, collect, losses, makeModel, numbered, outline, stateOf } from "../helpers/fit-run.js";

beforeAll(async () => {
  await init();
});

/** The events of a run, to each of which `act` answers. */
async function played(events: AsyncIterable<FitEvent>, act: (event: FitEvent) => void): Promise<FitEvent[]> {
  const list: FitEvent[] = [];
  for await (const event of events) {
    list.push(event);
    act(event);
  }
  return list;
}

test("a run rests where it is paused, makes the updates it is granted, and ends in the bits of one that never rested", async () => {
  const [a, b] = [makeModel(), makeModel()];
  const control = new RunControl();
  control.pause();
  let rests = 0;
  const events = await played(fit(a.model, numbered, { optimizer: a.optimizer, steps: 6, control }), ({ type }) => {
    if (type === "pause") control.resume([1, 2, undefined][rests++]);
  });
  expect(outline(events).filter((line) => /pause|end/.test(line))).toEqual(["pause 0", "pause 1", "pause 3", "end 6"]);
  const whole = await collect(fit(b.model, numbered, { optimizer: b.optimizer, steps: 6 }));
  expect(losses(events)).toEqual(losses(whole));
  expect(await stateOf(a)).toEqual(await stateOf(b));
});

test("a run rests after what is due with an update, and before the next batch is drawn", async () => {
  const { model, optimizer } = makeModel();
  const control = new RunControl();
  const drawn: number[] = [];
  const loader = function* () {
    for (const [i, batch] of batches(3).entries()) {
      drawn.push(i);
      yield batch;
    }
  };
  const evaluate = { every: 1, run: () => 1 };
  const checkpoint = { store: memoryStore(), every: 1 };
  control.resume(1);
  const atRest: number[][] = [];
  const options = { optimizer, epochs: 1, evaluate, checkpoint, control };
  const events = await played(fit(model, loader, options), ({ type }) => {
    if (type !== "pause") return;
    atRest.push([...drawn]);
    control.resume();
  });
  expect(atRest).toEqual([[0]]);
  expect(outline(events).slice(0, 5)).toEqual(["step 1", "evaluation 1", "checkpoint 1", "pause 1", "step 2"]);
});

test("a run that rests after its last update ends without a pause", async () => {
  const { model, optimizer } = makeModel();
  const control = new RunControl();
  control.resume(2);
  const events = await collect(fit(model, numbered, { optimizer, steps: 2, control }));
  expect(outline(events)).toEqual(["step 1", "step 2", "end 2"]);
});

test("a run that rests hears its signal, and resumes from its checkpoint in the bits of one that never stopped", async () => {
  const [a, b] = [makeModel(), makeModel()];
  const store = memoryStore();
  const control = new RunControl();
  const controller = new AbortController();
  control.resume(3);
  const first = await played(
    fit(a.model, numbered, { optimizer: a.optimizer, steps: 6, control, checkpoint: { store, every: 100 }, signal: controller.signal }),
    ({ type }) => {
      if (type === "pause") setTimeout(() => controller.abort(), 5);
    },
  );
  expect(outline(first).slice(-3)).toEqual(["pause 3", "checkpoint 3", "end 3"]);
  const checkpoint = { store, every: 100, resume: true };
  const rest = await collect(fit(a.model, numbered, { optimizer: a.optimizer, steps: 6, checkpoint }));
  const whole = await collect(fit(b.model, numbered, { optimizer: b.optimizer, steps: 6 }));
  expect([...losses(first), ...losses(rest)]).toEqual(losses(whole));
});

test("a learning rate holds from the next update on, and a checkpoint keeps it", async () => {
  const { model, optimizer } = makeModel();
  const store = memoryStore();
  const control = new RunControl();
  const rates: number[] = [];
  await played(fit(model, numbered, { optimizer, steps: 4, control, checkpoint: { store, every: 4 } }), (event) => {
    if (event.type !== "step") return;
    rates.push(event.lr);
    if (event.step === 2) control.setLearningRate(0.01);
  });
  expect(rates).toEqual([0.05, 0.05, 0.01, 0.01]);
  const other = makeModel();
  const { steps } = await fit(other.model, numbered, {
    optimizer: other.optimizer,
    steps: 5,
    checkpoint: { store, every: 9, resume: true },
  });
  expect(steps.map(({ lr }) => lr)).toEqual([0.01]);
});

test("refuses another value for a number of updates, a rate or a control", () => {
  const control = new RunControl();
  for (const steps of [0, 1.5, Number.NaN]) expectError("range", () => control.resume(steps));
  for (const lr of [-1, Number.NaN, Number.POSITIVE_INFINITY]) expectError("range", () => control.setLearningRate(lr));
  const { model, optimizer } = makeModel();
  // @ts-expect-error a control is a RunControl
  expectError("value", () => fit(model, numbered, { optimizer, steps: 1, control: {} }));
});
