import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { isMissing, numberReader } from "./cell-numbers.js";
import { businessDays, commonStep, datesIn, epochUnit, formatStep, stepsOf, type Times, TOLERANCE } from "./cell-times.js";
import { columnWord, type Spell } from "./column-names.js";
import type { TableRow } from "./table-rows.js";

/** Rows in the order of their times. */
export interface RowOrder {
  /** Their places in the file, from 0. */
  readonly rows: readonly number[];
  /** How far they lie apart, for a person. */
  readonly step: string;
  /** The missing steps: the ordered row before them, and their number. */
  readonly skipped: readonly { readonly after: number; readonly count: number }[];
  /** Notes for a person; @param areFilled true if missing steps are filled */
  notes(areFilled: boolean): string[];
}

interface Context {
  readonly name: string;
  /** From 0. */
  readonly column: number;
  readonly names: readonly string[];
  readonly spell: Spell;
  cellsOf(c: number): readonly string[];
}

/**
 * Sorts rows by their times.
 * @param clock times of day that belong to dates
 * @throws SeqgradError `format` for what is not a time, a time that stands twice, or times that keep to no step
 */
export function orderByTime(
  rows: readonly TableRow[],
  cells: readonly string[],
  clock: Float64Array | undefined,
  context: Context,
): RowOrder {
  const { name, names, column, spell } = context;
  const lineOf = (r: number) => nth(rows, r).line;
  const fail = (r: number, what: string) =>
    new SeqgradError("format", `${name}, line ${lineOf(r)}, column ${column + 1} (${columnWord(names, column)}): ${what}.`);
  const hole = cells.findIndex(isMissing);
  if (hole >= 0) throw fail(hole, "the time is missing");
  const { values, isClock } = timesOf(cells, clock, (r, why) => fail(r, `${why}; ${spell("time", "none")} takes the rows as they stand`));
  const order = Array.from(values.keys());
  const out = stepsOf(values).findIndex((step) => step < 0) + 1;
  if (out > 0) order.sort((a, b) => nth(values, a) - nth(values, b));
  const sorted = Float64Array.from(order, (r) => nth(values, r));
  const steps = stepsOf(sorted);
  const twin = steps.indexOf(0);
  if (twin >= 0) {
    const [first, second] = [nth(order, twin), nth(order, twin + 1)]; // the sort keeps the order of equal ones
    const said = `${JSON.stringify(nth(cells, second).trim())} stands in line ${lineOf(first)} too`;
    throw fail(second, `${said}${moreOnTwins(steps.filter((step) => step === 0).length, values, context)}`);
  }
  const days = isClock ? inBusinessDays(sorted) : undefined;
  const scale = days ?? sorted;
  const skipped = skips(scale);
  const step = commonStep(scale);
  const [uneven] = skipped;
  if (uneven && 2 * skipped.length > Math.max(1, order.length - 1)) {
    const [before, after] = [nth(order, uneven.after), nth(order, uneven.after + 1)];
    const advice = `bring them to even steps, or give ${spell("time", "none")}, which takes the rows as evenly spaced`;
    const found = `${formatStep(nth(steps, uneven.after), isClock)} after line ${lineOf(before)}`;
    throw fail(after, `the times do not rise evenly: ${found}, and ${formatStep(step, isClock)} in the middle; ${advice}`);
  }
  const missing = skipped.reduce((sum, { count }) => sum + count, 0);
  const canFill = missing <= 10 * order.length; // a mistyped year must not become a gap to fill
  const apart = days ? "business days" : order.length > 1 ? `${formatStep(step, isClock)} apart` : "one row";
  return {
    rows: order,
    step: apart,
    skipped: canFill ? skipped.filter(({ count }) => count > 0) : [],
    notes(areFilled) {
      const word = columnWord(names, column);
      const notes: string[] = [];
      const isReversed = out > 0 && order.every((r, i) => r === order.length - 1 - i);
      if (isReversed) notes.push(`the newest rows stand first; they were put in the order of ${word}`);
      else if (out > 0) notes.push(`the rows were sorted by ${word}: line ${lineOf(out)} is the first out of order`);
      if (skipped.length === 0) return notes;
      const placeOf = ({ after }: Skip) => `after line ${lineOf(nth(order, after))} (${nth(cells, nth(order, after)).trim()})`;
      const unit = days ? "a business day" : formatStep(step, isClock);
      notes.push(`${word} ${noteOnSkips({ skipped, missing, unit, areFilled: areFilled && canFill, spell }, placeOf)}`);
      return notes;
    },
  };
}

