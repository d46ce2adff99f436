import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { type Size, vocabulary } from "./training.js";

/** Sizes of causal attention: batch, heads, steps, numbers of a head. */
export interface Heads {
  readonly B: number;
  readonly N: number;
  readonly T: number;
  readonly D: number;
}

/** Native PyTorch in a process of its own, which waits while nobody asks. */
export interface Torch {
  /** Makes the model that is trained from here on, and answers PyTorch's version. */
  start(cell: string, size: Size): Promise<string>;
  /** The same of causal attention, forward and backward. */
  startAttention(size: Heads): Promise<string>;
  /** Milliseconds of one step: the mean of `count` steps in a row. */
  step(count: number): Promise<number>;
  end(): void;
}

/** PyTorch of $SEQGRAD_PYTHON, else of python3; undefined where it is not installed. */
export async function startTorch(): Promise<Torch | undefined> {
  const child = spawn(process.env.SEQGRAD_PYTHON ?? "python3", ["bench/torch_step.py"], { stdio: ["pipe", "pipe", "ignore"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = once(child, "error").then(() => ({ done: true as const, value: undefined }));
  // It may end before it is asked.
  child.stdin.on("error", () => {});
  const ask = async (line: string) => {
    child.stdin.write(`${line}\n`);
    return (await Promise.race([lines.next(), failed])).value as string | undefined;
  };
  const start = async (cell: string, { I, H, B, T, layers = 1 }: Size) =>
    (await ask([cell, vocabulary, I, H, B, T, layers].join(" "))) ?? "";
  if (!(await start("rnn", { I: 1, H: 1, B: 1, T: 1 }))) return undefined;
  const startAttention = async ({ B, N, T, D }: Heads) => (await ask(["attention", B, N, T, D].join(" "))) ?? "";
  return { start, startAttention, step: async (count) => Number(await ask(String(count))), end: () => child.stdin.end() };
}
