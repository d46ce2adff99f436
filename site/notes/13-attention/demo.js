import * as sg from "seqgrad";

const seed = 1;
await sg.init();
sg.manualSeed(seed);
const random = new sg.RandomGenerator(seed);
const pick = (words) => random.shuffle(Object.entries(words))[0];

// A color follows its noun in French: "the big red dog" -> "le gros chien rouge". A sentence has 1 to 3 such clauses.
const sizes = { big: "gros", small: "petit", old: "vieux" };
const colors = { red: "rouge", green: "vert", black: "noir" };
const nouns = { dog: "chien", cat: "chat", bird: "oiseau", horse: "cheval" };
function sentence(clauses) {
  const parts = Array.from({ length: clauses }, () => [pick(sizes), pick(colors), pick(nouns)]);
  const source = parts.map(([size, color, noun]) => `the ${size[0]} ${color[0]} ${noun[0]}`).join(" and ");
  return { source, target: parts.map(([size, color, noun]) => `le ${size[1]} ${noun[1]} ${color[1]}`).join(" et ") };
}
const pairs = Array.from({ length: 800 }, (_, i) => sentence(1 + (i % 3)));
const unseen = [1, 2, 3].map((clauses) => Array.from({ length: 20 }, () => sentence(clauses)));
const example = { source: "the big red dog and the old black cat", target: "le gros chien rouge et le vieux chat noir" };

const options = { arch: "lstm", hidden: 32, embed: 16, dropout: 0, attention: control("attention"), unit: "words", minCount: 1 };
const task = sg.tasks.Translator.create(pairs, options);
const optimizer = new sg.optim.Adam(task.model.parameters(), { lr: 1e-2, clipNorm: 1 });

/** alpha_ij of the example: a row for each French word, a column for each English one. */
function alignment() {
  const { sos, eos } = task.target.special;
  const read = sg.data.padRows([[...task.source.encode(example.source), eos]]);
  const written = Int32Array.of(sos, ...task.target.encode(example.target));
  const decode = () => task.model.decode(sg.tensor(written, [1, written.length]), task.model.encode(read)).weights?.dataSync();
  const flat = sg.scope(() => sg.noGrad(decode));
  return flat && Array.from(written, (_, i) => Array.from(flat.slice(i * read.shape[1], (i + 1) * read.shape[1])));
}

const [rows, columns] = [`${example.target} .`.split(" "), `${example.source} .`.split(" ")];
const epochs = 8;
const schedule = sg.optim.cosine((epochs * pairs.length) / 16, 0.1);
for await (const event of sg.fit(task.model, task.loader(pairs, { batch: 16 }), { optimizer, epochs, schedule })) {
  if (event.type === "step" && event.step % 5 === 0) {
    show.line("Loss", { training: event.loss }, event.step);
    const values = alignment();
    if (values) show.matrix("Where each French word looks", { rows, columns, values, range: [0, 1] });
    const at = values?.[rows.indexOf("rouge")];
    const word = at ? columns[at.indexOf(Math.max(...at))] : "nowhere";
    show.answer(["red", "dog", "nowhere"].includes(word) ? word : "another word");
  }
  if (event.type === "epoch")
    for (const [i, some] of unseen.entries())
      show.line("Unseen sentences without a mistake", { [`${5 * i + 4} words`]: (await task.evaluate(some)).exact }, event.epoch + 1);
  await show.frame();
}
