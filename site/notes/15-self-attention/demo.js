import * as sg from "seqgrad";

const seed = 1;
await sg.init();
sg.manualSeed(seed);
const isOn = control("attention") === "on";

// Is it a bank of money (0) or of a river (1)? Only the words around it say so.
const money = ["money bank grows", "loan bank lends", "money bank lends", "loan bank grows"];
const river = ["river bank flows", "stream bank floods", "river bank floods", "stream bank flows"];
const sentences = [...money, ...river].map((text) => text.split(" "));
const vocabulary = [...new Set(sentences.flat())];
const tokens = Int32Array.from(sentences.flat(), (word) => vocabulary.indexOf(word));
const senses = Int32Array.from(sentences, (_, b) => Number(b >= money.length));

class Bank extends sg.nn.Module {
  embedding = new sg.nn.Embedding(vocabulary.length, 2);
  head = new sg.nn.Linear(2, 2);

  /** w_ij = softmax_j(e_i . e_j) and y_i = sum_j w_ij e_j: attention without parameters. */
  attend() {
    const e = this.embedding.forward(sg.tensor(tokens, [sentences.length, 3]));
    const weights = sg.softmax(sg.matmul(e, sg.transpose(e)));
    return { weights, y: isOn ? sg.matmul(weights, e) : e };
  }

  /** The scores of both senses, from the vector of the second word, "bank". */
  forward() {
    return this.head.forward(sg.select(this.attend().y, 1, { axis: 1 }));
  }
}
const model = new Bank();
const optimizer = new sg.optim.Adam(model.parameters(), { lr: 0.03 });
const row = (y, b, i) => Array.from(sg.select(sg.select(y, b), i).dataSync());

function look() {
  const { weights, y } = model.attend();
  for (const b of [0, money.length]) {
    const [rows, values] = [sentences[b], [0, 1, 2].map((i) => row(weights, b, i))];
    show.matrix(`The weights in "${rows.join(" ")}"`, { rows, columns: rows, values, range: [0, 1] });
  }
  const cosine = sg.text.cosineOf(row(y, 0, 1), row(y, money.length, 1));
  show.text("Cosine of the vectors of bank in both sentences", cosine.toFixed(3));
  const guesses = sg.argmax(model.forward(), { axis: -1 }).dataSync();
  show.answer(senses.every((sense, b) => sense === guesses[b]) ? "yes" : "no");
}

for (let step = 1; step <= 200; step++) {
  const loss = optimizer.step(() => sg.crossEntropy(model.forward(), sg.tensor(senses)));
  show.line("Loss", { "money or river": await loss.read() }, step);
  if (step % 10 === 0) sg.scope(() => sg.noGrad(look));
  await show.frame();
}
