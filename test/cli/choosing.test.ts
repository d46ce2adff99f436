import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cli, cliStoppedAfter, contents, jsonLines, refuse, succeed, temporaryFolder } from "../helpers/cli.js";

const reviews = Array.from({ length: 40 }, (_, i) => (i % 10 === 0 ? `spam\twin a prize now ${i}` : `ham\tsee you at lunch ${i}`)).join(
  "\n",
);
const small = ["--hidden", 4, "--embed", 4, "--batch", 8, "--min-count", 1, "--dropout", 0];

async function place(kind = "classify", text = reviews) {
  const folder = await temporaryFolder();
  const [data, out] = [join(folder, "data.txt"), join(folder, "run")];
  await writeFile(data, text);
  return { folder, data, out, train: ["train", kind, "--data", data, "--out", out] as (string | number)[] };
}

// biome-ignore lint/suspicious/noExplicitAny: lines of JSON, to be looked into.
type Line = any;
const historyOf = async (out: string) => jsonLines((await contents(out))!["history.jsonl"]!);
const evaluationsOf = (lines: Line[]): Line[] => lines.filter(({ type }) => type === "evaluation");

describe("--best", () => {
  // A rate of 0.004 takes some epochs to find the rare label: accuracy stands still for the first ones.
  test.each([
    ["f1", -1],
    ["loss", 1],
    ["accuracy", -1],
  ] as const)("%s keeps the epoch that is best by it, and of equal ones the one of the smallest loss", async (name, sign) => {
    const { train } = await place();
    const lines = jsonLines(await succeed(...train, ...small, "--validation", 0.5, "--epochs", 6, "--lr", 0.004, "--best", name, "--json"));
    const ranks = evaluationsOf(lines).map(({ measures }) => [sign * measures[name], measures.loss]);
    const sorted = ranks.toSorted(([a, b], [c, d]) => a - c || b - d);
    const end = lines.at(-1);
    expect([sign * end.measures[name], end.measures.loss]).toEqual([sorted[0]![0], expect.closeTo(sorted[0]![1], 6)]);
  });

  test("is f1 by default: a filter that always says ham is not kept for the accuracy of it", async () => {
    const { train } = await place();
    const lines = jsonLines(await succeed(...train, ...small, "--validation", 0.5, "--epochs", 12, "--lr", 0.05, "--json"));
    const f1 = evaluationsOf(lines).map(({ measures }) => measures.f1);
    expect(lines.at(-1).measures.f1).toBe(Math.max(...f1));
    expect(Math.max(...f1)).toBeGreaterThan(Math.min(...f1));
  });

  test("must be a measure of the task, and needs examples for validation", async () => {
    const { train } = await place();
    await refuse([...train, "--best", "bleu"], '--best is "bleu"', "f1, loss, accuracy");
    await refuse([...train, "--best", "loss", "--validation", 0], "--best has no effect, since --validation is 0", "--validation-file");
    await refuse([...train, "--patience", 2, "--validation", 0], "--patience has no effect, since --validation is 0");
  });

  test("of a forecaster is the error of all steps of the horizon", async () => {
    const rows = ["day,degrees", ...Array.from({ length: 90 }, (_, t) => `d${t},${10 + 5 * Math.sin(t) + (t % 3)}`)].join("\n");
    const { train } = await place("forecast", rows);
    const options = ["--hidden", 4, "--history", 4, "--horizon", 4, "--epochs", 6, "--lr", 0.05, "--validation", 0.3, "--json"];
    const lines = jsonLines(await succeed(...train, ...options));
    const errors = evaluationsOf(lines).map(({ measures }) => measures.maeHorizon);
    expect(lines.at(-1).measures.maeHorizon).toBe(Math.min(...errors));
  });
});

describe("--patience", () => {
  test("ends a run after that number of epochs without a better one", async () => {
    const { train, out } = await place();
    // Nothing learns at a rate of 0: the first epoch stays the best.
    const lines = jsonLines(await succeed(...train, ...small, "--lr", 0, "--epochs", 9, "--patience", 2, "--json"));
    expect(lines.at(-1)).toMatchObject({ type: "end", reason: "early stop" });
    expect(evaluationsOf(lines)).toHaveLength(3);
    expect(await historyOf(out)).toContainEqual(expect.objectContaining({ type: "end", reason: "early stop" }));
  });
});