/** Daily times in business days, when these skip fewer steps. */
function inBusinessDays(sorted: Float64Array): Float64Array | undefined {
  const days = commonStep(sorted) === 86_400_000 ? businessDays(sorted) : undefined;
  return days && commonStep(days) === 1 && skips(sorted).length > skips(days).length ? days : undefined;
}

/** A place where the times skip steps: the row before it, and how many. */
interface Skip {
  readonly after: number;
  readonly count: number;
}

interface Skips {
  readonly skipped: readonly Skip[];
  readonly missing: number;
  readonly unit: string;
  readonly areFilled: boolean;
  readonly spell: Spell;
}

/** The first places where times skip a step, and what was made of them. */
function noteOnSkips({ skipped, missing, unit, areFilled, spell }: Skips, placeOf: (skip: Skip) => string): string {
  const places = skipped.slice(0, 3).map(placeOf).join(", ");
  const more = skipped.length > 3 ? `, and in ${skipped.length - 3} more places` : "";
  const steps = missing === 0 ? "has uneven steps" : `skips ${missing} step${missing === 1 ? "" : "s"} of ${unit}`;
  const even = "the rows are taken as evenly spaced";
  const advice = missing === 0 ? "" : `; ${spell("fill", "previous")} or ${spell("fill", "linear")} fills them`;
  return `${steps}: ${places}${more}; ${areFilled ? "they were filled" : `${even}${advice}`}`;
}

function timesOf(cells: readonly string[], clock: Float64Array | undefined, fail: (r: number, why: string) => SeqgradError): Times {
  const dates = datesIn(cells, clock);
  if (dates && "values" in dates) {
    const areDays = dates.values.every((value) => value % 86_400_000 === 0);
    return clock && areDays ? { values: dates.values.map((value, i) => value + nth(clock, i)), isClock: true } : dates;
  }
  if (dates) throw fail(dates.at, dates.why);
  const read = numberReader({});
  const values = Float64Array.from(cells, (cell) => read(cell));
  const at = values.findIndex(Number.isNaN);
  if (at >= 0) throw fail(at, `${JSON.stringify(cells[at])} is not a date or a number`);
  const unit = epochUnit(values);
  return unit > 0 ? { values: values.map((value) => value * unit), isClock: true } : { values, isClock: false };
}

/** Steps that are not the common one, and how many of it the longer ones skip. */
function skips(sorted: Float64Array): Skip[] {
  const step = commonStep(sorted);
  const list: { after: number; count: number }[] = [];
  for (const [after, own] of stepsOf(sorted).entries()) {
    const ratio = own / step;
    const whole = Math.max(1, Math.round(ratio));
    if (whole > 1 || Math.abs(ratio - 1) > TOLERANCE) list.push({ after, count: whole - 1 });
  }
  return list;
}

/** The number of times that stand before, and what to do; if all times are in several rows, a column may distinguish several series. */
function moreOnTwins(count: number, values: Float64Array, { names, column, cellsOf }: Context): string {
  const more = count > 1 ? `, and ${count} rows have a time that stands before` : "";
  const key = names.findIndex((_, c) => {
    if (c === column) return false;
    const own = cellsOf(c);
    const different = new Set(own).size;
    const pairs = new Set(own.map((cell, r) => `${values[r]} ${cell}`)).size;
    return different > 1 && 2 * different <= values.length && pairs === values.length;
  });
  const advice =
    key >= 0
      ? `${columnWord(names, key)} seems to distinguish several series: give each a column of its own, or a file`
      : "keep one row for each time";
  return `${more}; ${advice}`;
}
