import { checkArray, checkText, kindOf, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { maxOf } from "../util/numbers.js";
import { checkOptions } from "../util/options.js";
import { SeriesScaler, seriesOf } from "./series.js";

/** Vectors of one size in their order: the frames of a sound, the places of a picture. */
export type Frames = readonly (readonly number[])[];

/** Frames of different lengths as one array. */
export interface PaddedFrames {
  /** `[B, T, F]`, row-major; zeros fill up. */
  readonly data: Float32Array<ArrayBuffer>;
  readonly shape: readonly [B: number, T: number, F: number];
  /** How many frames of each row are valid. */
  readonly lengths: readonly number[];
}

/**
 * Fills sequences of vectors up at their ends to the longest.
 *
 * @param sequences B sequences of vectors of one size F
 * @param options `scaler`: takes each feature to its own scale; default none
 * @returns data `[B, T, F]`, its shape, and the lengths
 * @throws SeqgradError `value` for an empty list or an empty sequence, `shape` for vectors of different sizes, `not-finite` for values
 *   that are not numbers
 * @example
 * const { data, shape } = sg.data.padFrames([[[1, 2], [3, 4]], [[5, 6]]]);
 * [data, shape]; // = [[1, 2, 3, 4, 5, 6, 0, 0], [2, 2, 2]]
 */
export function padFrames(sequences: readonly Frames[], options: { scaler?: SeriesScaler } = {}): PaddedFrames {
  checkOptions("padFrames", options, ["scaler"]);
  const { scaler } = options;
  if (scaler !== undefined && !(scaler instanceof SeriesScaler))
    throw new SeqgradError("value", `padFrames: the scaler is ${kindOf(scaler)}; give what frameScaler() made.`);
  checkFrames("padFrames", sequences);
  const empty = sequences.findIndex(([first]) => !first?.length);
  const F = scaler?.means.length ?? sequences[0]?.[0]?.length;
  if (F === undefined || sequences.length === 0 || empty >= 0)
    throw new SeqgradError(
      "value",
      `padFrames: ${sequences.length === 0 ? "the list of sequences is empty" : `sequence ${empty} holds no number`}.`,
    );
  const lengths = sequences.map((frames) => frames.length);
  const shape = [sequences.length, maxOf(lengths), F] as const;
  const data = new Float32Array(shape[0] * shape[1] * F);
  for (const [b, frames] of sequences.entries())
    for (const [t, frame] of frames.entries()) {
      if (frame.length !== F)
        throw new SeqgradError(
          "shape",
          `padFrames: vector ${t} of sequence ${b} has shape ${formatShape([frame.length])}; expected [${F}].`,
        );
      if (frame.findIndex((value) => !Number.isFinite(value)) >= 0) {
        const got = Array.from(frame, shown).join(", ");
        throw new SeqgradError("not-finite", `padFrames: vector ${t} of sequence ${b} is [${got}]; fill what is missing.`);
      }
      const at = (b * shape[1] + t) * F;
      for (const [f, value] of frame.entries()) data[at + f] = scaler ? scaler.scaled(value, f) : value;
    }
  return { data, shape, lengths };
}

/** Refuses what is not a list of sequences, each a list of vectors. */
function checkFrames(op: string, sequences: readonly Frames[]): void {
  checkArray(op, "the first argument", sequences, "a list of sequences of vectors, such as [[[1, 2], [3, 4]]]");
  for (const [b, frames] of sequences.entries()) {
    checkArray(op, `sequence ${b}`, frames, "an array of vectors");
    for (const [t, frame] of frames.entries()) checkArray(op, `vector ${t} of sequence ${b}`, frame, "an array of numbers");
  }
}

/**
 * Makes a scaler of each feature of the vectors to mean 0 and deviation 1.
 *
 * @param sequences sequences of vectors of one size
 * @returns the scaler
 * @throws SeqgradError `value` for an empty list or an empty sequence, `shape` for vectors of different sizes, `not-finite` for values
 *   that are not numbers
 * @example
 * sg.data.frameScaler([[[1, 10], [3, 10]]]).means; // = [2, 10]
 */
export function frameScaler(sequences: readonly Frames[]): SeriesScaler {
  checkFrames("frameScaler", sequences);
  return SeriesScaler.fit(seriesOf(sequences.flat()));
}

/**
 * Reads vectors from text: numbers between spaces or commas, vectors between semicolons.
 *
 * @param text the text
 * @param where the name of the cell, for messages
 * @returns the vectors
 * @throws SeqgradError `format` for text that is not a number, or vectors of different sizes
 * @example
 * sg.data.parseFrames("0 1.5; 2 -3"); // = [[0, 1.5], [2, -3]]
 */
export function parseFrames(text: string, where = "the frames"): number[][] {
  const frames = checkText(checkText("parseFrames", where, "where"), text)
    .split(";")
    .map((part, t) =>
      part
        .trim()
        .split(/\s*,\s*|\s+/)
        .map((word) => {
          const value = Number(word);
          if (word === "" || !Number.isFinite(value))
            throw new SeqgradError("format", `${where}: ${JSON.stringify(word)} in vector ${t + 1} is not a number.`);
          return value;
        }),
    );
  const sizesOf = frames.map(({ length }) => length);
  const odd = sizesOf.findIndex((size) => size !== sizesOf[0]);
  if (odd < 0) return frames;
  const sizes = `vector ${odd + 1} has ${sizesOf[odd]} numbers, the first ${sizesOf[0]}`;
  throw new SeqgradError("format", `${where}: ${sizes}; expected the same number in each.`);
}
