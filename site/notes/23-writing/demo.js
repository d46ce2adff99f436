import * as sg from "seqgrad";

const seed = 1;
await sg.init();
sg.manualSeed(seed);
const random = new sg.RandomGenerator(seed);
const pick = (items) => items[random.integer(items.length)];

// The thing says how the sentence ends, a few words later.
const ends = { car: "drive", dog: "walk", horse: "ride", boat: "sail", coat: "clean" };
const openings = ["This morning", "Last night", "On Sunday", "After lunch"];
function sentence() {
  const thing = pick(Object.keys(ends));
  return `${pick(openings)} ${pick(["I", "we"])} took ${pick(["my", "our", "the old"])} ${thing} for a ${ends[thing]}.`;
}
const text = Array.from({ length: 400 }, sentence).join("\n");
const tokenizer = sg.text.trainTokenizer([text], { unit: "words" });
const model = new sg.models.RecurrentLM({ vocab: tokenizer.size, arch: "lstm", embed: 16, hidden: 32 });
const windows = new sg.data.RandomWindows(tokenizer.encode(text), { batch: 8, context: 24, seed });
const optimizer = new sg.optim.Adam(model.parameters(), { lr: 1e-2, clipNorm: 1 });

/** The four likeliest next words: softmax(logits / T). */
async function nextWords(prompt, temperature) {
  const { logits, state } = await model.step(tokenizer.encode(prompt));
  model.release(state);
  const scores = Array.from(logits, (z) => Math.exp(z / temperature));
  const total = scores.reduce((sum, score) => sum + score);
  const likeliest = scores.map((_, id) => id).sort((a, b) => scores[b] - scores[a]);
  const percent = (id) => `${((100 * scores[id]) / total).toFixed(2)} %`;
  return likeliest.slice(0, 4).map((id) => ({ "next word": tokenizer.tokenOf(id), probability: percent(id) }));
}

/** A sentence of the model's own, drawn at a temperature. */
async function write(temperature, seed) {
  const tokens = [];
  for await (const token of sg.generate(model, tokenizer.encode("."), { maxTokens: 14, temperature, seed })) tokens.push(token);
  return `${tokenizer.decode(tokens).split(".")[0].trim()}.`;
}

for await (const event of sg.fit(model, windows, { optimizer, steps: 300 })) {
  if (event.type === "step") show.line("Loss", { training: event.loss }, event.step);
  if (event.type === "step" && event.step % 10 === 0) {
    const [temperature, prompt] = [control("temperature"), "This morning I took my car for a"];
    const lines = [await write(temperature, event.step), await write(temperature, event.step + 1)];
    show.text("Sentences of its own", lines.join("\n"));
    show.table(`${prompt} ...`, await nextWords(prompt, temperature));
  }
  await show.frame();
}

const makesSense = (line) => Object.entries(ends).some(([thing, end]) => line.endsWith(` ${thing} for a ${end}.`));
const results = [];
for (const temperature of [0.2, 1, 2]) {
  const written = [];
  for (let i = 0; i < 40; i++) written.push(await write(temperature, i));
  const sensible = written.filter(makesSense);
  results.push({ temperature, "make sense": sensible.length, "of these differ": new Set(sensible).size });
  show.table("Forty sentences at each temperature", [...results]);
  await show.frame();
}
const best = results.reduce((a, b) => (b["of these differ"] > a["of these differ"] ? b : a));
show.answer(`${best.temperature}`);
