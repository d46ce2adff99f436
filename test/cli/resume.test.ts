import { mkdir, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cliStoppedAfter, contents, corpus, jsonLines, refuse, succeed, workplace } from "../helpers/cli.js";

/** A run of a few steps, and the shortest command that resumes it. */
async function stopped(...more: (string | number)[]) {
  const work = await workplace();
  await succeed(...work.train, "--steps", 4, "--evaluate-every", 3, "--dropout", 0.1, ...more);
  return { ...work, resume: ["train", "lm", "--data", work.data, "--out", work.out, "--resume"] as (string | number)[] };
}

/** Expects a run of 8 steps that is stopped after 3 and resumed to end in the bits of an uninterrupted one. */
async function expectExactResume(...options: (string | number)[]): Promise<void> {
  const { folder, train, data } = await workplace();
  const [whole, broken] = [join(folder, "whole"), join(folder, "broken")];
  const all = [...train, ...options, "--steps", 8, "--json"];
  await succeed(...all, "--out", whole);
  const { status, stdout } = await cliStoppedAfter(3, ...all, "--out", broken);
  expect(status).toBe(130);
  expect(steps(stdout)).toEqual([1, 2, 3]);
  const resume = ["train", "lm", "--data", data, "--out", broken, "--resume", "--json"];
  await refuse([...resume, "--steps", 9], "--steps is 9", "by which its schedule goes");
  expect(steps(await succeed(...resume))).toEqual([4, 5, 6, 7, 8]);
  expect(await weights(broken)).toBe(await weights(whole));
}

const steps = (stdout: string) => jsonLines(stdout).flatMap(({ step, type }) => (type === "step" ? [step] : []));
const weights = async (out: string) => (await contents(out))!["model.safetensors"];

describe("train lm --resume", () => {
  test("of a finished run makes no update and reports the end again", async () => {
    const { resume, out } = await stopped();
    const before = await weights(out);
    const lines = jsonLines(await succeed(...resume, "--json"));
    expect(lines).toMatchObject([
      { type: "evaluation", step: 4 },
      { type: "end", steps: 4, measures: lines[0].measures },
    ]);
    expect(await weights(out)).toBe(before);
  });

  test("with more steps continues as if the run had been that long, and remembers it", async () => {
    const { resume, out, folder, train } = await stopped();
    expect(steps(await succeed(...resume, "--steps", 7, "--json"))).toEqual([5, 6, 7]);
    const whole = join(folder, "whole");
    await succeed(...train, "--steps", 7, "--evaluate-every", 3, "--dropout", 0.1, "--out", whole);
    expect(await weights(out)).toBe(await weights(whole));
    expect(steps(await succeed(...resume, "--json"))).toEqual([]);
  });

  test("takes all options from the run, and the same ones given again", async () => {
    const { resume, out } = await stopped("--arch", "gru", "--lr", "1e-3", "--deterministic");
    await succeed(...resume, "--steps", 5, "--arch", "gru", "--lr", 0.001, "--deterministic");
    expect(JSON.parse((await contents(out))!["training_args.json"]!)).toMatchObject({ arch: "gru", deterministic: true, evaluateEvery: 3 });
  });

  test("continues a run of the first version, which recorded fewer options", async () => {
    const { resume, out, folder, train } = await stopped();
    const path = join(out, "training_args.json");
    const { arch, tieWeights, schedule, warmup, betas, ...saved } = JSON.parse((await contents(out))!["training_args.json"]!);
    expect({ arch, tieWeights, schedule, warmup, betas }).toEqual({
      arch: "lstm",
      tieWeights: false,
      schedule: "constant",
      warmup: 0,
      betas: [0.9, 0.99],
    });
    const { layers, embed, hidden, dropout, context, batch, lr, clipNorm, validation, seed, device, deterministic, steps, sha256 } = saved;
    const first = {
      ...{
        cell: arch,
        layers,
        embed,
        hidden,
        dropout,
        seq: context,
        batch,
        lr,
        clip: clipNorm,
        val: validation,
        seed,
        device,
        deterministic,
      },
      ...{ steps, "eval-every": saved.evaluateEvery, "checkpoint-every": saved.checkpointEvery, sha256 },
    };
    await writeFile(path, JSON.stringify(first));
    await refuse([...resume, "--context", 9], "--context is 9", "made with 8");
    await succeed(...resume, "--steps", 7);
    const whole = join(folder, "whole");
    await succeed(...train, "--steps", 7, "--evaluate-every", 3, "--dropout", 0.1, "--out", whole);
    expect(await weights(out)).toBe(await weights(whole));
  });

  test("of a run that was stopped, with a schedule, decay and tied weights, ends as one that was not", async () => {
    const options = ["--schedule", "cosine", "--warmup", 2, "--min-lr", 1e-4, "--betas", "0.8,0.95", "--weight-decay", 0.1];
    await expectExactResume(...options, "--hidden", 4, "--tie-weights", "true");
  });

  test("writes a model that the last process had no time to write", async () => {
    const { resume, out } = await stopped();
    const before = await weights(out);
    await rm(join(out, "model.safetensors"));
    await succeed(...resume);
    expect(await weights(out)).toBe(before);
  });
});

