import * as sg from "seqgrad";

const seed = 1;
await sg.init();
sg.manualSeed(seed);
const random = new sg.RandomGenerator(seed);

// "two one four six three one" -> "deux un quatre six trois un": word by word, in the same order.
const english = ["one", "two", "three", "four", "five", "six"];
const french = ["un", "deux", "trois", "quatre", "cinq", "six"];
function pair() {
  const numbers = Array.from({ length: 6 }, () => random.integer(english.length));
  return { source: numbers.map((n) => english[n]).join(" "), target: numbers.map((n) => french[n]).join(" ") };
}
const pairs = Array.from({ length: 1000 }, pair);
const unseen = Array.from({ length: 40 }, pair);

const reverse = control("source") === "reversed";
const sizes = { arch: "gru", hidden: 48, embed: 16, dropout: 0, attention: "none", bidirectional: false };
const task = sg.tasks.Translator.create(pairs, { ...sizes, reverse, unit: "words", minCount: 1 });
const optimizer = new sg.optim.Adam(task.model.parameters(), { lr: 5e-3, clipNorm: 1 });

for await (const event of sg.fit(task.model, task.loader(pairs, { batch: 16 }), { optimizer, epochs: 8 })) {
  if (event.type === "step" && event.step % 5 === 0) show.line("Loss", { training: event.loss }, event.step);
  if (event.type === "epoch") {
    const written = await task.predict(unseen.map(({ source }) => source));
    // The share of unseen sentences in which the word at each place is right.
    const right = Array.from({ length: 6 }, (_, t) => {
      const hits = written.filter((text, i) => text.split(" ")[t] === unseen[i].target.split(" ")[t]);
      return hits.length / unseen.length;
    });
    show.matrix("Share right, by the place of the word", {
      rows: ["right"],
      columns: right.map((_, t) => `word ${t + 1}`),
      values: [right],
      range: [0, 1],
    });
    show.line("Loss of an epoch", { training: event.loss, "the question's bound": 0.23 }, event.epoch + 1);
    show.answer(event.loss < 0.23 ? "yes" : "no");
  }
  await show.frame();
}
