import type { TextUnit } from "../text/train-tokenizer.js";
import type { FitEvent } from "../train/types.js";
import { formatDuration, formatRate, ProgressLine } from "./progress.js";

/** The content of a report beside the events. */
export interface RunFacts {
  /** In words: see describeLM(). */
  readonly model: string;
  readonly parameters: number;
  readonly steps: number;
  /** Tokens of an update. */
  readonly tokens: number;
  /** The unit of a token. */
  readonly unit: TextUnit;
  readonly device: string;
}

/** The name of one token. */
export const tokensOf: Readonly<Record<TextUnit, string>> = { characters: "character", words: "word", bpe: "token" };

export type Report = (event: FitEvent) => void;

const print = (line: string) => process.stdout.write(`${line}\n`);

/** One JSON object a line, and nothing else, on stdout. */
export function jsonReport({ tokens, parameters }: RunFacts): Report {
  return (event) => {
    if (event.type === "step") {
      const { step, loss, milliseconds } = event;
      print(JSON.stringify({ type: "step", step, loss, tokensPerSecond: Math.round((tokens * 1000) / milliseconds) }));
    } else if (event.type === "evaluation") {
      print(JSON.stringify({ type: "evaluation", step: event.step, valLoss: event.value }));
    } else if (event.type === "device") {
      print(JSON.stringify(event));
    } else if (event.type === "end") {
      const { steps, value, seconds } = event;
      print(JSON.stringify({ type: "end", steps, valLoss: value ?? null, seconds, parameters }));
    }
  };
}

/** A bar on the terminal, and the milestones on stdout. */
export function plainReport({ model, parameters, steps, tokens, device, unit }: RunFacts): Report {
  const milestone = Math.max(1, Math.round(steps / 10));
  let progress: ProgressLine | undefined;
  let rate = 0;
  let isHeaded = false;
  return (event) => {
    // With the first event: a run that cannot begin has nothing to tell.
    if (!isHeaded) print(`${model}, ${parameters} parameters, on ${device}`);
    isHeaded = true;
    if (event.type === "step") {
      progress ??= new ProgressLine(steps, event.step);
      const now = (tokens * 1000) / event.milliseconds;
      rate = rate === 0 ? now : 0.9 * rate + 0.1 * now;
      const details = [`loss ${event.loss.toFixed(4)}`, `${formatRate(rate)} tokens/s`];
      progress.update(event.step, details);
      if (event.step % milestone > 0) return;
      progress.clear();
      print([`step ${event.step}`, ...details].join("  "));
    } else if (event.type === "evaluation") {
      progress?.clear();
      print(`step ${event.step}  validation loss ${event.value.toFixed(4)}`);
    } else if (event.type === "device") {
      progress?.clear();
      print(`${event.reason} Continuing after step ${event.step} on ${event.device}.`);
    } else if (event.type === "end") {
      progress?.clear();
      const validation = event.value === undefined ? "" : `, validation loss ${event.value.toFixed(4)} nats per ${tokensOf[unit]}`;
      // What a vocabulary of words is judged by.
      const perplexity = event.value === undefined || unit === "characters" ? "" : `, perplexity ${Math.exp(event.value).toFixed(1)}`;
      print(`${event.steps} steps in ${formatDuration(event.seconds)}${validation}${perplexity}`);
    }
  };
}
