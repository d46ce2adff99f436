import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { main } from "../../src/cli/main.js";
import { sampleText } from "../../src/data/sample.js";

// For tests of the command line, which need both.
export { temporaryFolder } from "./temporary-folder.js";

import { temporaryFolder } from "./temporary-folder.js";

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line in this process. */
export const cli = (...argv: (string | number)[]) => run(argv, () => {});

/** The same; calls `act` when `lines` lines are on stdout. */
export const cliActedUponAfter = (lines: number, act: () => void, ...argv: (string | number)[]) =>
  run(argv, (stdout) => {
    if (stdout.split("\n").length === lines + 1) act();
  });

/** The same, with Ctrl-C pressed. */
export const cliStoppedAfter = (lines: number, ...argv: (string | number)[]) =>
  cliActedUponAfter(lines, () => process.emit("SIGINT", "SIGINT"), ...argv);

async function run(argv: readonly (string | number)[], watch: (stdout: string) => void): Promise<Outcome> {
  const written = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((chunk) => {
      written[name] += chunk;
      if (name === "stdout") watch(written.stdout);
      return true;
    }),
  );
  try {
    return { status: await main(argv.map(String)), ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** The line that says which columns of a table are series, which every such reading prints. */
const withoutSeries = (stderr: string) => stderr.replace(/^note: .*: the series are .*\n/, "");

/** The same, of a command line that must succeed with nothing on stderr but which columns are series, and warnings; returns stdout. */
export async function succeed(...argv: (string | number)[]): Promise<string> {
  const { status, stdout, stderr: printed } = await cli(...argv);
  const stderr = withoutSeries(printed).replaceAll(/^warning: [^\n]+\n/gm, "");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

/** Expects exit status 1, one line on stderr that has every part, no stack, and nothing on stdout. */
export async function refuse(argv: readonly (string | number)[], ...parts: string[]): Promise<void> {
  const { status, stdout, stderr: printed } = await cli(...argv);
  const [label, stderr] = [argv.join(" "), withoutSeries(printed)];
  expect({ status, stdout }, `${label}\n${stderr}`).toEqual({ status: 1, stdout: "" });
  expect(stderr, label).toMatch(/^seqgrad: [^\n]+\n$/);
  expect(stderr, label).not.toMatch(/unexpected|\bat .+:\d+/);
  for (const part of parts) expect(stderr, label).toContain(part);
}

// biome-ignore lint/suspicious/noExplicitAny: what the command prints, to be looked into.
export const jsonLines = (stdout: string): any[] =>
  stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));

export const corpus = sampleText.slice(0, 1500);

/** A folder with a text in it, and the options that train a small model on it. */
export async function workplace(text: string | Uint8Array = corpus) {
  const folder = await temporaryFolder();
  const data = join(folder, "text.txt");
  const out = join(folder, "run");
  await writeFile(data, text);
  const small = ["--embed", 4, "--hidden", 6, "--context", 8, "--batch", 3];
  return { folder, data, out, train: ["train", "lm", "--data", data, "--out", out, ...small] as (string | number)[] };
}

/** Every file of a folder by name, as text in which each byte is a character; undefined when there is no folder. */
export async function contents(folder: string): Promise<Record<string, string> | undefined> {
  const names = await readdir(folder).catch(() => undefined);
  return names && Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), "latin1")])));
}
