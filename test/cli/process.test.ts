import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { contents, corpus, jsonLines, type Outcome, succeed, workplace } from "../helpers/cli.js";
import { full, thinly } from "../helpers/full.js";

const program = "dist/cli.js";
const changedAt = (path: string) => statSync(path).mtimeMs;
const sources = readdirSync("src", { recursive: true, encoding: "utf8" }).map((name) => join("src", name));
const stale = existsSync(program) && sources.filter((path) => path.endsWith(".ts")).some((path) => changedAt(path) > changedAt(program));
const missing = !existsSync(program)
  ? " (cannot run: there is no dist/; run `npm run build`)"
  : stale
    ? " (cannot run: dist/ is older than src/; run `npm run build`)"
    : "";

/** The command in a process of its own. */
class Child {
  readonly #process: ChildProcessByStdio<null, Readable, Readable>;
  readonly #written = { stdout: "", stderr: "" };
  readonly done: Promise<Outcome & { signal: NodeJS.Signals | null }>;

  constructor(...argv: (string | number)[]) {
    this.#process = spawn(process.execPath, [program, ...argv.map(String)], { stdio: ["ignore", "pipe", "pipe"] });
    for (const name of ["stdout", "stderr"] as const) {
      this.#process[name].setEncoding("utf8").on("data", (chunk) => {
        this.#written[name] += chunk;
      });
    }
    this.done = new Promise((resolve) => {
      this.#process.on("close", (status, signal) => resolve({ status: status ?? -1, signal, ...this.#written }));
    });
  }

  /** Sends a signal once `count` lines are written. */
  signalAfter(lines: number, signal: NodeJS.Signals, name: "stdout" | "stderr" = "stdout"): this {
    const check = () => {
      if (this.#written[name].split("\n").length <= lines) return;
      this.#process[name].off("data", check);
      this.#process.kill(signal);
    };
    this.#process[name].on("data", check);
    return this;
  }
}

const run = (...argv: (string | number)[]) => new Child(...argv).done;
const weights = async (out: string) => (await contents(out))!["model.safetensors"];

