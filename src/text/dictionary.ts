import { isRecord } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import type { Dictionary } from "./word-break.js";

// The host's dictionary of scripts without spaces, and a check of whether another host has another one.

/** Units of a run that the dictionary sees at a time: Node 20 takes time by their square. */
const WINDOW = 512;
/** Text after a word may change it: this many units at the end of a window are looked at again. */
const MARGIN = 64;

let host: Intl.Segmenter | undefined;

/** The positions where the host's dictionary ends the words of a run; undefined if it has no dictionary. */
export const hostDictionary: Dictionary | undefined = typeof Intl === "object" && "Segmenter" in Intl ? ends : undefined;

function* ends(run: string): Generator<number> {
  // The language changes nothing in these scripts: a fixed one, so that the host's does not matter.
  host ??= new Intl.Segmenter("en", { granularity: "word" });
  for (let from = 0; from < run.length; ) {
    const to = Math.min(run.length, from + WINDOW);
    const most = to < run.length ? WINDOW - MARGIN : WINDOW;
    let end = 0;
    for (const { index, segment } of host.segment(run.slice(from, to))) {
      const next = index + segment.length;
      if (next > most && end > 0) break;
      end = next;
      yield from + end;
    }
    from += end;
  }
}

/** Texts of a few words by which dictionaries can be distinguished. */
const probes: Readonly<Record<string, readonly string[]>> = {
  Kanji: ["今天天气很好我们去公园散步", "北京大学生前来应聘", "東京都は日本の首都です", "外国人参政権とソフトウェアエンジニア"],
  Thai: ["ภาษาไทยไม่มีช่องว่างระหว่างคำ", "ประเทศไทยตากลม"],
  Lao: ["ພາສາລາວບໍ່ມີຍະຫວ່າງ"],
  Khmer: ["ភាសាខ្មែរមិនមានដកឃ្លា", "ប្រទេសកម្ពុជា"],
  Myanmar: ["မြန်မာဘာသာစကား", "ကျွန်တော်စာဖတ်တယ်"],
};

/** How a host cuts a few texts of each script: what a tokenizer's file keeps. */
export type Probes = Readonly<Record<string, readonly (readonly string[])[]>>;

/** How this host cuts the texts of the scripts. */
export const probesOf = (scripts: Iterable<string>, cut: (text: string) => string[]): Probes =>
  Object.fromEntries(Array.from(scripts, (script) => [script, (probes[script] ?? []).map(cut)]));

/** The probes of a file, when they are some. @throws SeqgradError `format` */
export function readProbes(op: string, value: unknown): Probes {
  if (areProbes(value)) return value;
  throw new SeqgradError("format", `${op}: the dictionary's probes are not lists of words for each script. Is the file whole?`);
}

function areProbes(value: unknown): value is Probes {
  const isProbe = (words: unknown) => Array.isArray(words) && words.length > 0 && words.every((word) => typeof word === "string");
  return isRecord(value) && Object.values(value).every((list) => Array.isArray(list) && list.every(isProbe));
}

/** One warning for each script in which this host finds other words than the one where the probes were made. */
export function differences(made: Probes, cut: (text: string) => string[]): string[] {
  const warnings: string[] = [];
  for (const [script, texts] of Object.entries(made)) {
    for (const words of texts) {
      const here = cut(words.join(""));
      if (here.length === words.length && here.every((word, i) => word === words[i])) continue;
      warnings.push(
        `The dictionary of this host finds other words in ${script === "Kanji" ? "Chinese and Japanese" : script} than the one the tokenizer was made with: ` +
          `"${here.join(" ")}", there "${words.join(" ")}". The model may answer worse here; ` +
          "use it where it was trained, or train with characters or bpe as the unit.",
      );
      break;
    }
  }
  return warnings;
}
