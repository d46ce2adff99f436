// Sequence -> sequence, unaligned: a melody of tones in noise -> the names of its notes.
//
// Nobody says when a note begins, nor how long it lasts: the LSTM, in both directions, gives each frame of the sound the probabilities
// of the notes and of a blank, and the loss sums over all the ways to place the notes (connectionist temporal classification, Graves
// et al. 2006). What it learns are spikes: sure of a note for a frame or two, blank in between. Notes repeated at once are hard.
import assert from "node:assert/strict";
import * as sg from "seqgrad";

await sg.init();
sg.manualSeed(1);
const random = new sg.RandomGenerator(1);
const between = (low, high) => low + random.integer(high - low + 1);

const notes = "cdefgahC";
const pitches = [262, 294, 330, 349, 392, 440, 494, 523]; // Hz
const [rate, frame] = [4000, 100]; // samples a second and a frame
const bands = Array.from({ length: 20 }, (_, k) => 240 * 2 ** (k / 15)); // Hz

/** Some notes, each as long as it likes, and their sound: tones that fade, a second voice an octave up, and noise. */
function melody() {
  const text = Array.from({ length: between(3, 9) }, () => notes[random.integer(notes.length)]).join("");
  const sound = [];
  for (const note of text) {
    const [pitch, length, loud] = [
      pitches[notes.indexOf(note)] * (0.99 + 0.02 * random.uniform()),
      between(4, 9) * frame,
      0.5 + random.uniform(),
    ];
    for (let i = 0; i < length; i++) {
      const phase = (2 * Math.PI * pitch * i) / rate;
      sound.push(loud * Math.exp((-2 * i) / length) * (Math.sin(phase) + 0.3 * Math.sin(2 * phase)));
    }
    sound.push(...new Array(random.integer(3) * frame).fill(0));
  }
  return { text, frames: spectrogram(sound.map((x) => x + 1.2 * (random.uniform() + random.uniform() - 1))) };
}

/** The logarithm of each band's energy in each frame and its neighbors, by a Fourier sum. */
function spectrogram(sound) {
  const window = Array.from({ length: 2 * frame }, (_, i) => Math.sin((Math.PI * (i + 0.5)) / (2 * frame)) ** 2);
  return Array.from({ length: Math.floor(sound.length / frame) }, (_, t) =>
    bands.map((band) => {
      let [re, im] = [0, 0];
      for (const [i, w] of window.entries()) {
        const [x, angle] = [w * (sound[t * frame + i - frame / 2] ?? 0), (2 * Math.PI * band * i) / rate];
        re += x * Math.cos(angle);
        im += x * Math.sin(angle);
      }
      return Math.log(1 + re * re + im * im);
    }),
  );
}

const melodies = Array.from({ length: 700 }, melody);
const unseen = melodies.splice(0, 100);
const task = sg.tasks.SpeechRecognizer.create(melodies, { arch: "lstm", hidden: 48, dropout: 0 });
const loader = task.loader(melodies, { batch: 16 });
const optimizer = new sg.optim.Adam(task.model.parameters(), { lr: 1e-2, clipNorm: 1 });
const epochs = 8;
for await (const event of sg.fit(task.model, loader, { optimizer, epochs, schedule: sg.optim.cosine(epochs * loader.length, 0.02) }))
  if (event.type === "epoch") console.log(`epoch ${event.epoch}  CTC loss of a note ${event.loss.toFixed(4)}`);

/** The sound, band by band, and below it the note of which each frame is surest, if of any. */
async function draw({ text, frames }) {
  const shades = " .:-=+*#@";
  const loudest = Math.max(...frames.flat());
  console.log(`\n${text}`);
  for (let k = bands.length - 1; k >= 0; k -= 2)
    console.log(`  ${frames.map((f) => shades[Math.floor((8 * Math.max(f[k], f[k - 1])) / loudest)]).join("")}`);
  const logProbs = sg.scope(() => sg.noGrad(() => task.model.forward(sg.data.padFrames([frames], { scaler: task.scaler })).dataSync()));
  const classes = task.tokenizer.size;
  const spikes = frames.map((_, t) => sg.decode.ctcDecode(logProbs.slice(t * classes, (t + 1) * classes), classes));
  console.log(`  ${spikes.map((spike) => task.tokenizer.decode(spike) || "_").join("")}`);
}
task.model.eval();
for (const recording of unseen.slice(0, 2)) await draw(recording);

const rateOf = (answers) =>
  sg.metrics.symbolErrorRate(
    answers,
    unseen.map(({ text }) => text),
  );
const listen = (options) =>
  task.predict(
    unseen.map(({ frames }) => frames),
    options,
  );
const [greedy, searched] = [rateOf(await listen({})), rateOf(await listen({ beam: 8 }))];
console.log(`\nsymbol error rate on ${unseen.length} unseen melodies: ${(100 * greedy).toFixed(1)} % frame by frame,`);
console.log(`${(100 * searched).toFixed(1)} % by prefix search with 8 beams`);
assert(greedy <= 0.05 && searched <= 0.05, "it hears the notes");
