import { expect, test, vi } from "vitest";
import { plainReport, type RunFacts, reportOf } from "../../src/cli/report.js";
import { lossLine } from "../../src/cli/tasks/lm.js";
import type { TextUnit } from "../../src/text/train-tokenizer.js";
import type { FitEvent } from "../../src/train/types.js";

const lineOf = (unit: TextUnit): Pick<RunFacts, "lineOf"> => ({ lineOf: (measures, isEnd) => lossLine(unit, measures, isEnd) });
const facts: RunFacts = {
  ...{ title: "a model", parameters: 7, steps: 20, unit: "tokens", perStep: 500, device: "a device" },
  ...lineOf("characters"),
};
const step = (n: number, milliseconds: number): FitEvent => ({ type: "step", step: n, epoch: 0, loss: 1.5, lr: 0.1, milliseconds });

/** What is on stdout after these events. */
function reported(events: readonly FitEvent[], given: Partial<RunFacts> = {}, measures?: Record<string, number>): string[] {
  const lines: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((line) => lines.push(String(line)) > 0);
  const report = plainReport({ ...facts, ...given });
  for (const event of events) report(event, { measures });
  vi.restoreAllMocks();
  return lines.map((line) => line.trimEnd());
}

test("reports a rate that is the first step's, then follows slowly, every tenth of the steps", () => {
  expect(reported([step(1, 100), step(2, 100), step(3, 100), step(4, 50)])).toEqual([
    "a model, 7 parameters, on a device",
    "step 2  loss 1.5000  5000 tokens/s",
    "step 4  loss 1.5000  5500 tokens/s",
  ]);
  expect(reported([step(1, 100)], { steps: 3 })[1]).toBe("step 1  loss 1.5000  5000 tokens/s");
});

test("reports the perplexity of words and pieces, and of characters the loss alone", () => {
  const end: FitEvent = { type: "end", steps: 20, seconds: 75, reason: "complete", value: 2, best: undefined };
  expect(reported([end], {}, { loss: 2 }).at(-1)).toBe("20 steps in 1:15, validation loss 2.0000 nats per character");
  expect(reported([end], lineOf("words"), { loss: 2 }).at(-1)).toBe(
    "20 steps in 1:15, validation loss 2.0000 nats per word, perplexity 7.4",
  );
  expect(reported([end], lineOf("bpe"), { loss: 2 }).at(-1)).toBe(
    "20 steps in 1:15, validation loss 2.0000 nats per token, perplexity 7.4",
  );
  expect(reported([{ ...end, value: undefined }]).at(-1)).toBe("20 steps in 1:15");
});

test("as JSON every step has its rate, of what an update goes through", () => {
  const lines: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((line) => lines.push(String(line)) > 0);
  reportOf(true, facts)(step(3, 40), {});
  reportOf(true, { ...facts, unit: "examples", perStep: 8 })(step(4, 2.5), {});
  vi.restoreAllMocks();
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { type: "step", step: 3, loss: 1.5, tokensPerSecond: 12_500 },
    { type: "step", step: 4, epoch: 0, loss: 1.5, examplesPerSecond: 3200 },
  ]);
});
