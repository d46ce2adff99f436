import { finish, type Pieces } from "../util/breath.js";
import { checkInteger } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { checkOptions } from "../util/options.js";
import { greedy } from "./sampling.js";
import { checkScores } from "./scores.js";

export interface CtcDecodeOptions {
  /** The class that stands for nothing. Default 0. */
  readonly blank?: number;
  /** The number of prefixes to keep at each step; 1 takes the likeliest class of each step instead. Default 1. */
  readonly beam?: number;
}

/**
 * Decodes the steps of one sequence to symbols.
 *
 * It takes the likeliest class of each step, merges repeats and drops blanks; or with `beam` searches prefixes and adds up the
 * probabilities of all the ways to write the same symbols.
 *
 * @param logProbs `[T, C]`, row-major, as logSoftmax() returns them
 * @param classes C
 * @param options `blank` and `beam`: see CtcDecodeOptions
 * @returns the symbols, without blanks
 * @throws SeqgradError `range`, `shape` unless the numbers are rows of C, `not-finite` for scores that are not numbers
 * @see Graves et al. 2006; Hannun et al. 2014, "First-Pass Large Vocabulary Continuous Speech Recognition", for the search
 * @example
 * const rows = [[0.1, 0.8, 0.1], [0.1, 0.8, 0.1], [0.8, 0.1, 0.1], [0.2, 0.1, 0.7]];
 * sg.decode.ctcDecode(Float32Array.from(rows.flat(), Math.log), 3); // = [1, 2]
 */
export function ctcDecode(logProbs: ArrayLike<number>, classes: number, options: CtcDecodeOptions = {}): number[] {
  return finish(ctcDecoding(logProbs, classes, options));
}

/** The same in pieces. */
export function* ctcDecoding(logProbs: ArrayLike<number>, classes: number, options: CtcDecodeOptions): Pieces<number[]> {
  checkOptions("ctcDecode", options, ["blank", "beam"]);
  const { blank = 0, beam = 1 } = options;
  checkScores("ctcDecode", logProbs);
  checkInteger("ctcDecode", "classes", classes, 1);
  checkInteger("ctcDecode", "blank", blank, 0, classes - 1);
  checkInteger("ctcDecode", "beam", beam, 1);
  if (logProbs.length % classes !== 0)
    throw new SeqgradError("shape", `ctcDecode: ${logProbs.length} numbers are not rows of ${classes} classes.`);
  const rows = Array.from({ length: logProbs.length / classes }, (_, t) =>
    Float64Array.from({ length: classes }, (_, c) => nth(logProbs, t * classes + c)),
  );
  const likeliest = rows.map((row) => greedy(row)); // which refuses what is not finite
  if (beam > 1) return yield* prefixSearch(rows, blank, beam);
  return likeliest.filter((c, t) => c !== blank && c !== likeliest[t - 1]);
}

/** A prefix with the logarithms of its probability, of paths that end with a blank and of those that end with its last symbol. */
interface Prefix {
  readonly symbols: readonly number[];
  blank: number;
  symbol: number;
}

const logAdd = (a: number, b: number): number => {
  const largest = Math.max(a, b);
  return largest === Number.NEGATIVE_INFINITY ? largest : largest + Math.log1p(Math.exp(Math.min(a, b) - largest));
};

function* prefixSearch(rows: readonly Float64Array[], blank: number, beam: number): Pieces<number[]> {
  const total = (prefix: Prefix) => logAdd(prefix.blank, prefix.symbol);
  let kept: Prefix[] = [{ symbols: [], blank: 0, symbol: Number.NEGATIVE_INFINITY }];
  for (const row of rows) {
    yield;
    const next = new Map<string, Prefix>();
    const prefixOf = (symbols: readonly number[]) => {
      const key = symbols.join();
      const prefix = next.get(key) ?? { symbols, blank: Number.NEGATIVE_INFINITY, symbol: Number.NEGATIVE_INFINITY };
      next.set(key, prefix);
      return prefix;
    };
    for (const prefix of kept) {
      const { symbols } = prefix;
      for (const [c, p] of row.entries()) {
        const same = prefixOf(symbols);
        if (c === blank) same.blank = logAdd(same.blank, total(prefix) + p);
        else if (c === symbols.at(-1)) {
          // A repeat continues the symbol; a new symbol needs a blank between.
          same.symbol = logAdd(same.symbol, prefix.symbol + p);
          const longer = prefixOf([...symbols, c]);
          longer.symbol = logAdd(longer.symbol, prefix.blank + p);
        } else {
          const longer = prefixOf([...symbols, c]);
          longer.symbol = logAdd(longer.symbol, total(prefix) + p);
        }
      }
    }
    kept = [...next.values()].sort((a, b) => total(b) - total(a)).slice(0, beam);
  }
  return [...nth(kept, 0).symbols];
}
