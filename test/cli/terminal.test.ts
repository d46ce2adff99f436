import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatDuration, formatProgress, formatRate, ProgressLine } from "../../src/cli/progress.js";
import { cli, jsonLines, refuse, succeed, workplace } from "../helpers/cli.js";

describe("the progress line", () => {
  const parts = ["75/100", "loss 1.2345", "12.3k tokens/s", "ETA 0:25"];

  test("has a bar of 24, and a shorter or none where there is less room", () => {
    expect(formatProgress(0.75, parts, 80)).toBe(`${"█".repeat(18)}${"░".repeat(6)} 75/100  loss 1.2345  12.3k tokens/s  ETA 0:25`);
    expect(formatProgress(0, parts, 200)).toMatch(/^░{24} 75/);
    expect(formatProgress(1, parts, 200)).toMatch(/^█{24} 75/);
    expect(formatProgress(0.5, parts, 60)).toBe("███████░░░░░░ 75/100  loss 1.2345  12.3k tokens/s  ETA 0:25");
    expect(formatProgress(0.5, parts, 50)).toBe("75/100  loss 1.2345  12.3k tokens/s  ETA 0:25");
  });

  test("leaves out what does not fit, from the end, and never fills the last column", () => {
    expect(formatProgress(0.5, parts, 40)).toBe("75/100  loss 1.2345  12.3k tokens/s");
    expect(formatProgress(0.5, parts, 20)).toBe("75/100  loss 1.2345");
    expect(formatProgress(0.5, parts, 19)).toBe("██████░░░░░ 75/100".slice(-18));
    expect(formatProgress(0.5, parts, 5)).toBe("75/1");
    for (let columns = 1; columns < 120; columns++) expect(formatProgress(0.5, parts, columns).length).toBeLessThan(Math.max(columns, 1));
  });

  test("writes to a terminal only, over what it wrote before", () => {
    const written: string[] = [];
    const out = { isTTY: true, columns: 0, write: (text: string) => written.push(text) > 0 };
    const line = new ProgressLine(10, 2, out);
    line.update(3, ["loss 1"]);
    line.update(4, ["loss 1"]); // too soon to draw again
    line.clear();
    const [drawn, ...rest] = written;
    expect(drawn!.slice(0, 4)).toBe("\r\x1b[K");
    expect(drawn!.slice(4)).toMatch(/^█+░+ 3\/10 {2}loss 1 {2}ETA \d:\d\d$/);
    expect(rest).toEqual(["\r\x1b[K"]);
    const file = { isTTY: false, columns: 80, write: () => expect.fail("written to a file") } as never;
    new ProgressLine(10, 0, file).update(5);
    new ProgressLine(10, 0, file).clear();
  });

  test("durations and rates", () => {
    expect([0, 59.6, 75, 3599, 3600, 36_061].map(formatDuration)).toEqual(["0:00", "1:00", "1:15", "59:59", "1:00:00", "10:01:01"]);
    expect([0.4, 999, 9949, 9950, 99_499, 99_500, 1_234_567].map(formatRate)).toEqual([
      "0",
      "999",
      "9949",
      "9.9k",
      "99.5k",
      "100k",
      "1235k",
    ]);
  });
});

