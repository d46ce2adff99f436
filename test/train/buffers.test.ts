import { beforeAll, expect, test } from "vitest";
import type { WindowBatch } from "../../src/data/index.js";
import { affine, crossEntropy, init, io, manualSeed, nn, optim, type Tensor, tensor } from "../../src/index.js";
import { batchAt, losses, numbered, run, stateOf, V } from "../helpers/fit-run.js";

beforeAll(async () => {
  await init();
});

class Net extends nn.Module {
  readonly embedding = new nn.Embedding(V, 6);
  readonly norm = new nn.BatchNorm(6);
  readonly head = new nn.Linear(6, V);

  forward(x: Tensor): Tensor {
    return this.head.forward(this.norm.forward(this.embedding.forward(x)));
  }

  loss({ x, y, shape }: WindowBatch): { loss: Tensor } {
    return { loss: crossEntropy(this.forward(tensor(x, shape)), tensor(y, shape)) };
  }
}

function make(seed: number) {
  manualSeed(seed);
  const model = new Net();
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.05 });
  /** The loss of a batch in evaluation, which running statistics decide. */
  const evaluate = { every: 3, run: () => model.loss(batchAt(77)).loss.item() };
  return { model, optimizer, evaluate };
}

test("a run with batch normalization that is resumed ends as one that never stopped, bit for bit", async () => {
  const whole = make(1);
  const { optimizer, evaluate } = whole;
  const events = await run(whole.model, numbered, { optimizer, evaluate, steps: 10 });

  const store = io.memoryStore();
  const checkpoint = { store, every: 2, resume: true };
  const first = make(1);
  await run(first.model, numbered, { optimizer: first.optimizer, evaluate: first.evaluate, steps: 4, checkpoint });
  const second = make(2);
  const rest = await run(second.model, numbered, { optimizer: second.optimizer, evaluate: second.evaluate, steps: 10, checkpoint });

  expect(losses(rest)).toEqual(losses(events).slice(4));
  expect(await stateOf(second)).toEqual(await stateOf(whole));
  expect((await second.model.stateDict()).get("norm.num_batches_tracked")!.data).toEqual(Int32Array.of(10));
});

test("early stopping brings back the running statistics of the best parameters", async () => {
  const { model, optimizer } = make(1);
  const values = [3, 1, 2, 2];
  const seen: unknown[] = [];
  const evaluate = {
    every: 1,
    run: async () => {
      seen.push(await model.stateDict());
      return values[seen.length - 1]!;
    },
  };
  await run(model, numbered, { optimizer, evaluate, earlyStopping: { patience: 2 }, steps: 10 });
  expect(seen.length).toBe(4);
  expect(await model.stateDict()).toEqual(seen[1]);
});

test("a step that is not finite leaves a Transformer's batch norms and the checkpoint as they were", async () => {
  class Encoder extends Net {
    readonly layer = new nn.TransformerEncoderLayer(6, 2, { dimFeedforward: 8, norm: "batch" });

    override forward(x: Tensor): Tensor {
      return this.head.forward(this.layer.forward(this.norm.forward(this.embedding.forward(x))));
    }
  }
  const train = async (steps: number, bad?: number) => {
    manualSeed(1);
    const model = new Encoder();
    const optimizer = new optim.AdamW(model.parameters(), { lr: 0.05 });
    const store = io.memoryStore();
    const loss = (batch: WindowBatch, _: unknown, step: number) => ({
      loss: affine(model.loss(batch).loss, step === bad ? Number.NaN : 1),
    });
    const events = run(model, numbered, { optimizer, loss, steps, checkpoint: { store, every: 2 } });
    const error = await events.then(
      () => "",
      (reason: Error) => reason.message,
    );
    const saved = io.parseSafetensors((await store.read("training_state.safetensors"))!);
    return { error, saved, state: await stateOf({ model, optimizer }), buffers: [...model.namedBuffers()].length };
  };
  const [refused, whole] = [await train(9, 4), await train(4)];
  expect(refused.error).toMatch(/fit: step 5: the loss is NaN.* as after step 4; the checkpoint of step 4 is kept/);
  expect(whole).toMatchObject({ error: "", buffers: 9 });
  expect(refused.state).toEqual(whole.state);
  expect(refused.saved).toEqual(whole.saved);
});
