// Sequence, free-running: an LSTM reads folk tunes in ABC notation, character by character, and writes tunes of its own.
//
// Nobody tells it what a bar is. Yet the notes between two bar lines must last as long as the meter says, and to get that right it has
// to count: the share of its bars that add up is printed, and the same share of the tunes it read and of a Markov chain, which knows which
// character follows two others and no more. Small: 300 updates and 24 tunes; `--full`: 1,200 updates and 192 tunes, of whose bars 89 to
// 93 % add up with each of two seeds, on Node 20 and 24 (83 to 90 % at temperature 0.8). 24 tunes would be too few to tell: 60 to 100 %.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import * as sg from "seqgrad";
import { barsOf } from "./lib/abc.mjs";

const full = process.argv.includes("--full");
const { steps, count, least } = full ? { steps: 1200, count: 192, least: 0.85 } : { steps: 300, count: 24, least: 0.7 };
await sg.init();
sg.manualSeed(1);
const file = new URL("../../shared/data/nottingham.abc", import.meta.url);

/** Tunes as their meter, unit, key and notes, without names and chords. */
function tunesOf(text) {
  return text.split(/\n(?=X:)/).map((tune) => {
    const lines = tune.split("\n").map((line) =>
      line
        .replace(/%.*|"[^"]*"|\\$/g, "")
        .replace(/ +/g, " ")
        .trim(),
    );
    return `${lines.filter((line) => line !== "" && !/^[A-JN-Za-z]:(?![|:])/.test(line)).join("\n")}\n\n`;
  });
}

/** The head of a tune, for another to begin with. */
const headOf = (tune) => /^([MLK]:.*\n)+/.exec(tune)[0];

/** Tunes made up, where none are at hand: a walk up and down a scale in bars that are whole. */
function madeUp(count) {
  const random = new sg.RandomGenerator(1);
  const bar = (length, at) => {
    let text = "";
    for (let left = length; left > 0; ) {
      const long = Math.min(left, [1, 1, 1, 2, 2, 3][random.integer(6)]);
      at.note = Math.max(0, Math.min(13, at.note + random.integer(5) - 2));
      text += "CDEFGABcdefgab"[at.note] + (long > 1 ? long : "");
      left -= long;
    }
    return text;
  };
  return Array.from({ length: count }, () => {
    const [meter, length] = random.uniform() < 0.5 ? ["4/4", 8] : ["6/8", 6];
    const at = { note: 5 };
    const line = () => `${Array.from({ length: 4 }, () => bar(length, at)).join("|")}|`;
    return `M:${meter}\nK:C\n${line()}\n${line()}\n\n`;
  });
}

const share = (tunes) => {
  const bars = tunes.flatMap(barsOf);
  return { bars: bars.length, right: bars.filter(({ right }) => right).length / bars.length };
};

const tunes = existsSync(file) ? tunesOf(readFileSync(file, "utf8")) : madeUp(300);
const text = tunes.join("");
console.log(
  existsSync(file)
    ? "Data: folk tunes of the Nottingham Music Database."
    : "Data: made-up tunes, because the real ones are missing: put the files of ABC_cleaned in " +
        "https://github.com/jukedeck/nottingham-dataset, joined to one file nottingham.abc, into the folder shared/data beside the project.",
);
const tokenizer = sg.text.CharTokenizer.fromText(text);
const model = new sg.models.RecurrentLM({ vocab: tokenizer.size, arch: "lstm", embed: 32, hidden: 128 });
const windows = new sg.data.RandomWindows(tokenizer.encode(text), { batch: 32, context: 96, seed: 1 });
const optimizer = new sg.optim.AdamW(model.parameters(), { lr: 6e-3, clipNorm: 1 });
console.log(`${tunes.length} tunes, ${text.length} characters; ${model.parameterCount()} parameters`);
for await (const event of sg.fit(model, windows, { optimizer, steps, schedule: sg.optim.cosine(steps, 0.02) }))
  if (event.type === "step" && event.step % 100 === 0) console.log(`step ${event.step}  loss ${event.loss.toFixed(3)}`);

/** Tunes that the model writes, each from a header on, until the empty line at its end. */
async function write() {
  const written = [];
  for (let i = 0; i < count; i++) {
    let tune = headOf(tunes[(7 * i) % tunes.length]);
    for await (const token of sg.generate(model.eval(), tokenizer.encode(tune), { maxTokens: 600, temperature: 0.6, seed: i })) {
      tune += tokenizer.decode([token]);
      if (tune.endsWith("\n\n")) break;
    }
    written.push(tune);
  }
  return written;
}

/** As many by a chain that knows which characters follow two others. */
function chain() {
  const random = new sg.RandomGenerator(1);
  const next = new Map();
  for (let i = 2; i < text.length; i++) {
    const pair = text.slice(i - 2, i);
    next.set(pair, next.get(pair) ?? []);
    next.get(pair).push(text[i]);
  }
  return Array.from({ length: count }, (_, i) => {
    let tune = headOf(tunes[(7 * i) % tunes.length]);
    for (let t = 0; t < 600 && !tune.endsWith("\n\n"); t++) {
      const choices = next.get(tune.slice(-2)) ?? ["\n"];
      tune += choices[random.integer(choices.length)];
    }
    return tune;
  });
}

const written = await write();
console.log(`\n${written[1]}`);
const [read, own, chained] = [share(tunes), share(written), share(chain())];
const line = (name, { bars, right }) => console.log(`  ${name.padEnd(20)} ${(100 * right).toFixed(1).padStart(5)} % of ${bars} bars`);
console.log("bars that add up");
line("tunes it read", read);
line("tunes of the LSTM", own);
line("tunes of the chain", chained);
assert(read.right > 0.95, "bars are read as they are written");
assert(own.right > least && own.right > 3 * chained.right, "it counts");
