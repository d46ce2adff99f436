import { Draw } from "./random.js";

export const notes = "cdefgahC";
export const pitches = [262, 294, 330, 349, 392, 440, 494, 523];
const RATE = 4000;
/** Samples of a frame. */
const FRAME = 100;
const bands = Array.from({ length: 20 }, (_, k) => 240 * 2 ** (k / 15));

/** Of each band the cosines and sines of a window of two frames. */
const waves = bands.map((band) => {
  const shape = Array.from({ length: 2 * FRAME }, (_, i) => Math.sin((Math.PI * (i + 0.5)) / (2 * FRAME)) ** 2);
  const angle = (i: number) => (2 * Math.PI * band * i) / RATE;
  return {
    re: Float64Array.from(shape, (w, i) => w * Math.cos(angle(i))),
    im: Float64Array.from(shape, (w, i) => w * Math.sin(angle(i))),
  };
});

export interface Melody {
  readonly frames: readonly (readonly number[])[];
  readonly text: string;
}

/** The logarithm of each band's energy, frame by frame. */
function spectrogram(sound: Float64Array): number[][] {
  return Array.from({ length: Math.floor(sound.length / FRAME) }, (_, t) =>
    waves.map(({ re, im }) => {
      let [a, b] = [0, 0];
      for (let i = 0; i < 2 * FRAME; i++) {
        const x = sound[t * FRAME + i - FRAME / 2] ?? 0;
        a += x * (re[i] ?? 0);
        b += x * (im[i] ?? 0);
      }
      return Number(Math.log(1 + a * a + b * b).toFixed(3));
    }),
  );
}

/** Tones that fade, each as long as it likes, in noise. */
export function melodies(count = 260, noise = 0.8): Melody[] {
  const draw = new Draw(47);
  return Array.from({ length: count }, () => {
    const text = Array.from({ length: draw.between(3, 7) }, () => draw.of([...notes])).join("");
    const sound: number[] = [];
    for (const note of text) {
      const pitch = (pitches[notes.indexOf(note)] ?? 440) * (0.99 + 0.02 * draw.random.uniform());
      const [length, loud] = [draw.between(4, 8) * FRAME, 0.6 + draw.random.uniform()];
      for (let i = 0; i < length; i++) {
        const phase = (2 * Math.PI * pitch * i) / RATE;
        sound.push(loud * Math.exp((-2 * i) / length) * (Math.sin(phase) + 0.3 * Math.sin(2 * phase)));
      }
      for (let i = draw.between(0, 2) * FRAME; i > 0; i--) sound.push(0);
    }
    const noisy = Float64Array.from(sound, (x) => x + noise * draw.noise());
    return { text, frames: spectrogram(noisy) };
  });
}
