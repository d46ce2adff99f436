import type { CrfScores } from "../ops/crf.js";
import { checkTensor } from "../tensor/internal.js";
import type { Tensor } from "../tensor/tensor.js";
import { mapInTurns } from "../util/breath.js";
import { checkObject, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { nth } from "../util/nth.js";
import { maxOf } from "../util/numbers.js";
import { sameShape } from "../util/shape.js";

/**
 * Finds the likeliest tags of each row in a conditional random field over a chain, by dynamic programming; see `crfLoss`.
 *
 * @param emissions `[B, T, K]`, float32
 * @param scores the tables, as an nn.CRF has them
 * @param lengths the steps of each row, 1 to T; default T
 * @returns the tags of each row, as many as it has steps; of equal scores the lowest tag
 * @throws SeqgradError `shape`, `range`, `not-finite` for scores that are not numbers
 * @see Viterbi 1967, "Error Bounds for Convolutional Codes"
 * @example
 * const scores = { transitions: sg.fromArray([[0, -9], [-9, 0]]), starts: sg.zeros([2]), ends: sg.zeros([2]) };
 * const emissions = sg.fromArray([[[1, 0], [0, 0.5], [1, 0]]]);
 * await sg.decode.viterbi(emissions, scores); // = [[0, 0, 0]]
 */
export async function viterbi(emissions: Tensor, scores: CrfScores, lengths?: readonly number[]): Promise<number[][]> {
  checkTensor("viterbi", emissions, "the emissions");
  checkObject("viterbi", "the scores", scores, "{ transitions, starts, ends }, as an nn.CRF has them");
  for (const name of ["transitions", "starts", "ends"] as const) checkTensor("viterbi", scores[name], name);
  const steps = lengths ?? new Array<number>(emissions.shape[0] ?? 0).fill(emissions.shape[1] ?? 0);
  if (!Array.isArray(steps)) throw new SeqgradError("value", `viterbi: lengths is ${shown(steps)}; give an array, a number for each row.`);
  const [B = 0, T = 0, K = 0] = emissions.shape;
  const { transitions, starts, ends } = scores;
  const fits = sameShape(transitions.shape, [K, K]) && sameShape(starts.shape, [K]) && sameShape(ends.shape, [K]);
  if (emissions.rank !== 3 || steps.length !== B || !fits) {
    const [e, t, s, z] = [emissions, transitions, starts, ends].map(({ shape }) => formatShape(shape));
    const got = `emissions ${e}, transitions ${t}, starts ${s}, ends ${z} and ${steps.length} lengths`;
    throw new SeqgradError("shape", `viterbi: ${got}; expected [B, T, K], [K, K], [K], [K] and B.`);
  }
  const bad = steps.findIndex((n) => !(Number.isInteger(n) && n >= 1 && n <= T));
  if (bad >= 0) throw new SeqgradError("range", `viterbi: lengths[${bad}] is ${shown(steps[bad])}; expected a number from 1 to ${T}.`);
  const [e, moves, first, last] = await Promise.all([emissions.data(), transitions.data(), starts.data(), ends.data()]);
  return mapInTurns(steps, (n, b) => {
    const at = (t: number, k: number) => e[(b * T + t) * K + k]!;
    let best = Float64Array.from(first, (score, k) => score + at(0, k));
    const from: Int32Array[] = [];
    for (let t = 1; t < n; t++) {
      const origin = new Int32Array(K);
      best = Float64Array.from(best, (_, j) => {
        let most = Number.NEGATIVE_INFINITY;
        for (let i = 0; i < K; i++) {
          const score = best[i]! + moves[i * K + j]!;
          if (score > most) {
            most = score;
            origin[j] = i;
          }
        }
        return most + at(t, j);
      });
      from.push(origin);
    }
    const total = best.map((score, k) => score + nth(last, k));
    if (total.some(Number.isNaN))
      throw new SeqgradError("not-finite", `viterbi: scores of row ${b} are NaN; the model's weights are likely not finite.`);
    let tag = total.indexOf(maxOf(total));
    const tags = [tag];
    for (const origin of from.reverse()) {
      tag = nth(origin, tag);
      tags.push(tag);
    }
    return tags.reverse();
  });
}
