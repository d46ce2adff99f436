import type { Pieces } from "../util/breath.js";
import { nth } from "../util/nth.js";

/** Signs that most data have as words of their own. */
const usual = Array.from(".,!?;:…()[]{}\"'“”‘’«»।。，、！？；：");

const isSign = (word: string): boolean => Array.from(word).length === 1 && /[\p{P}\p{S}]/u.test(word);

/** The signs that stand as words of their own in tagged sentences at least as often as at the beginning or the end of another word. */
export function* signsOf(sentences: readonly { readonly words: readonly string[] }[]): Pieces<string> {
  const alone = new Map<string, number>();
  const glued = new Map<string, number>();
  const add = (counts: Map<string, number>, sign: string) => counts.set(sign, (counts.get(sign) ?? 0) + 1);
  for (const { words } of sentences) {
    yield;
    for (const word of words) {
      const characters = Array.from(word);
      if (isSign(word)) add(alone, word);
      else for (const sign of new Set([nth(characters, 0), characters.at(-1)!])) if (isSign(sign)) add(glued, sign);
    }
  }
  return [...new Set([...usual, ...alone.keys()])].filter((sign) => (glued.get(sign) ?? 0) <= (alone.get(sign) ?? 0)).join("");
}

/** The words between white space, with signs split off at both ends, but not from a word that is known with its sign. */
export function splitSigns(text: string, signs: string, isKnown: (word: string) => boolean): string[] {
  const set = new Set(Array.from(signs));
  return (text.match(/\S+/gu) ?? []).flatMap((piece) => {
    const characters = Array.from(piece);
    let [from, to] = [0, characters.length];
    const left = () => to - from > 1 && !isKnown(characters.slice(from, to).join(""));
    while (left() && set.has(nth(characters, from))) from++;
    while (left() && set.has(nth(characters, to - 1))) to--;
    return [...characters.slice(0, from), characters.slice(from, to).join(""), ...characters.slice(to)];
  });
}