describe("of a language model", () => {
  const text = "the cat sat on the mat. ".repeat(12) + "a dog ran to the log. ".repeat(4);
  const model = ["--hidden", 8, "--embed", 4, "--context", 8, "--batch", 4, "--validation", 0.25, "--evaluate-every", 10, "--lr", 0.05];

  test.each(["perplexity", "loss", "bitsPerCharacter"])("--best %s keeps the evaluation that is best by it", async (name) => {
    const { train, out } = await place("lm", text);
    const lines = jsonLines(await succeed(...train, ...model, "--steps", 80, "--best", name, "--json"));
    const values = evaluationsOf(lines).map(({ measures }) => measures[name]);
    const least = Math.min(...values);
    expect(values.at(-1)).toBeGreaterThan(least); // it learns the training part by heart
    expect(lines.at(-1).measures[name]).toBeCloseTo(least, 4);
    expect(await historyOf(out)).toContainEqual(expect.objectContaining({ type: "end", chosenBy: name }));
  });

  test("--patience ends a run after that number of evaluations without a better one", async () => {
    const { train } = await place("lm", text);
    const lines = jsonLines(await succeed(...train, ...model.slice(0, -1), 0, "--steps", 200, "--patience", 2, "--json"));
    expect(lines.at(-1)).toMatchObject({ type: "end", reason: "early stop", steps: 30 });
    expect(evaluationsOf(lines)).toHaveLength(3);
  });

  test("stopped and resumed, keeps the same one", async () => {
    const { train, out, data, folder } = await place("lm", text);
    await succeed(...train, ...model, "--steps", 80, "--out", join(folder, "whole"));
    await cliStoppedAfter(70, ...train, ...model, "--steps", 80, "--json");
    await succeed("train", "lm", "--data", data, "--out", out, "--resume");
    const [whole, broken] = await Promise.all([contents(join(folder, "whole")), contents(out)]);
    expect(broken!["model.safetensors"]).toBe(whole!["model.safetensors"]);
  });

  test("they need a part for validation", async () => {
    const { train } = await place("lm", text);
    await refuse([...train, "--best", "f1"], '--best is "f1"', "perplexity, loss, bitsPerCharacter");
    await refuse([...train, "--best", "loss", "--validation", 0], "--best has no effect, since --validation is 0");
    await refuse([...train, "--patience", 2, "--validation", 0], "--patience has no effect, since --validation is 0");
    await refuse([...train, "--evaluate-every", 2, "--validation", 0], "--evaluate-every has no effect, since --validation is 0");
  });
});

describe("--validation-file and --test", () => {
  test("judge by files of their own, and the test once, by the model that is kept", async () => {
    const { train, out, folder, data } = await place();
    const [val, held] = [join(folder, "val.tsv"), join(folder, "held.tsv")];
    await writeFile(val, "ham\tsee you\nspam\twin a prize\n");
    await writeFile(held, "ham\tsee you at lunch\nham\tlunch\nspam\tprize now\n");
    const lines = jsonLines(await succeed(...train, ...small, "--validation-file", val, "--test", held, "--epochs", 2, "--json"));
    const measured = JSON.parse(await succeed("evaluate", "--model", out, "--data", held, "--json"));
    expect(lines.at(-1).test).toEqual(measured.measures);
    expect(lines.at(-1).measures).toEqual(JSON.parse(await succeed("evaluate", "--model", out, "--data", val, "--json")).measures);
    const [run, ...rest] = await historyOf(out);
    expect(run).toMatchObject({
      examples: { train: 40, validation: 2, test: 3 },
      data: { name: "data.txt" },
      files: { test: { name: "held.tsv" } },
    });
    expect(rest.filter(({ type }) => type === "test")).toEqual([expect.objectContaining({ examples: 3, measures: measured.measures })]);
    // The file may move, but not change.
    await writeFile(val, "ham\tsee you\nspam\ta prize\n");
    await refuse(["train", "classify", "--data", data, "--out", out, "--resume"], "--validation-file", "is not the file", "begun with");
  });

  test("a share for the test is held back from training and validation", async () => {
    const { train } = await place();
    const text = await succeed(...train, ...small, "--test", 0.25, "--epochs", 1);
    expect(text).toContain("26 examples, 4 for validation, 10 for the test\n");
    expect(text).toMatch(/\ntest: accuracy \d\.\d{4} {2}f1 /);
  });

  test.each(["forecast", "translate", "tag"])("a share for the test of %s", async (kind) => {
    const texts: Record<string, string> = {
      forecast: ["day,degrees", ...Array.from({ length: 60 }, (_, t) => `d${t},${t % 7}`)].join("\n"),
      translate: Array.from({ length: 20 }, (_, i) => `say ${i}\tdis ${i}`).join("\n"),
      tag: "Ann\tB-person\nreads\tO\n\n".repeat(20),
    };
    const { train } = await place(kind, texts[kind]);
    const own = { forecast: ["--history", 3], translate: ["--embed", 4] }[kind] ?? ["--min-count", 1, "--embed", 4];
    const lines = jsonLines(await succeed(...train, ...own, "--hidden", 4, "--test", 0.2, "--epochs", 1, "--json"));
    const [name] = Object.keys(lines.at(-1).measures);
    expect(lines.at(-1).test[name!]).toBeTypeOf("number");
  });

  test("refuse shares that leave nothing, and --validation together with --validation-file", async () => {
    const { train, folder } = await place();
    await refuse([...train, "--test", 0.001], "--test 0.001 leaves none of the 40 examples");
    await refuse([...train, "--test", 1.5], '--test is "1.5"', "from 0 to 0.9");
    await refuse([...train, "--validation", 0.2, "--validation-file", join(folder, "x")], "contradict");
    await refuse([...train, "--validation-file", join(folder, "nothing.tsv")], "--validation-file", "the file does not exist");
    await refuse([...train, "--test", join(folder, "nothing.tsv")], "--test", "the file does not exist");
  });
});

