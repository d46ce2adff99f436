import { SeqgradError } from "../util/errors.js";
import { nearest } from "../util/suggest.js";
import { numberOption } from "./options.js";

/** Readings of the command line's words, each for the option of a name. */
export const whole =
  (name: string, low: number, high = 2 ** 31 - 1) =>
  (text: string) =>
    numberOption(name, text, { low, high, integer: true });

export const number =
  (name: string, low: number, high = Number.MAX_VALUE) =>
  (text: string) =>
    numberOption(name, text, { low, high });

export const oneOf =
  <T extends string>(name: string, words: readonly T[]) =>
  (text: string): T => {
    if ((words as readonly string[]).includes(text)) return text as T;
    const meant = nearest(text, words);
    throw new SeqgradError("value", `--${name} is "${text}"; ${meant ? `did you mean "${meant}"? There are` : "use"} ${words.join(", ")}.`);
  };

export const flag = (text: string) => text === "true";
