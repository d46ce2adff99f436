import { readdirSync, readFileSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { lockFolder } from "../../src/io/folder-lock.js";
import { cliActedUponAfter, cliStoppedAfter, contents, jsonLines, refuse, succeed, workplace } from "../helpers/cli.js";

const generate = (out: string) => succeed("generate", "--model", out, "--prompt", "The", "--max-tokens", 5);
const classes = "good\ta fine film\nbad\ta dull film\ngood\tso fine\nbad\tso dull\n".repeat(8);

describe("the folder of a run", () => {
  test("holds the new run alone after --overwrite, whatever the tokenizers", async () => {
    const { train, out } = await workplace();
    const kinds = [[], ["--unit", "words", "--min-count", 1], ["--unit", "bpe", "--vocab", 300], []];
    for (const [i, options] of kinds.entries()) {
      await succeed(...train, ...options, "--steps", 2, ...(i > 0 ? ["--overwrite"] : []));
      const tokenizer = options.length > 0 ? "tokenizer.json" : "vocab.json";
      expect(Object.keys((await contents(out))!).filter((name) => /^(vocab|tokenizer)\.json$/.test(name))).toEqual([tokenizer]);
      await generate(out);
    }
  });

  test("holds the new run alone after --overwrite by a task", async () => {
    const { train, out, folder } = await workplace();
    await succeed(...train, "--steps", 2);
    const data = join(folder, "classes.tsv");
    await writeFile(data, classes);
    const small = ["--hidden", 4, "--embed", 4, "--epochs", 1, "--min-count", 1];
    await succeed("train", "classify", "--data", data, "--out", out, "--overwrite", ...small);
    expect(readdirSync(out)).not.toContain("vocab.json");
    await succeed("predict", "--model", out, "--input", "so fine");
  });

  test("holds nothing of the old run as soon as --overwrite begins: a crash then, and --resume, starts the new one", async () => {
    const { train, out } = await workplace();
    await succeed(...train, "--steps", 3);
    let files: string[] = [];
    let history = "";
    await cliActedUponAfter(
      1,
      () => {
        files = readdirSync(out);
        history = readFileSync(join(out, "history.jsonl"), "utf8");
      },
      ...train,
      "--steps",
      2,
      "--hidden",
      5,
      "--overwrite",
      "--json",
    );
    expect(files.sort()).toEqual([".lock", "history.jsonl", "training_args.json"]);
    expect(history).not.toContain("evaluation");
  });

  test("is locked while a run writes to it, for a second run of any kind, and unlocked afterwards", async () => {
    const { train, out, data } = await workplace();
    const lock = await lockFolder(out);
    await refuse([...train, "--steps", 1], "in use by another run", String(process.pid));
    await refuse([...train, "--steps", 1, "--overwrite"], "in use by another run");
    await refuse(["train", "lm", "--data", data, "--out", out, "--resume"], "in use by another run");
    await refuse(["train", "classify", "--data", data, "--out", out, "--overwrite"], "in use by another run");
    expect(Object.keys((await contents(out))!)).toEqual([".lock"]);
    await lock.release();
    const { status } = await cliStoppedAfter(1, ...train, "--steps", 50, "--json");
    expect(status).toBe(130);
    expect(readdirSync(out)).not.toContain(".lock");
    await succeed("train", "lm", "--data", data, "--out", out, "--resume", "--steps", 3);
  });

  test("removed in the middle of a run, is whole again after the next checkpoint, and the run can be resumed", async () => {
    const { train, out, data } = await workplace();
    const argv = [...train, "--steps", 9, "--checkpoint-every", 3, "--evaluate-every", 100, "--json"];
    const { status } = await cliActedUponAfter(
      4,
      () => {
        rmSync(out, { recursive: true });
      },
      ...argv,
    );
    expect(status).toBe(0);
    for (const name of ["training_args.json", "training_state.safetensors", "model.safetensors", "config.json", "vocab.json"])
      expect(readdirSync(out)).toContain(name);
    const more = await succeed("train", "lm", "--data", data, "--out", out, "--resume", "--steps", 10, "--json");
    expect(jsonLines(more)[0]).toMatchObject({ type: "step", step: 10 });
  });

  test("with an apostrophe in its name is quoted in the command that resumes", async () => {
    const { train, folder } = await workplace();
    const out = join(folder, "it's");
    const { stderr } = await cliStoppedAfter(1, ...train, "--out", out, "--steps", 50, "--json");
    expect(stderr).toContain(`--out '${folder}/it'\\''s' --resume`);
  });
});
