import * as sg from "seqgrad";

const device = await sg.init();
sg.manualSeed(1);

const text = "she sells sea shells by the sea shore. ";
const characters = [...new Set(text)];
const tokens = Array.from(text, (c) => characters.indexOf(c));

const embedding = new sg.nn.Embedding(characters.length, 16);
const lstm = new sg.nn.LSTM(16, 64);
const head = new sg.nn.Linear(64, characters.length);
const parameters = [embedding, lstm, head].flatMap((layer) => layer.parameters());
const optimizer = new sg.optim.AdamW(parameters, { lr: 1e-2, clipNorm: 1 });

const x = sg.tensor(Int32Array.from(tokens), [1, tokens.length]);
const y = sg.tensor(Int32Array.from([...tokens.slice(1), tokens[0]]), [1, tokens.length]);
for (let step = 1; step <= 200; step++) {
  const loss = optimizer.step(() => sg.crossEntropy(head.forward(lstm.forward(embedding.forward(x)).output), y));
  if (step % 50 === 0) console.log(`step ${step}: loss ${(await loss.read()).toFixed(4)}`);
}

const best = sg.noGrad(() => sg.argmax(head.forward(lstm.forward(embedding.forward(x)).output), -1));
const predicted = Array.from(await best.data(), (token) => characters[token]).join("");
console.log(`${device.info}: "${text[0]}${predicted}"`);
