// Sequence, free-running: an LSTM reads folk tunes in ABC notation, character by character, and writes tunes of its own.
//
// Nobody tells it what a bar is. Yet the notes between two bar lines must last as long as the meter says, and to get that right it has
// to count: the share of its bars that add up is printed beside that of the tunes it read, and of a Markov chain, which knows which
// character follows two others and no more.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import * as sg from "seqgrad";

await sg.init();
sg.manualSeed(1);
const file = new URL("../../shared/data/nottingham.abc", import.meta.url);

/** Tunes as their meter, their key and their notes, without names and chords. */
function tunesOf(text) {
  return text.split(/\n(?=X:)/).flatMap((tune) => {
    const lines = tune.split("\n").map((line) =>
      line
        .replace(/%.*|"[^"]*"|\\$/g, "")
        .replace(/ +/g, " ")
        .trim(),
    );
    const meter = lines.findLast((line) => /^M: *\d/.test(line));
    const [unit] = lines.filter((line) => line.startsWith("L:"));
    const key = lines.find((line) => line.startsWith("K:"));
    const notes = lines.filter((line) => line !== "" && !/^[A-Za-z]:/.test(line));
    if (!meter || !key || (unit && unit.replaceAll(" ", "") !== "L:1/8")) return [];
    return [`M:${meter.slice(2).trim()}\n${key}\n${notes.join("\n")}\n\n`];
  });
}

/** Tunes made up, where none are at hand: a walk up and down a scale in bars that are whole. */
function madeUp(count) {
  const random = new sg.Generator(1);
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

/** For each bar between plain bar lines, whether its notes, rests and chords last as long as the meter says, in eighths. */
function barsOf(tune) {
  const [, over, under] = /^M: *(\d+)\/(\d+)/.exec(tune) ?? [];
  const wanted = (8 * over) / under;
  const notes = tune.replace(/^[A-Z]:.*$/gm, "").replace(/\{[^}]*\}/g, "");
  // What stands next to a repeat, a double bar or an end may be shorter: an upbeat and what is left of its bar.
  return notes.split(/:\||\|:|::|\|\||\[\d|\|\]|\|\d/).flatMap((part) =>
    part
      .split("|")
      .slice(1, -1)
      .map((bar) => Math.abs(lengthOf(bar) - wanted) < 1e-9),
  );
}

/** Of the notes of a bar: `A2` lasts two units, `A/2` half of one, three after `(3` as long as two, `A>B` one and a half and a half. */
function lengthOf(bar) {
  let [sum, before, tuplet] = [0, 1, { left: 0, by: 1 }];
  for (const [, group, mark, chord, long, halves, short, dotted] of bar.matchAll(
    /\((\d)|([<>])|(\[[^\]]*\]|[_^=]*[A-Ga-gxz][,']*)(\d*)(\/*)(\d*)(?=([<>])?)/g,
  )) {
    if (group) tuplet = { left: Number(group), by: { 2: 3 / 2, 3: 2 / 3, 4: 3 / 4, 6: 2 / 6 }[group] ?? 1 };
    else if (!mark) {
      const inner = chord.startsWith("[") ? Number(/\d+/.exec(chord)?.[0] ?? 1) : 1;
      const length = (inner * Number(long || 1)) / (halves ? (short ? Number(short) : 2 ** halves.length) : 1);
      sum += length * before * (dotted === ">" ? 1.5 : dotted === "<" ? 0.5 : 1) * (tuplet.left-- > 0 ? tuplet.by : 1);
    }
    before = mark === ">" ? 0.5 : mark === "<" ? 1.5 : 1;
  }
  return sum;
}

const share = (tunes) => {
  const bars = tunes.flatMap(barsOf);
  return { bars: bars.length, right: bars.filter(Boolean).length / bars.length };
};

const tunes = existsSync(file) ? tunesOf(readFileSync(file, "utf8")) : madeUp(300);
const text = tunes.join("");
const tokenizer = sg.CharTokenizer.fromText(text);
const model = new sg.models.RecurrentLM({ vocabularySize: tokenizer.size, cell: "lstm", embed: 32, hidden: 128 });
const windows = new sg.RandomWindows(tokenizer.encode(text), { batchSize: 32, sequenceLength: 96, seed: 1 });
const steps = 300;
const optimizer = new sg.optim.AdamW(model.parameters(), { lr: 6e-3, clipNorm: 1 });
console.log(`${tunes.length} tunes, ${text.length} characters; ${model.parameterCount()} parameters`);
for await (const event of sg.fit(model, windows, { optimizer, steps, schedule: sg.optim.cosine(steps, 0.02) }))
  if (event.event === "step" && event.step % 100 === 0) console.log(`step ${event.step}  loss ${event.loss.toFixed(3)}`);

/** Tunes that the model writes, each from a header on, until the empty line at its end. */
async function write(count) {
  const written = [];
  for (let i = 0; i < count; i++) {
    let tune = tunes[(7 * i) % tunes.length].split("\n").slice(0, 2).join("\n").concat("\n");
    for await (const token of sg.generate(model.eval(), tokenizer.encode(tune), { maxTokens: 600, temperature: 0.8, seed: i })) {
      tune += tokenizer.decode([token]);
      if (tune.endsWith("\n\n")) break;
    }
    written.push(tune);
  }
  return written;
}

/** As many by a chain that knows which characters follow two others. */
function chain(count) {
  const random = new sg.Generator(1);
  const next = new Map();
  for (let i = 2; i < text.length; i++) {
    const pair = text.slice(i - 2, i);
    next.set(pair, next.get(pair) ?? []);
    next.get(pair).push(text[i]);
  }
  return Array.from({ length: count }, (_, i) => {
    let tune = tunes[(7 * i) % tunes.length].split("\n").slice(0, 2).join("\n").concat("\n");
    for (let t = 0; t < 600 && !tune.endsWith("\n\n"); t++) {
      const choices = next.get(tune.slice(-2)) ?? ["\n"];
      tune += choices[random.integer(choices.length)];
    }
    return tune;
  });
}

const written = await write(24);
console.log(`\n${written[1]}`);
const [read, own, chained] = [share(tunes), share(written), share(chain(24))];
const line = (name, { bars, right }) => console.log(`  ${name.padEnd(20)} ${(100 * right).toFixed(1).padStart(5)} % of ${bars} bars`);
console.log("bars that add up");
line("tunes it read", read);
line("tunes of the LSTM", own);
line("tunes of the chain", chained);
assert(read.right > 0.95, "bars are read as they are written");
assert(own.right > 0.7 && own.right > 3 * chained.right, "it counts");
