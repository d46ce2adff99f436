import { Draw } from "./random.js";

export interface Pair {
  readonly source: string;
  readonly target: string;
}

/** English and French nouns, with the gender and the plural of the French one. */
const nouns = [
  ["cat", "chat", "m"],
  ["dog", "chien", "m"],
  ["boy", "garçon", "m"],
  ["baker", "boulanger", "m"],
  ["neighbor", "voisin", "m"],
  ["girl", "fille", "f"],
  ["cow", "vache", "f"],
  ["nurse", "infirmière", "f"],
  ["frog", "grenouille", "f"],
  ["queen", "reine", "f"],
] as const;
const things = [
  ["apple", "pomme", "f"],
  ["table", "table", "f"],
  ["letter", "lettre", "f"],
  ["book", "livre", "m"],
  ["bread", "pain", "m"],
  ["boat", "bateau", "m"],
  ["garden", "jardin", "m"],
  ["house", "maison", "f"],
] as const;
const colors = [
  ["red", "rouge", "rouge"],
  ["green", "vert", "verte"],
  ["black", "noir", "noire"],
  ["white", "blanc", "blanche"],
  ["blue", "bleu", "bleue"],
] as const;
const sizes = [
  ["big", "grand", "grande"],
  ["small", "petit", "petite"],
  ["pretty", "joli", "jolie"],
] as const;
const verbs = [
  ["sees", "voit"],
  ["sells", "vend"],
  ["finds", "trouve"],
  ["looks for", "cherche"],
  ["draws", "dessine"],
] as const;
const places = [
  ["", ""],
  ["", ""],
  [" today", " aujourd'hui"],
  [" in the garden", " dans le jardin"],
  [" at night", " la nuit"],
] as const;

/** Sentences in English and French: genders agree, and colors stand after the noun. */
export function french(): Pair[] {
  const draw = new Draw(19);
  const phrase = (list: readonly (readonly [string, string, string])[], definite: boolean): [string, string] => {
    const [en, fr, gender] = draw.of(list);
    const color = draw.chance(0.45) ? draw.of(colors) : undefined;
    const size = !color && draw.chance(0.5) ? draw.of(sizes) : undefined;
    const of = (word: readonly [string, string, string] | undefined) => (word ? word[gender === "m" ? 1 : 2] : "");
    const article = definite ? (gender === "m" ? "le" : "la") : gender === "m" ? "un" : "une";
    const first = [color?.[0] ?? size?.[0], en].filter(Boolean).join(" ");
    const an = /^[aeiou]/.test(first) ? "an" : "a";
    return [`${definite ? "the" : an} ${first}`, [article, of(size), fr, of(color)].filter(Boolean).join(" ")];
  };
  return Array.from({ length: 1200 }, () => {
    const [who, qui] = phrase(nouns, draw.chance(0.7));
    const [does, fait] = draw.of(verbs);
    const [what, quoi] = phrase(things, draw.chance(0.5));
    const [where, ou] = draw.of(places);
    return { source: `${who} ${does} ${what}${where}`, target: `${qui} ${fait} ${quoi}${ou}` };
  });
}

const months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/** Dates as people write them, and as machines do. */
export function dates(): Pair[] {
  const draw = new Draw(23);
  const two = (n: number) => String(n).padStart(2, "0");
  return Array.from({ length: 1500 }, () => {
    const [year, month, day] = [draw.between(1900, 2039), draw.between(1, 12), draw.between(1, 28)];
    const name = months[month - 1] ?? "";
    const written = draw.of([
      `${name} ${day}, ${year}`,
      `${day} ${name} ${year}`,
      `${name.slice(0, 3)} ${day} ${year}`,
      `${month}/${day}/${year}`,
    ]);
    return { source: written, target: `${year}-${two(month)}-${two(day)}` };
  });
}