describe("warnings", () => {
  test("few examples for validation, and one answer to all, are said on stderr and in the history", async () => {
    const { train, out } = await place("classify", reviews.replaceAll(/\t\D*/g, "\tthe same text "));
    const { stderr, status } = await cli(...train, ...small, "--min-count", 2, "--validation", 0.5, "--epochs", 1, "--lr", 0);
    expect(status).toBe(0);
    expect(stderr).toMatch(
      /^warning: the part for validation has only 20 examples; .+\nwarning: every answer on these examples is "(ham|spam)": .+\n$/,
    );
    const messages = (await historyOf(out)).filter(({ type }) => type === "warning").map(({ message }) => message);
    expect(stderr).toBe(messages.map((message) => `warning: ${message}\n`).join(""));
  });

  test("a baseline that is better is said, with what to try", async () => {
    // Words distinguish the labels, and a rate of 0 learns nothing.
    const halves = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? `spam\twin a prize now ${i}` : `ham\tsee you at lunch ${i}`));
    const { train } = await place("classify", halves.join("\n"));
    const text = await succeed(...train, ...small, "--validation", 0.5, "--epochs", 1, "--lr", 0);
    expect(text).toMatch(
      /\nThe baseline is better: TF-IDF with logistic regression has f1 \d\.\d{4}, this model \d\.\d{4}\. Try .+; or use the baseline\.\n$/,
    );
    const lines = jsonLines(await succeed(...train, "--overwrite", ...small, "--validation", 0.5, "--epochs", 1, "--lr", 0, "--json"));
    expect(lines.at(-1).better).toContain("The baseline is better");
  });
});

describe("history.jsonl", () => {
  /** Without what two runs cannot have in common. */
  const compared = (lines: Line[]) => lines.filter(({ type }) => type !== "resume").map(({ seconds: _, ...line }) => line);

  test("records the run, its epochs and evaluations, and what the kept model is worth", async () => {
    const { train, out } = await place();
    await succeed(...train, ...small, "--epochs", 2, "--seed", 3, "--validation", 0.25);
    const [run, ...rest] = await historyOf(out);
    expect(run).toMatchObject({ type: "run", command: "train classify", seed: 3, options: { hidden: 4, best: "f1" } });
    expect(run.data).toEqual({ name: "data.txt", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(run).toMatchObject({ node: process.versions.node, device: expect.any(String), seqgrad: expect.stringMatching(/^\d+\.\d+/) });
    const lines = rest.filter(({ type }) => type !== "warning").map(({ type, step }) => `${type} ${step}`);
    expect(lines).toEqual(["evaluation 4", "epoch 4", "evaluation 8", "epoch 8", "end 8", "validation 8"]);
    expect(rest[5]).toMatchObject({ confusion: { labels: expect.arrayContaining(["spam"]) }, errors: expect.any(Array) });
  });

  test("of a run that was stopped and resumed is the same as of one that was not", async () => {
    const { train, out, folder, data } = await place();
    const whole = join(folder, "whole");
    const options = [...small, "--epochs", 3, "--json"];
    await succeed(...train, "--out", whole, ...options);
    for (const lines of [3, 8]) {
      await cliStoppedAfter(lines, ...train, ...options, "--overwrite");
      await succeed("train", "classify", "--data", data, "--out", out, "--resume");
      const history = await historyOf(out);
      expect(compared(history)).toEqual(compared(await historyOf(whole)));
      expect(history.filter(({ type }) => type === "resume")).toHaveLength(1);
    }
  });

  test("of a run that is resumed for longer drops the former end", async () => {
    const { train, out, folder, data } = await place();
    const whole = join(folder, "whole");
    await succeed(...train, "--out", whole, ...small, "--epochs", 4);
    await succeed(...train, ...small, "--epochs", 2);
    await succeed("train", "classify", "--data", data, "--out", out, "--resume", "--epochs", 4);
    const [run, ...rest] = compared(await historyOf(out));
    const [other, ...expected] = compared(await historyOf(whole));
    expect(rest).toEqual(expected);
    expect({ ...run, options: { ...run.options, epochs: 4 } }).toEqual(other);
  });
});
