import { nth } from "../util/nth.js";

/** The times of a column: milliseconds, or plain numbers. */
export interface Times {
  readonly values: Float64Array;
  readonly isClock: boolean;
}

/** A cell that is not a time like the first, or could be two. */
export interface NoTimes {
  readonly at: number;
  readonly why: string;
}

const DAY = 86_400_000;
const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const clock = "(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,](\\d+))?)?\\s*([ap]\\.?m\\.?)?\\s*(z|utc|gmt|[+-]\\d{2}(?::?\\d{2})?)?";
const tail = `(?:(?:t|,?\\s+)${clock})?$`;
const form = (date: string, end = tail) => new RegExp(`^${date}${end}`, "i");

type Order = "day" | "month";
type Parse = (cell: string, order: Order) => number;

/** Milliseconds of a day and a time of day; NaN for one that the calendar does not have. */
function momentOf(year: number, month: number, day: number, parts: readonly (string | undefined)[] = []): number {
  const [h = "0", m = "0", s = "0", fraction = "", half, zone] = parts;
  const isLong = /^p/i.test(half ?? "");
  const hour = half ? (Number(h) % 12) + (isLong ? 12 : 0) : Number(h);
  const [minute, second] = [Number(m), Number(s)];
  const isEnd = hour === 24 && minute === 0 && second === 0;
  if ((hour > 23 && !isEnd) || minute > 59 || second > 60 || month < 1 || month > 12) return Number.NaN;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return Number.NaN;
  const [, sign, hours = "0", minutes = "0"] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone ?? "") ?? [];
  const offset = sign ? (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000 : 0;
  return date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + (fraction ? Number(`0.${fraction}`) * 1000 : 0) - offset;
}

const yearOf = (text: string | undefined) => (text?.length === 2 ? Number(text) + (Number(text) < 70 ? 2000 : 1900) : Number(text));
const monthOf = (text = "") => months.indexOf(text.slice(0, 3).toLowerCase()) + 1;

/** The ways to write a date; a column keeps to one. Only numbers joined by one sign may have the day first, or the month. */
const ways: readonly (readonly [RegExp, (match: readonly string[], order: Order) => number])[] = [
  [form("(\\d{4})([-/.])(\\d{1,2})\\2(\\d{1,2})"), ([, y, , m, d, ...rest]) => momentOf(Number(y), Number(m), Number(d), rest)],
  [form("(\\d{4})[-/](\\d{1,2})", "$"), ([, y, m]) => momentOf(Number(y), Number(m), 1)],
  [form("(\\d{1,2})/(\\d{4})", "$"), ([, m, y]) => momentOf(Number(y), Number(m), 1)],
  [form("(\\d{4})[- ]?q([1-4])", "$"), ([, y, q]) => momentOf(Number(y), 3 * Number(q) - 2, 1)],
  [form("(\\d{4})-?w(\\d{1,2})", "$"), ([, y, w]) => weekOf(Number(y), Number(w))],
  [
    form("(\\d{1,2})([-/.])(\\d{1,2})\\2(\\d{4}|\\d{2})"),
    ([, a, , b, y, ...rest], order) => momentOf(yearOf(y), Number(order === "day" ? b : a), Number(order === "day" ? a : b), rest),
  ],
  [
    form("(?:[a-z]{2,9},?\\s+)?(\\d{1,2})[-. ]+([a-z]{3,9})\\.?[- ,]+(\\d{4}|\\d{2})"),
    ([, d, m, y, ...rest]) => momentOf(yearOf(y), monthOf(m), Number(d), rest),
  ],
  [
    form("(?:[a-z]{2,9},?\\s+)?([a-z]{3,9})\\.?\\s+(\\d{1,2}),?\\s+(\\d{4})"),
    ([, m, d, y, ...rest]) => momentOf(Number(y), monthOf(m), Number(d), rest),
  ],
  [form("([a-z]{3,9})\\.?[- ](\\d{4}|\\d{2})", "$"), ([, m, y]) => momentOf(yearOf(y), monthOf(m), 1)],
  [
    form("(\\d{4})(\\d{2})(\\d{2})(?:t?(\\d{2})(\\d{2})(\\d{2})?)?z?", "$"),
    ([, y, m, d, ...rest]) => (yearIsLikely(y) ? momentOf(Number(y), Number(m), Number(d), rest) : Number.NaN),
  ],
];

const yearIsLikely = (text: string | undefined) => Number(text) >= 1500 && Number(text) < 2300;

/** The Monday of an ISO week. */
function weekOf(year: number, week: number): number {
  const fourth = new Date(Date.UTC(year, 0, 4));
  const monday = fourth.getTime() - ((fourth.getUTCDay() + 6) % 7) * DAY;
  return week >= 1 && week <= 53 ? monday + (week - 1) * 7 * DAY : Number.NaN;
}

/** The parse of the form that a cell has; undefined where it is not a date. */
function parseOf(cell: string): Parse | undefined {
  for (const [pattern, make] of ways) {
    const parse: Parse = (text, order) => {
      const match = pattern.exec(text.trim());
      return match ? make(match, order) : Number.NaN;
    };
    if (!Number.isNaN(parse(cell, "day")) || !Number.isNaN(parse(cell, "month"))) return parse;
  }
  return undefined;
}

