import * as sg from "seqgrad";

const seed = 1;
await sg.init();
sg.manualSeed(seed);
const random = new sg.RandomGenerator(seed);

// Write the next eight numbers of a walk: from a start, with a step of 1, 2 or 3, round and round.
const N = 12;
const names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"];
function pair() {
  const [start, stride] = [random.integer(N), 1 + random.integer(3)];
  const walk = Array.from({ length: 10 }, (_, i) => names[(start + i * stride) % N]);
  return { source: walk.slice(0, 2).join(" "), target: walk.slice(2).join(" ") };
}
const pairs = Array.from({ length: 300 }, pair);

const sizes = { arch: "gru", hidden: 24, embed: 12, dropout: 0, attention: "none", bidirectional: false, unit: "words", minCount: 1 };
const task = sg.tasks.Translator.create(pairs, sizes);
task.model.teacherForcing = control("ratio"); // of the decoder's inputs, the share that are the right words
const optimizer = new sg.optim.Adam(task.model.parameters(), { lr: 5e-3, clipNorm: 1 });

/** The share of words that are right when the decoder reads its own output. */
async function alone() {
  const written = await task.predict(pairs.slice(0, 36).map(({ source }) => source));
  const shares = written.map((text, i) => {
    const words = pairs[i].target.split(" ");
    return text.split(" ").filter((word, t) => word === words[t]).length / words.length;
  });
  return shares.reduce((sum, share) => sum + share / shares.length, 0);
}

for await (const event of sg.fit(task.model, task.loader(pairs, { batch: 16 }), { optimizer, epochs: 20 })) {
  if (event.type === "step" && event.step % 4 === 0) show.line("Loss", { training: event.loss }, event.step);
  if (event.type === "epoch") {
    const right = await alone();
    show.line("Words that are right without a teacher", { share: right }, event.epoch + 1);
    const [reply] = await task.predict([pairs[0].source]);
    show.table("A walk", [{ given: pairs[0].source, written: reply, expected: pairs[0].target }]);
    show.answer(right > 0.9 ? "yes" : "no");
  }
  await show.frame();
}
