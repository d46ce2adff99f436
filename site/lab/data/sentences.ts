import { Draw } from "./random.js";

const starts = ["Mar", "Jon", "El", "Sam", "Ad", "Nor", "Li", "Tom", "Vik", "Ros"];
const ends = ["a", "as", "in", "ia", "us", "o", "ette", "ard"];
const surnames = ["Berg", "Lund", "Marsh", "Field", "Wood", "Stone", "Hart", "Reed", "Brook", "Hill"];
const placeStarts = ["North", "South", "Old", "New", "High", "East", "West", "Lower"];
const placeEnds = ["ford", "ton", "haven", "burg", "mouth", "bridge", "field"];
const firmEnds = ["Works", "Bank", "Motors", "Airlines", "Press", "Foods"];
const frames = [
  "PER met PER in LOC .",
  "FIRM opens an office in LOC .",
  "PER works for FIRM .",
  "The train from LOC to LOC was late .",
  "PER sold the house to FIRM last year .",
  "In LOC , PER spoke about the harvest .",
  "The head of FIRM , PER , lives near LOC .",
  "It rained all day in LOC .",
  "They talked about the weather .",
  "FIRM and FIRM build a bridge at LOC .",
];

export interface Tagged {
  readonly words: readonly string[];
  readonly tags: readonly string[];
}

/** Sentences with persons, places and firms, whose names are made up. */
export function sentences(): Tagged[] {
  const draw = new Draw(17);
  const names: Readonly<Record<string, () => string[]>> = {
    PER: () => [draw.of(starts) + draw.of(ends), ...(draw.chance(0.6) ? [draw.of(surnames)] : [])],
    LOC: () => (draw.chance(0.3) ? ["Lake", draw.of(surnames)] : [draw.of(placeStarts) + draw.of(placeEnds)]),
    FIRM: () => [draw.chance(0.5) ? draw.of(surnames) : draw.of(placeStarts), draw.of(firmEnds)],
  };
  const kinds: Readonly<Record<string, string>> = { PER: "person", LOC: "place", FIRM: "firm" };
  return Array.from({ length: 500 }, () => {
    const [words, tags]: [string[], string[]] = [[], []];
    for (const word of draw.of(frames).split(" ")) {
      const name = names[word]?.() ?? [word];
      const kind = kinds[word];
      words.push(...name);
      tags.push(...name.map((_, i) => (kind ? `${i === 0 ? "B" : "I"}-${kind}` : "O")));
    }
    return { words, tags };
  });
}
