// A character model: it reads a text, learns which character follows, and writes on.
//   node examples/character-model.mjs [FILE]
// Without a file it learns the few lines below by heart; give it a hundred kilobytes of your own for something more like a language.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import * as sg from "seqgrad";

const [file] = process.argv.slice(2);
const rhyme = `A word that comes too late to say
is kept, and not forgotten:
the gate is shut, it waits all day
behind a door of cotton.
And when the line is at its end
the cell lets go its treasure:
the word goes out to meet a friend
and rhymes with it for pleasure.
`.repeat(8);

await sg.init();
sg.manualSeed(1);
const text = file ? sg.text.decodeText(await readFile(file), file) : rhyme;
const tokenizer = sg.text.CharTokenizer.fromText(text);

// Embedding -> LSTM -> linear: the scores of the next character, [B, T] -> [B, T, V].
const model = new sg.models.RecurrentLM({ vocab: tokenizer.size, arch: "lstm", embed: 32, hidden: 128 });
const windows = new sg.data.RandomWindows(tokenizer.encode(text), { batch: 16, context: 48, seed: 1 });
const optimizer = new sg.optim.AdamW(model.parameters(), { lr: 1e-2, clipNorm: 1 });

console.log(`${text.length} characters, ${tokenizer.size} different; ${model.parameterCount()} parameters`);
let loss = Number.NaN;
for await (const event of sg.fit(model, windows, { optimizer, steps: 120 })) {
  if (event.type !== "step") continue;
  loss = event.loss;
  if (event.step % 20 === 0) console.log(`step ${String(event.step).padStart(3)}  loss ${loss.toFixed(3)}  ${"=".repeat(16 * loss)}`);
}

// Every character is drawn from softmax(scores / temperature), then read as the next input.
const prompt = text.slice(0, 7);
let written = prompt;
for await (const token of sg.generate(model.eval(), tokenizer.encode(prompt), { maxTokens: 250, temperature: 0.5, seed: 1 })) {
  written += tokenizer.decode([token]);
}
console.log(`\n${written}`);

assert(loss < Math.log(tokenizer.size), "the model does better than a guess among all characters");
if (!file) assert(text.includes(written.slice(0, 120)), "the model writes the rhyme");
