import { expect, test } from "vitest";
import { nearestTargets } from "../../src/cli/judges/nearest.js";
import { uniform } from "../helpers/uniform.js";

/** Runs of three characters and the last two, with a blank at both ends, as often as they occur. */
function runsOf(text: string): Record<string, number> {
  const padded = ` ${text} `;
  const counts: Record<string, number> = {};
  for (let i = 0; i < padded.length - 1; i++) {
    const run = padded.slice(i, i + 3);
    counts[run] = (counts[run] ?? 0) + 1;
  }
  return counts;
}

test("the target of the nearest source is the one with the largest cosine of weighted runs of characters", async () => {
  const numbers = Array.from(uniform(600, 0, 1, 1));
  const text = (i: number) =>
    Array.from({ length: 1 + Math.floor(numbers[i]! * 5) }, (_, k) => "ab"[Math.round(numbers[(i * 7 + k) % 600]!)]).join("");
  const train = Array.from({ length: 40 }, (_, i) => ({ source: text(i), target: String(i) }));
  const runs = train.map(({ source }) => runsOf(source));
  const weight = (run: string) => Math.log(1 + train.length / Math.max(1, runs.filter((own) => run in own).length)) ** 2;
  const dot = (a: Record<string, number>, b: Record<string, number>) =>
    Object.entries(a).reduce((sum, [run, count]) => sum + weight(run) * count * (b[run] ?? 0), 0);
  const sources = Array.from({ length: 100 }, (_, i) => text(100 + i));
  const found = await nearestTargets(train, sources);
  for (const [i, source] of sources.entries()) {
    const own = runsOf(source);
    const scores = runs.map((other) => dot(own, other) / Math.sqrt(dot(other, other)));
    const best = Math.max(...scores);
    expect(scores[Number(found[i])], source).toBeCloseTo(best, 9);
    // Of equal ones the first.
    const first = train.findIndex((pair) => pair.source === train[Number(found[i])]!.source);
    expect(Number(found[i]), source).toBe(first);
  }
});