describe("train lm --resume refuses, and changes nothing", () => {
  test("a folder that does not exist, is empty, or holds no run", async () => {
    const { train, out } = await workplace();
    await refuse([...train, "--resume"], "the folder", out, "does not exist", "Leave --resume out");
    expect(await contents(out)).toBeUndefined();
    await mkdir(out);
    await refuse([...train, "--resume"], "it is empty");
    await writeFile(join(out, "model.safetensors"), "weights");
    await refuse([...train, "--resume"], "holds no run");
    expect(await contents(out)).toEqual({ "model.safetensors": "weights" });
  });

  test.each([
    ["--arch", "rnn"],
    ["--layers", 2],
    ["--embed", 5],
    ["--hidden", 7],
    ["--dropout", 0],
    ["--context", 9],
    ["--batch", 4],
    ["--lr", 1],
    ["--clip-norm", 0],
    ["--validation", 0.2],
    ["--seed", 2],
    ["--device", "reference"],
    ["--deterministic"],
    ["--arch", "transformer"],
    ["--tie-weights", "true"],
    ["--schedule", "cosine"],
    ["--warmup", 1],
    ["--betas", "0.9,0.999"],
    ["--weight-decay", 0.1],
  ])("%s %s, which the run was not made with", async (...option) => {
    const { resume, out } = await stopped();
    const before = await contents(out);
    await refuse([...resume, ...option, "--steps", 9], option[0] as string, "leave the option out");
    expect(await contents(out)).toEqual(before);
  });

  test("--min-lr, which the run's schedule has no use for", async () => {
    const { resume, out } = await stopped();
    const before = await contents(out);
    await refuse(
      [...resume, "--min-lr", 1e-5, "--steps", 9],
      "--min-lr is for --schedule cosine, and the schedule is constant; leave it out",
    );
    expect(await contents(out)).toEqual(before);
  });

  test("another text", async () => {
    const { resume, out, data } = await stopped();
    const before = await contents(out);
    await writeFile(data, `${corpus.slice(0, -1)}#`);
    await refuse([...resume, "--steps", 9], data, "is not the text");
    expect(await contents(out)).toEqual(before);
  });

  test("a checkpoint that is cut short, empty or of another model", async () => {
    const { resume, out } = await stopped();
    const path = join(out, "training_state.safetensors");
    for (const length of [2000, 9, 0]) {
      await truncate(path, length);
      const before = await contents(out);
      await refuse([...resume, "--steps", 9], "training_state.safetensors");
      expect(await contents(out)).toEqual(before);
    }
    const other = await stopped("--hidden", 5);
    await writeFile(path, (await contents(other.out))!["training_state.safetensors"]!, "latin1");
    await refuse(resume, "training_state.safetensors", "does not fit");
  });

  test("options that are lost or damaged", async () => {
    const { resume, out } = await stopped();
    const path = join(out, "training_args.json");
    const text = (await contents(out))!["training_args.json"]!;
    for (const damaged of [
      "",
      "{",
      "null",
      "[]",
      text.replace('"lstm"', '"toString"'),
      text.replace('"hidden": 6', '"hidden": "6"'),
      text.replace('"hidden": 6', '"hidden": -6'),
    ]) {
      await writeFile(path, damaged);
      await refuse(resume, "training_args.json", "--overwrite");
    }
    await rm(path);
    await refuse(resume, "training_args.json", "--overwrite");
    expect(Object.keys((await contents(out))!)).not.toContain("training_args.json");
  });
});
