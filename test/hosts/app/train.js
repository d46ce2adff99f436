import { crossEntropy, init, manualSeed, nn, optim, randint, randn, worker } from "seqgrad";

/** Trains an LSTM to tag random sequences, and returns the loss of each of ten steps. */
export async function train() {
  await init({ deterministic: true });
  manualSeed(1);
  const [lstm, head] = [new nn.LSTM(4, 16), new nn.Linear(16, 3)];
  const adam = new optim.Adam([...lstm.parameters(), ...head.parameters()], { lr: 0.05 });
  const [x, tags] = [randn([4, 6, 4]), randint([4, 6], { high: 3 })];
  const step = () => adam.step(() => crossEntropy(head.forward(lstm.forward(x).output), tags));
  const losses = [];
  while (losses.length < 10) losses.push(await step().read());
  return losses;
}

/** Trains a language model in a worker, and returns the loss of each of ten steps. */
export async function trainInWorker() {
  const trainer = await worker.start({ deterministic: true, seed: 1 });
  const text = "to be or not to be, that is the question. ".repeat(20);
  const task = await trainer.tasks.LanguageModel.create(text, { arch: "lstm", hidden: 16, context: 8 });
  const losses = [];
  for await (const event of task.train(text, { steps: 10, batch: 4, lr: 0.05, validation: 0 }))
    if (event.type === "step") losses.push(event.loss);
  trainer.close();
  return losses;
}

export const answer = async () => JSON.stringify({ main: await train(), worker: await trainInWorker() });
