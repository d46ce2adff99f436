import * as sg from "seqgrad";

const seed = 1;
await sg.init();
sg.manualSeed(seed);
const random = new sg.RandomGenerator(seed);

// "two one four" -> "deux un quatre": 1 to 10 words.
const english = ["one", "two", "three", "four", "five", "six"];
const french = ["un", "deux", "trois", "quatre", "cinq", "six"];
function pairOf(length) {
  const numbers = Array.from({ length }, () => random.integer(english.length));
  return { source: numbers.map((n) => english[n]).join(" "), target: numbers.map((n) => french[n]).join(" ") };
}
const longest = 10;
const pairs = Array.from({ length: 1600 }, () => pairOf(1 + random.integer(longest)));
const unseen = Array.from({ length: 20 * longest }, (_, i) => pairOf(1 + (i % longest)));

// The encoder's last state, H numbers, is all that the decoder knows of the sentence.
const sizes = { arch: "gru", hidden: control("hidden"), embed: 16, dropout: 0 };
const reading = { attention: "none", bidirectional: false, reverse: true, unit: "words", minCount: 1 };
const task = sg.tasks.Translator.create(pairs, { ...sizes, ...reading });
const optimizer = new sg.optim.Adam(task.model.parameters(), { lr: 5e-3, clipNorm: 1 });

/** The share of the unseen sentences of each length that are translated without a mistake. */
async function shares() {
  const written = await task.predict(unseen.map(({ source }) => source));
  const right = new Array(longest).fill(0);
  for (const [i, { target }] of unseen.entries()) right[i % longest] += written[i] === target ? 1 / 20 : 0;
  return right;
}

const columns = Array.from({ length: longest }, (_, i) => `${i + 1}`);
const values = [];
for await (const event of sg.fit(task.model, task.loader(pairs, { batch: 16 }), { optimizer, epochs: 10 })) {
  if (event.type === "step") await show.frame();
  if (event.type !== "epoch") continue;
  show.line("Loss", { training: event.loss }, event.epoch + 1);
  values.push(await shares());
  const rows = values.map((_, i) => `epoch ${i + 1}`);
  show.matrix("Share without a mistake, by number of words", { rows, columns, values, range: [0, 1] });
}

const mean = (numbers) => numbers.reduce((sum, n) => sum + n) / numbers.length;
const [short, long] = [values.at(-1).slice(0, 3), values.at(-1).slice(7)].map((part) => mean(part) > 0.75);
show.answer(short ? (long ? "both" : "only the short ones") : long ? "only the long ones" : "neither");