describe.skipIf(missing)(`the command in a process of its own${missing}`, () => {
  /** A run of many small steps with everything that must be restored, and what it ends in when it is never stopped. */
  async function longRun(steps: number, checkpointEvery: number) {
    const { train, out, data, folder } = await workplace();
    const more = [
      "--layers",
      2,
      "--dropout",
      0.1,
      "--steps",
      steps,
      "--evaluate-every",
      300,
      "--checkpoint-every",
      checkpointEvery,
      "--json",
    ];
    const whole = join(folder, "whole");
    expect(await run(...train, ...more, "--out", whole)).toMatchObject({ status: 0, stderr: "" });
    return { command: [...train, ...more], resume: ["train", "lm", "--data", data, "--out", out, "--resume", "--json"], out, whole };
  }

  const signals = [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const;
  const saves = async (signal: (typeof signals)[number][0], status: number) => {
    const { command, resume, out, whole } = await longRun(2500, 1000);
    const stopped = await new Child(...command).signalAfter(100, signal).done;
    expect(stopped).toMatchObject({ status, signal: null });
    const [first, second, ...rest] = stopped.stderr.trimEnd().split("\n");
    expect(first).toBe("seqgrad: stopping after this step; once more to stop at once.");
    const step = Number(
      /^seqgrad: stopped after step (\d+); the checkpoint is saved\. Continue with: npx seqgrad train lm /.exec(second!)?.[1],
    );
    expect(rest).toEqual([]);
    expect(step).toBeLessThan(2500);
    expect(jsonLines(stopped.stdout).at(-1)).toMatchObject({ type: "end", steps: step, measures: step < 300 ? null : expect.any(Object) });
    const resumed = await run(...resume);
    expect(resumed).toMatchObject({ status: 0, stderr: "" });
    expect(jsonLines(resumed.stdout)[0]).toMatchObject({ type: "step", step: step + 1 });
    expect(await weights(out)).toBe(await weights(whole));
  };
  const isFirst = (_: unknown, index: number) => index === 0;
  thinly(signals, isFirst, (chosen) => test.each(chosen)("%s saves a checkpoint, and the run resumed ends in the same bytes", saves));

  test("a second signal ends it at once", async () => {
    const { data, out } = await workplace(corpus.repeat(100));
    const options = ["--validation", 0.9, "--context", 16, "--batch", 1, "--evaluate-every", 1, "--json"];
    const child = new Child("train", "lm", "--data", data, "--out", out, ...options);
    // The evaluation after the first step takes a while.
    child.signalAfter(1, "SIGINT").signalAfter(1, "SIGINT", "stderr");
    const { status, stderr, stdout } = await child.done;
    expect({ status, stderr }).toEqual({ status: 130, stderr: "seqgrad: stopping after this step; once more to stop at once.\n" });
    expect(jsonLines(stdout)).toHaveLength(1);
  });

  test("the command that it prints resumes, whatever the names", async () => {
    const { folder } = await workplace();
    const data = join(folder, "it's a $text.txt");
    const out = join(folder, "my run");
    await writeFile(data, corpus);
    const small = ["--hidden", 6, "--embed", 4, "--context", 8, "--batch", 3, "--checkpoint-every", 10000, "--steps", 3000];
    const { stderr } = await new Child("train", "lm", "--data", data, "--out", out, ...small).signalAfter(2, "SIGINT").done;
    const command = /npx seqgrad (.*)$/m.exec(stderr)![1]!;
    const shell = promisify(execFile);
    const { stdout } = await shell("bash", ["-c", `${process.execPath} ${program} ${command}`]);
    expect(stdout).toMatch(/\n3000 steps in /);
  });

  const survives = async (rounds: number) => {
    const { command, resume, out, whole } = await longRun(150, 1);
    for (let round = 0; round < rounds; round++) {
      const lines = 1 + Math.floor(Math.random() * 30);
      const { stderr } = await new Child(...(round === 0 ? command : resume)).signalAfter(lines, "SIGKILL").done;
      expect(stderr).toBe("");
      // Whole files only, whatever the moment.
      const files = (await contents(out))!;
      for (const name of ["config.json", "vocab.json", "training_args.json"]) if (files[name]) JSON.parse(files[name]);
      if (files["model.safetensors"]) await succeed("generate", "--model", out, "--prompt", "The", "--max-tokens", 5);
    }
    expect(await run(...resume)).toMatchObject({ status: 0, stderr: "" });
    expect(await weights(out)).toBe(await weights(whole));
    expect(Object.keys((await contents(out))!).sort()).toEqual(Object.keys((await contents(whole))!).sort());
  };
  thinly([4, 12], isFirst, (chosen) =>
    test.each(chosen)("killed at %i random moments, also in the middle of a checkpoint, it ends in the same bytes", survives),
  );

  full(() =>
    test("killed before the first checkpoint, it starts again with the same options", async () => {
      const { command, resume, out, whole } = await longRun(1500, 5000);
      expect(await new Child(...command).signalAfter(20, "SIGKILL").done).toMatchObject({ signal: "SIGKILL" });
      expect(Object.keys((await contents(out))!)).toEqual([".lock", "history.jsonl", "training_args.json"]);
      const resumed = await run(...resume);
      expect(jsonLines(resumed.stdout)[0]).toMatchObject({ type: "step", step: 1 });
      expect(await weights(out)).toBe(await weights(whole));
    }),
  );

  const tasks = [
    ["classify", "good\ta fine film\nbad\ta dull film\ngood\tso fine\nbad\tso dull\n".repeat(8), ["--embed", 6, "--min-count", 1]],
    ["tag", "Ann\tB-person\nreads\tO\n\nin\tO\nOslo\tB-place\n\n".repeat(12), ["--embed", 6, "--min-count", 1]],
    ["forecast", `day,v\n${Array.from({ length: 60 }, (_, t) => `d${t},${Math.sin(t / 2).toFixed(3)}\n`).join("")}`, ["--history", 4]],
  ] as const;
  const resumes = async (kind: (typeof tasks)[number][0], text: string, small: readonly (string | number)[]) => {
    const { folder } = await workplace();
    const [data, out, whole] = [join(folder, "data.txt"), join(folder, "run"), join(folder, "whole")];
    await writeFile(data, text);
    const sizes = ["--hidden", 6, "--batch", 4, "--dropout", 0.1, "--epochs", 80, ...small];
    const train = (to: string) => ["train", kind, "--data", data, "--out", to, ...sizes, "--json"];
    const { status, stderr } = await run(...train(whole));
    expect({ status, stderr: stderr.replaceAll(/^(warning|note): [^\n]+\n/gm, "") }).toEqual({ status: 0, stderr: "" });
    const line = 15 + Math.floor(150 * Math.random());
    expect(await new Child(...train(out)).signalAfter(line, "SIGKILL").done, `line ${line}`).toMatchObject({ signal: "SIGKILL" });
    expect(await run("train", kind, "--data", data, "--out", out, "--resume", "--json"), `line ${line}`).toMatchObject({ status: 0 });
    expect(await weights(out), `killed after line ${line}`).toBe(await weights(whole));

    const inputs = join(folder, "inputs.txt");
    await writeFile(inputs, { classify: "so fine\nso dull\n", tag: "Ann reads\nin Oslo\n", forecast: text }[kind]);
    const predict = ["predict", "--model", out, "--json"];
    const { stdout } = await run(...predict, inputs);
    expect(stdout.split("\n").length).toBeGreaterThan(1);
    for (const from of ["", "-", "--input -"]) {
      const piped = `${process.execPath} ${[program, ...predict, from].join(" ")} < ${inputs}`;
      expect((await promisify(execFile)("bash", ["-c", piped])).stdout, from).toBe(stdout);
    }
  };
  full(() => test.each(tasks)("train %s, killed after a random line, resumes to the same bytes; predict reads stdin", resumes));

  test("a reader of stdout that goes away stops training as SIGTERM does: with a checkpoint", async () => {
    const { train, out, data } = await workplace();
    const shell = promisify(execFile);
    const command = [program, ...train, "--steps", 1e6, "--json"].join(" ");
    const { stdout, stderr } = await shell("bash", ["-c", `${process.execPath} ${command} | head -n 2; echo "${"$"}{PIPESTATUS[0]}"`]);
    const [status, ...lines] = stdout.trimEnd().split("\n").reverse();
    expect(lines.map((line) => JSON.parse(line).step)).toEqual([2, 1]);
    expect(status).toBe("143");
    expect(stderr).toContain("the checkpoint is saved");
    expect(Object.keys((await contents(out))!)).toContain("training_state.safetensors");
    const step = Number(/after step (\d+)/.exec(stderr)![1]);
    expect(jsonLines(await succeed("train", "lm", "--data", data, "--out", out, "--resume", "--steps", step + 1, "--json"))[0].step).toBe(
      step + 1,
    );
  });

  test("a reader that has enough of what another command prints ends it without a word", async () => {
    const { stdout, stderr } = await promisify(execFile)("bash", [
      "-c",
      `${process.execPath} ${program} train lm --help | head -n 1; echo "${"$"}{PIPESTATUS[0]}"`,
    ]);
    expect(stdout).toMatch(/\n0\n$/);
    expect(stderr).toBe("");
  });

  test.skipIf(!existsSync("/dev/full"))("says in one line that nothing more fits where it writes to", async () => {
    const failed = promisify(execFile)("bash", ["-c", `${process.execPath} ${program} --help > /dev/full`]);
    await expect(failed).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^seqgrad: stdout cannot be written: ENOSPC[^\n]*\n$/),
    });
  });

  test("exits with 1 and one line for an error, and 0 for help", async () => {
    const failed = await run("train", "lm", "--data", "/nothing", "--out", "/tmp/nothing");
    expect(failed).toMatchObject({ status: 1, stdout: "", stderr: expect.stringMatching(/^seqgrad: .*\n$/) });
    expect(await run("--help")).toMatchObject({ status: 0, stderr: "", stdout: expect.stringContaining("train") });
    const { version } = JSON.parse(await readFile("package.json", "utf8"));
    expect(await run("--version")).toMatchObject({ status: 0, stdout: `${version}\n` });
  });
});
