import { crossEntropy, init, manualSeed, nn, optim, randint, randn } from "seqgrad";

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