describe("help and facts", () => {
  test.each([
    [[], "demo|train|generate|predict|evaluate|report|info|export|bench|doctor"],
    [["--help"], "demo|train|generate|predict|evaluate|report|info|export|bench|doctor"],
    [["-h"], "demo|train|generate|predict|evaluate|report|info|export|bench|doctor"],
    [["help"], "npx seqgrad train lm --data book.txt --out my-model\n"],
    [["help", "train", "lm"], "--checkpoint-every=<N>"],
    [["train"], "seqgrad train caption|classify|forecast|lm|recognize|tag|translate"],
    [["train", "--help"], "seqgrad train caption|classify|forecast|lm|recognize|tag|translate"],
    [["train", "lm", "--help"], "--checkpoint-every=<N>"],
    [["train", "lm", "--hidden", "5", "-h"], "--checkpoint-every=<N>"],
    [["generate", "--help"], "--top-p=<P>"],
    [["info", "--help"], "--model=<DIR>"],
    [["doctor", "--help"], "--device"],
    [["demo", "--help"], "--steps=<N>"],
  ])("%j", async (argv, part) => {
    const stdout = await succeed(...argv);
    expect(stdout).toContain(part);
    expect(stdout).not.toContain("\x1b");
    expect(stdout).not.toContain("seqgrad seqgrad");
    expect(stdout).toMatch(/[^\s]\n$/);
  });

  test("help says the defaults", async () => {
    expect(await succeed("train", "lm", "--help")).toMatch(
      /--lr=<X> +Learning rate of AdamW, at its highest \(Default: 0\.002; 0\.001 in a transformer\)\n/,
    );
  });

  test("the version", async () => {
    expect(await succeed("--version")).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
    expect(await succeed("-v")).toBe(await succeed("--version"));
    expect((await cli("info", "--version")).status).toBe(1);
  });

  test("the command alone and help say what to do next, and nothing else does", async () => {
    const alone = await succeed();
    expect(alone).toMatch(/\nTry it: +npx seqgrad demo\nTrain on your file: .*\nRead on: .*https:\/\/\S+\n$/);
    expect(await succeed("help")).toBe(alone);
    expect(await succeed("--help")).toBe(alone);
    expect(await succeed("train", "--help")).not.toContain("npx seqgrad demo");
  });

  const newNode = Number.parseInt(process.versions.node, 10) >= 24;

  test("--no-wide keeps to 128 bits, and --threads says how many threads there are", async () => {
    const [facts] = jsonLines(await succeed("doctor", "--json", "--no-wide", "--threads", 1));
    expect(facts).toMatchObject({ threads: 1, variant: expect.not.stringContaining("wide"), info: expect.stringContaining("one thread") });
    expect(jsonLines(await succeed("doctor", "--json", "--threads", 3))[0]).toMatchObject({
      ...{ threads: 3, variant: newNode ? "wide" : expect.stringMatching(/^(simd|relaxed)$/) },
    });
    for (const threads of [0, 1.5, 65, "many"]) await refuse(["doctor", "--threads", threads], "--threads", "whole number from 1 to 64");
  });

  test("doctor says what there is, what of it is used, and how to use more", async () => {
    const stdout = await succeed("doctor");
    expect(stdout).toMatch(
      /^seqgrad +\d.*, Node \d.*\ncomputes on +WebAssembly.*\nSIMD +.*\n[\s\S]*GPU +.*\n[\s\S]*cores +\d[\s\S]*memory +.* at most/,
    );
    const [facts, ...rest] = jsonLines(await succeed("doctor", "--json", "--deterministic"));
    expect(rest).toEqual([]);
    expect(facts).toMatchObject({
      version: expect.stringMatching(/^\d/),
      node: process.versions.node,
      ...{ device: "wasm", variant: "simd", simd: true, relaxedSimd: expect.any(Boolean) },
      ...{ threads: Math.min(8, availableParallelism()), wideMissing: newNode ? null : expect.stringContaining("Node 24") },
      ...{ cores: expect.any(Number), memoryReserved: expect.any(Number), memoryLimit: expect.any(Number) },
    });
    expect(typeof facts.gpu === "string").toBe(facts.gpuMissing === null);
    expect(jsonLines(await succeed("doctor", "--json", "--device", "reference"))[0]).toMatchObject({ device: "reference", variant: null });
  });

  test("info prints the layers of a language model and of a task", async () => {
    const { train, out, folder } = await workplace();
    await succeed(...train, "--steps", 1);
    expect(await succeed("info", "--model", out)).toMatch(/: lm, lstm with .* units, [\d,]+ parameters\n\nRecurrentLM\n[\s\S]*rnn.*LSTM/);
    const [facts] = jsonLines(await succeed("info", "--model", out, "--json"));
    expect(facts).toMatchObject({ device: "wasm", threads: Math.min(8, availableParallelism()), cores: availableParallelism() });
    const narrow = await succeed("info", "--model", out, "--no-wide", "--threads", 1);
    expect(narrow).toMatch(
      /\n\ncomputes on +WebAssembly.*one thread\n256 bits +not in use: --no-wide was given\ncores +\d+; .* one thread/,
    );
    if (availableParallelism() > 1) expect(narrow).toContain("on one thread: --threads 1 was given");
    expect(await succeed("info", "--model", out, "--deterministic")).toContain("256 bits      not in use: --deterministic was given");
    expect(await succeed("info", "--model", out, "--device", "reference")).toContain("not in use: the device is reference");
    expect(facts.parameters).toBe(
      facts.tensors.reduce((sum: number, { shape }: { shape: number[] }) => sum + shape.reduce((a, b) => a * b), 0),
    );
    const [data, tagger] = [join(folder, "names.conll"), join(folder, "tagger")];
    await writeFile(data, "Ann\tB-person\nreads\tO\n\n".repeat(8));
    await succeed("train", "tag", "--data", data, "--out", tagger, "--epochs", 1, "--hidden", 4, "--min-count", 1, "--validation", 0);
    expect(await succeed("info", "--model", tagger)).toMatch(/: tag, [\d,]+ parameters\n/);
  });

  test("the demo learns and writes", async () => {
    const stdout = await succeed("demo", "--steps", 2);
    expect(stdout).toMatch(
      /^lstm with 1 x 256 units, \d+ parameters, on .*\nstep 1 {2}loss [\s\S]*\n2 steps in 0:\d\d\n\nWhat it has learned/,
    );
  });
});
