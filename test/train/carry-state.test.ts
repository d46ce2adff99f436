import { beforeAll, expect, test } from "vitest";
import { init, keep, type nn, type Tensor } from "../../src/index.js";
import { batchAt, batches, losses, makeModel, numbered, run, stateOf } from "../helpers/fit-run.js";

beforeAll(async () => {
  await init();
});

const cells = ["rnn", "gru", "lstm"] as const;

/** Truncated backpropagation through time by hand: `resets` begin without a state. */
async function byHand({ model, optimizer }: ReturnType<typeof makeModel>, order: readonly number[], resets: readonly number[] = []) {
  let state: nn.RecurrentState | undefined;
  const values: number[] = [];
  for (const [i, number] of order.entries()) {
    if (resets.includes(i)) state = undefined;
    let next: nn.RecurrentState | undefined;
    const pending = optimizer.step(() => {
      const result = model.loss(batchAt(number), state);
      const cut = (x: Tensor) => keep(x.detach());
      next = { h: cut(result.state.h), ...(result.state.c && { c: cut(result.state.c) }) };
      return result.loss;
    });
    if (state) model.release(state);
    state = next;
    values.push(await pending.read());
  }
  if (state) model.release(state);
  return values;
}

test.each(cells)("a %s continues from the state of the previous batch, as a loop by hand does", async (arch) => {
  const [a, b] = [makeModel({ arch, layers: 2 }), makeModel({ arch, layers: 2 })];
  const got = losses(await run(a.model, numbered, { optimizer: a.optimizer, steps: 6, carryState: true }));
  expect(got).toEqual(await byHand(b, [0, 1, 2, 3, 4, 5]));
  expect(await stateOf(a)).toEqual(await stateOf(b));
});

test("without carryState every batch starts from zeros", async () => {
  const [a, b] = [makeModel(), makeModel()];
  const got = losses(await run(a.model, numbered, { optimizer: a.optimizer, steps: 3 }));
  expect(got).toEqual(await byHand(b, [0, 1, 2], [0, 1, 2]));
});

test("an epoch begins without a state", async () => {
  const [a, b] = [makeModel(), makeModel()];
  const got = losses(await run(a.model, batches(3), { optimizer: a.optimizer, epochs: 2, carryState: true }));
  expect(got).toEqual(await byHand(b, [0, 1, 2, 0, 1, 2], [3]));
});

test("a loss that answers no state resets it", async () => {
  const [a, b] = [makeModel(), makeModel()];
  let count = 0;
  const loss = (batch: ReturnType<typeof batchAt>, state: nn.RecurrentState | undefined) => {
    const result = a.model.loss(batch, state);
    return ++count === 2 ? { loss: result.loss, state: undefined } : count === 4 ? { loss: result.loss } : result;
  };
  const got = losses(await run(a.model, numbered, { optimizer: a.optimizer, steps: 6, carryState: true, loss }));
  expect(got).toEqual(await byHand(b, [0, 1, 2, 3, 4, 5], [2, 4]));
});

test("a batch after the first is known by its state", async () => {
  const { model, optimizer } = makeModel({ arch: "gru" });
  const states: (readonly string[])[] = [];
  const loss = (batch: ReturnType<typeof batchAt>, state: nn.RecurrentState | undefined) => {
    states.push(Object.keys(state ?? {}));
    return model.loss(batch, state);
  };
  await run(model, numbered, { optimizer, steps: 2, carryState: true, loss });
  expect(states).toEqual([[], ["h"]]);
});

test("a batch that says it does not continue begins without a state", async () => {
  const [a, b] = [makeModel(), makeModel()];
  const loader = { batch: (step: number) => ({ ...batchAt(step), continues: step !== 2 }) };
  const got = losses(await run(a.model, loader, { optimizer: a.optimizer, steps: 4, carryState: true }));
  expect(got).toEqual(await byHand(b, [0, 1, 2, 3], [2]));
});
