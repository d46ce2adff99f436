import type { Spell } from "./column-names.js";

/** How the numbers of a table are written. */
export interface NumberFormat {
  /** The decimal sign. Default a point. */
  readonly decimal?: "." | "," | undefined;
  /** The sign between groups of digits; a blank stands for every kind of blank. Default: none. */
  readonly thousands?: "," | "." | " " | "'" | undefined;
  /** Signs next to a number that are left out, such as `$` or `%`. Default: none. */
  readonly strip?: readonly string[] | undefined;
}

const plain = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Reads cells in a format: a finite number, or NaN. */
export function numberReader({ decimal = ".", thousands, strip = [] }: NumberFormat): (cell: string) => number {
  const point = decimal === "." ? "\\." : ",";
  const group =
    thousands === undefined ? "" : thousands === " " ? "[ \\u00a0\\u2009\\u202f]" : thousands === "'" ? "['\\u2019]" : `\\${thousands}`;
  // Groups of two before the last of three are India's.
  const whole = group ? `(?:\\d{1,3}(?:${group}\\d{2,3})*${group}\\d{3}|\\d+)` : "\\d+";
  const form = new RegExp(`^[+-]?(?:${whole}(?:${point}\\d*)?|${point}\\d+)(?:[eE][+-]?\\d+)?$`);
  const groups = group ? new RegExp(group, "g") : undefined;
  const isPlain = decimal === "." && !groups;
  return (cell) => {
    let text = cell.trim();
    for (const sign of strip) if (sign !== "" && text.includes(sign)) text = text.replaceAll(sign, "").trim();
    if (text.startsWith("\u2212")) text = `-${text.slice(1)}`;
    if (!(isPlain ? plain : form).test(text)) return Number.NaN;
    if (groups) text = text.replace(groups, "");
    const value = Number(decimal === "," ? text.replace(",", ".") : text);
    return Number.isFinite(value) ? value : Number.NaN;
  };
}

const missing: ReadonlySet<string> = new Set([
  "",
  "na",
  "n/a",
  "#n/a",
  "<na>",
  "nan",
  "-nan",
  "null",
  "nil",
  "none",
  "missing",
  "-",
  "--",
  "–",
  "—",
  ".",
  "..",
  "...",
  "?",
]);

/** True if a cell marks a missing value. */
export const isMissing = (cell: string): boolean => missing.has(cell.trim().toLowerCase());

const decimals = [".", ","] as const;
const separators = [undefined, ",", ".", " ", "'"] as const;
const codes = "USD|EUR|GBP|JPY|CNY|INR|CHF|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RUB|TRY|BRL|MXN|ZAR|KRW|SGD|HKD|THB|IDR|ILS|Rs\\.?|kr\\.?";
const affixes = new RegExp(
  `^[+\\-\\u2212]?\\s*((?:[A-Z]{0,3}\\p{Sc}|${codes})?)\\s*[+\\-\\u2212]?[\\d.,].*?\\s*([^\\d\\s.,'’)+\\-]*)$`,
  "u",
);

/** The text around the digits of a cell: a currency before them, any unit after them. */
function signsOf(cell: string): string[] {
  const [, before = "", after = ""] = affixes.exec(cell.trim()) ?? [];
  return [before, after].filter((sign) => sign !== "");
}

/** Every way to read a cell that a given one does not: formats that change one part of it, or more. */
function waysFor(cell: string, { decimal = ".", thousands, strip = [] }: NumberFormat): { format: NumberFormat; changes: number }[] {
  const signs = signsOf(cell).filter((sign) => !strip.includes(sign));
  const ways = decimals.flatMap((point) =>
    separators
      .filter((group) => group !== point)
      .map((group) => ({
        format: { decimal: point, thousands: group, strip: [...strip, ...signs] },
        changes: Number(point !== decimal) + Number(group !== thousands) + signs.length,
      })),
  );
  return ways.sort((a, b) => a.changes - b.changes);
}

const hexadecimal = /^[+-]?0[xob][\da-f]+$/i;
const bookkept = /^\([\d.,' ]+\)$/;

/** Distinguishes cells that are numbers in some format from texts, by the signs of one of them. */
export function numberLike(sample: string, format: NumberFormat): (cell: string) => boolean {
  const readers = [numberReader(format), ...waysFor(sample, format).map((way) => numberReader(way.format))];
  return (cell) => readers.some((read) => !Number.isNaN(read(cell))) || hexadecimal.test(cell.trim()) || bookkept.test(cell.trim());
}

/** Why a cell is not a number in a format, and the options that read it; the other cells of its column decide which fit. */
export function whyNoNumber(cell: string, format: NumberFormat, column: readonly string[], spell: Spell): string {
  const text = JSON.stringify(cell.trim());
  if (isMissing(cell)) return `${text} is a missing value; fill it in, or give ${spell("fill", "previous")} or ${spell("fill", "linear")}`;
  const shown = `${text} is not a ${format.decimal === "," ? 'number with the decimal sign ","' : "plain number"}`;
  if (hexadecimal.test(cell.trim())) return `${text} is not a decimal number; write it as ${Number(cell.trim().replace(/^[+-]/, ""))}`;
  if (bookkept.test(cell.trim())) return `${text} is not a number; write -${cell.trim().slice(1, -1)}`;
  const readable = waysFor(cell, format).filter((way) => !Number.isNaN(numberReader(way.format)(cell)));
  if (readable.length === 0) return `${text} is not a number`;
  const sample = column.slice(0, 1000);
  const counts = readable.map((way) => {
    const read = numberReader(way.format);
    return sample.reduce((n, other) => n + Number(!Number.isNaN(read(other))), 0);
  });
  const most = counts.reduce((a, b) => Math.max(a, b));
  const best = readable.filter((_, i) => counts[i] === most);
  const advice = best
    .filter(({ changes }, _, [first]) => changes === first?.changes)
    .map((way) => `${optionsOf(way.format, format, spell)} reads it as ${numberReader(way.format)(cell)}`);
  return `${shown}; ${advice.join(", ")}`;
}

/** The options that make one format of another. */
function optionsOf(format: NumberFormat, base: NumberFormat, spell: Spell): string {
  const options: string[] = [];
  if (format.decimal && format.decimal !== (base.decimal ?? ".")) options.push(spell("decimal", format.decimal));
  if (format.thousands) options.push(spell("thousands", format.thousands));
  const signs = format.strip ?? [];
  if (signs.length > (base.strip ?? []).length) options.push(spell("strip", signs.join(",")));
  return options.join(" with ");
}
