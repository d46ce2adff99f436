import { checkList, checkNumber } from "../util/check.js";

/** Throws unless the scores are numbers in a list; large ones are not copied. */
export function checkScores(op: string, logits: ArrayLike<number>): void {
  checkList(op, "the scores", logits, "numbers, a token each");
  if (ArrayBuffer.isView(logits) && typeof logits[0] !== "bigint") return;
  for (let i = 0; i < logits.length; i++) checkNumber(op, `logit ${i}`, logits[i]);
}