/** True if a cell is a date in some form. */
export const isDate = (cell: string): boolean => parseOf(cell) !== undefined;

/**
 * The dates of a column, all in the form of its first; undefined where the first is not a date. Days and months that could change places are distinguished
 * by the whole column.
 * @param clock times of day that stand in another column
 */
export function datesIn(cells: readonly string[], clock?: Float64Array): Times | NoTimes | undefined {
  const [first = ""] = cells;
  const parse = parseOf(first);
  if (!parse) return undefined;
  const read = (order: Order): Times | NoTimes => {
    const values = Float64Array.from(cells, (cell) => parse(cell, order));
    const at = values.findIndex(Number.isNaN);
    if (at < 0) return { values, isClock: true };
    return { at, why: `${JSON.stringify(cells[at])} is not a date as ${JSON.stringify(first)} is` };
  };
  const [dayFirst, monthFirst] = [read("day"), read("month")];
  if ("at" in monthFirst) return dayFirst;
  if ("at" in dayFirst) return monthFirst;
  if (first.includes(".")) return dayFirst; // A point is written where days stand first.
  if (dayFirst.values.every((value, i) => value === monthFirst.values[i])) return dayFirst;
  const unevennessOf = ({ values }: Times) => unevenness(values.map((value, i) => value + (clock?.[i] ?? 0)));
  const [a, b] = [unevennessOf(dayFirst), unevennessOf(monthFirst)];
  if (a < b) return dayFirst;
  if (b < a) return monthFirst;
  const plain = new Date(nth(dayFirst.values, 0)).toISOString().slice(0, 10);
  return { at: 0, why: `${JSON.stringify(first)} may have its day first or its month; write dates as ${plain}` };
}

/** The steps from each value to the next. */
export const stepsOf = (values: Float64Array): Float64Array => values.subarray(1).map((value, i) => value - nth(values, i));

/** How many steps between neighbors are not the common one; steps back count double. */
function unevenness(values: Float64Array): number {
  const common = commonStep(values);
  return stepsOf(values).reduce((count, step) => count + (step <= 0 ? 2 : Number(Math.abs(step / common - 1) > TOLERANCE)), 0);
}

/** Months, years and clocks that are set differ by less. */
export const TOLERANCE = 0.1;

/** The median of the steps forward; 1 where there is none. */
export function commonStep(values: Float64Array): number {
  const ascending = stepsOf(values)
    .filter((step) => step > 0)
    .sort();
  return ascending[ascending.length >> 1] ?? 1;
}

const timeOfDay = /^(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,](\d+))?)?\s*([ap]\.?m\.?)?$/i;

/** Milliseconds since midnight of a column of times of day; undefined where one is none. */
export function timesOfDayIn(cells: readonly string[]): Float64Array | undefined {
  const values = new Float64Array(cells.length);
  for (const [i, cell] of cells.entries()) {
    const match = timeOfDay.exec(cell.trim());
    const value = match ? momentOf(1970, 1, 1, match.slice(1)) : Number.NaN;
    if (Number.isNaN(value)) return undefined;
    values[i] = value;
  }
  return values;
}

/** The milliseconds of a unit (seconds, milliseconds, ..) if numbers in it since 1970 fall in years that a table of today may hold, or 0. */
export const epochUnit = (values: Float64Array): number =>
  [1000, 1, 1e-3, 1e-6].find((unit) => values.every((value) => value * unit > 3e11 && value * unit < 4.2e12)) ?? 0;

/** The times counted in business days. Undefined where one of them falls on a weekend, or where they span no weekend. */
export function businessDays(values: Float64Array): Float64Array | undefined {
  const days = new Float64Array(values.length);
  for (const [i, value] of values.entries()) {
    const day = value / DAY + 3; // 1970 began on a Thursday: from a Monday on.
    const [week, weekday] = [Math.floor(day / 7), ((day % 7) + 7) % 7];
    if (weekday >= 5 || !Number.isInteger(day)) return undefined;
    days[i] = 5 * week + weekday;
  }
  return days;
}

/** `2 days` for a message. */
export function formatStep(step: number, isClock: boolean): string {
  if (!isClock) return String(Number(step.toPrecision(6)));
  const units: [string, number][] = [
    ["year", 365.2425 * DAY],
    ["month", 30.436875 * DAY],
    ["week", 7 * DAY],
    ["day", DAY],
    ["hour", 3_600_000],
    ["minute", 60_000],
    ["second", 1000],
    ["millisecond", 1],
  ];
  for (const [name, size] of units) {
    const count = Math.round(step / size);
    if (count >= 1 && Math.abs(step / size - count) <= (size > 7 * DAY ? 0.04 : 1e-6)) {
      return count === 1 ? `${name === "hour" ? "an" : "a"} ${name}` : `${count} ${name}s`;
    }
  }
  return `${Number((step / 1000).toPrecision(6))} seconds`;
}
