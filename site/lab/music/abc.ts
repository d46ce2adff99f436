/** A note that sounds: its MIDI number, and its place and length in beats of a quarter. */
export interface Note {
  readonly pitch: number;
  readonly start: number;
  readonly length: number;
  /** The place in the text. */
  readonly at: number;
}

export interface Tune {
  readonly notes: readonly Note[];
  /** The places of bar lines, in beats. */
  readonly bars: readonly number[];
  /** All beats. */
  readonly length: number;
}

const degrees: Readonly<Record<string, number>> = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };
const sharpsOf: Readonly<Record<string, number>> = {
  C: 0,
  G: 1,
  D: 2,
  A: 3,
  E: 4,
  B: 5,
  "F#": 6,
  F: -1,
  Bb: -2,
  Eb: -3,
  Ab: -4,
  Db: -5,
  Gb: -6,
};
const modes: Readonly<Record<string, number>> = { maj: 0, ion: 0, mix: -1, dor: -2, min: -3, m: -3, aeo: -3, phr: -4, lyd: 1, loc: -5 };
const sharpOrder = "FCGDAEB";

/** The letters that a key raises or lowers by a half tone. */
function signature(key: string): Map<string, number> {
  const [, tonic = "C", mode = ""] = /^\s*([A-G][b#]?)\s*([A-Za-z]*)/.exec(key) ?? [];
  const count = (sharpsOf[tonic] ?? 0) + (modes[mode.toLowerCase().slice(0, mode === "m" ? 1 : 3)] ?? 0);
  const letters = count >= 0 ? sharpOrder.slice(0, count) : [...sharpOrder].reverse().join("").slice(0, -count);
  return new Map([...letters].map((letter) => [letter, Math.sign(count)]));
}

const fraction = (text: string, usual: number): number => {
  const [, above = "", below = ""] = /^(\d+)\s*\/\s*(\d+)/.exec(text) ?? [];
  return below ? Number(above) / Number(below) : usual;
};

/** A length such as `3`, `/`, `3/2` or `//`, in units. */
const lengthOf = (times: string, slashes: string, by: string): number =>
  Number(times || 1) / (slashes ? (by ? Number(by) : 2 ** slashes.length) : 1);

const token =
  /(?<skip>"[^"]*"|\{[^}]*\}|![^!]*!|%[^\n]*)|^(?<field>[A-Za-z]):(?<value>[^\n]*)|(?<bar>:?\|[\]|:]*|::)|\((?<tuplet>[2-9])|(?<accidental>\^{1,2}|_{1,2}|=)?(?<letter>[A-Ga-g])(?<octave>[,']*)(?<times>\d*)(?<slashes>\/*)(?<by>\d*)|(?<rest>[zx])(?<restTimes>\d*)(?<restSlashes>\/*)(?<restBy>\d*)|(?<broken>[<>]+)|(?<tie>-)/gm;

/**
 * Reads the notes of a tune in ABC notation: keys, accidentals to the end of the bar, lengths, dotted pairs, tuplets, ties and rests. Of a chord the
 * notes sound one after the other. Repeats are not played again. What it does not know it leaves out.
 */
export function parseTune(text: string): Tune {
  const notes: Note[] = [];
  const bars: number[] = [];
  let [key, meter, unit, time] = [signature("C"), 1, 0, 0];
  let altered = new Map<string, number>();
  let [tuplet, left, broken, isTied] = [1, 0, 1, false];
  const beats = (units: number) => 4 * units * (unit || (meter < 0.75 ? 1 / 16 : 1 / 8));
  const scaled = (length: number) => {
    const all = length * (left > 0 ? tuplet : 1) * broken;
    if (left > 0) left--;
    broken = 1;
    return all;
  };
  for (const match of text.matchAll(token)) {
    const part = match.groups ?? {};
    if (part.field === "K") key = signature(part.value ?? "");
    else if (part.field === "M") meter = /C/.test(part.value ?? "") ? 1 : fraction((part.value ?? "").trim(), meter);
    else if (part.field === "L") unit = fraction((part.value ?? "").trim(), unit);
    else if (part.bar) {
      altered = new Map();
      bars.push(time);
    } else if (part.tuplet) {
      const count = Number(part.tuplet);
      [tuplet, left] = [(count === 2 ? 3 : count === 4 ? 3 : 2) / count, count];
    } else if (part.tie) isTied = true;
    else if (part.broken) {
      const last = notes.at(-1);
      if (!last) continue;
      const more = 1 - 0.5 ** part.broken.length;
      const change = part.broken[0] === ">" ? more : -more;
      notes[notes.length - 1] = { ...last, length: last.length * (1 + change) };
      time += last.length * change;
      broken = 1 - change;
    } else if (part.rest) time += scaled(beats(lengthOf(part.restTimes ?? "", part.restSlashes ?? "", part.restBy ?? "")));
    else if (part.letter) {
      const letter = part.letter.toUpperCase();
      const signs: Readonly<Record<string, number>> = { "^": 1, "^^": 2, _: -1, __: -2, "=": 0 };
      if (part.accidental) altered.set(letter, signs[part.accidental] ?? 0);
      const octaves = [...(part.octave ?? "")].reduce((sum, sign) => sum + (sign === "'" ? 12 : -12), part.letter === letter ? 60 : 72);
      const pitch = octaves + (degrees[letter] ?? 0) + (altered.get(letter) ?? key.get(letter) ?? 0);
      const length = scaled(beats(lengthOf(part.times ?? "", part.slashes ?? "", part.by ?? "")));
      const last = notes.at(-1);
      if (isTied && last?.pitch === pitch) notes[notes.length - 1] = { ...last, length: last.length + length };
      else notes.push({ pitch, start: time, length, at: match.index });
      isTied = false;
      time += length;
    }
  }
  return { notes, bars, length: time };
}
