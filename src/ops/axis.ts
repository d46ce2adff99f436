import { checkOptions, namesOf } from "../util/options.js";
import { normalizeAxis } from "../util/shape.js";

/** The dimension to go along, counted from the end when negative. Each operation says which it takes by default. */
export interface AxisOptions {
  axis?: number;
}

const names = namesOf<AxisOptions>({ axis: 1 });

/** The dimension that the options name, or `byDefault`. `call` shows how options are written, where arguments come before them. */
export function axisOf(op: string, options: AxisOptions, rank: number, byDefault: number, call?: string): number {
  checkAxisOptions(op, options, names, call);
  return normalizeAxis(op, options.axis ?? byDefault, rank);
}

/** Throws unless the options are these; a number instead of them gets the right call as advice. */
export function checkAxisOptions(op: string, options: object, known: readonly string[], call?: string): void {
  checkOptions(op, options, known, call && `write ${call}.`);
}
