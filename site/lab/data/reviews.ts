import { Draw } from "./random.js";

const good = ["good", "fine", "great", "lovely", "clever", "moving", "fresh", "warm", "brilliant", "charming"];
const bad = ["bad", "dull", "poor", "weak", "clumsy", "boring", "stale", "cold", "dreadful", "tiring"];
const subjects = ["film", "story", "plot", "ending", "cast", "music", "script", "hero", "first half", "dialogue"];
const frames = [
  "the SUBJECT is VERY WORD",
  "what a WORD SUBJECT",
  "a SUBJECT that is VERY WORD",
  "I found the SUBJECT VERY WORD",
  "its SUBJECT stays WORD to the end",
];

/** Reviews that are good or bad by one or two words, which a "not" turns around. */
export function reviews(): { text: string; label: string }[] {
  const draw = new Draw(11);
  const part = (isGood: boolean): string => {
    const turns = draw.chance(0.3);
    const word = draw.of(isGood !== turns ? good : bad);
    const very = turns ? draw.of(["not", "not at all", "never"]) : draw.of(["very", "really", "quite", ""]);
    const frame = draw.of(turns ? frames.filter((text) => text.includes("VERY")) : frames);
    return frame.replace("SUBJECT", draw.of(subjects)).replace("VERY", very).replace("WORD", word).replace(/ +/g, " ");
  };
  return Array.from({ length: 600 }, (_, i) => {
    const isGood = i % 2 === 0;
    const text = draw.chance(0.4) ? `${part(isGood)}, and ${part(isGood)}` : part(isGood);
    return { text, label: isGood ? "good" : "bad" };
  });
}

const topics: Readonly<Record<string, readonly string[]>> = {
  weather: ["rain", "wind", "snow", "clouds", "fog", "a storm", "sunshine"],
  sport: ["the match", "the coach", "a goal", "the team", "the race", "a record"],
  kitchen: ["the soup", "fresh bread", "an onion", "the oven", "a cake", "olive oil"],
  travel: ["the train", "a ticket", "the ferry", "our hotel", "the map", "a long road"],
};

/** Sentences of four topics. */
export function headlines(): { text: string; label: string }[] {
  const draw = new Draw(13);
  const verbs = ["comes after", "is better than", "waits for", "brings", "follows", "is not", "ends with"];
  const when = ["today", "on Monday", "again", "in the north", "at noon", "this year"];
  return Array.from({ length: 600 }, () => {
    const label = draw.of(Object.keys(topics));
    const words = topics[label] ?? [];
    return { text: `${draw.of(words)} ${draw.of(verbs)} ${draw.of(words)} ${draw.of(when)}`, label };
  });
}
