import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cli, jsonLines, refuse, succeed, temporaryFolder, workplace } from "../helpers/cli.js";

/** A model of a kind, and its data. */
async function trained(kind: string, text: string, ...options: (string | number)[]) {
  const folder = await temporaryFolder();
  const [data, out] = [join(folder, "data.txt"), join(folder, "run")];
  await writeFile(data, text);
  await succeed("train", kind, "--data", data, "--out", out, "--hidden", 4, ...options);
  const evaluate = async (...more: (string | number)[]) => succeed("evaluate", "--model", out, "--data", data, ...more);
  return { folder, data, out, evaluate };
}

const reviews = Array.from({ length: 30 }, (_, i) => ["good\ta fine film", "bad\ta dull film", "odd\ta strange film"][i % 3]).join("\n");
const texts = ["--embed", 4, "--min-count", 1, "--epochs", 1, "--dropout", 0];

describe("evaluate", () => {
  test("prints scores by label, their means, the confusion and the most confident errors", async () => {
    const { evaluate } = await trained("classify", reviews, ...texts);
    const text = await evaluate("--errors", 2);
    expect(text).toMatch(/^30 examples {2}accuracy \d/);
    expect(text).toMatch(/\nalways the most common label \(bad\): accuracy 0\.3333 {2}f1 0\.1667\n/);
    for (const name of ["bad", "good", "odd", "macro", "weighted"]) expect(text).toMatch(new RegExp(`\\n${name} +\\d`));
    expect(text).toMatch(/\nlabel +precision +recall +f1 +support\n/);
    expect(text).toMatch(/\nconfusion \(rows: right, columns: answered\) +bad +good +odd\n/);
    const { measures, scores, confusion, errors, baselines } = JSON.parse(await evaluate("--errors", 3, "--json"));
    const counts: number[][] = confusion.counts;
    const right = counts.reduce((sum, row, i) => sum + row[i]!, 0);
    expect(measures.accuracy).toBeCloseTo(right / 30, 12);
    expect(errors).toHaveLength(Math.min(3, 30 - right));
    const confidences = errors.map(({ confidence }: { confidence: number }) => confidence);
    expect(confidences).toEqual(confidences.toSorted((a: number, b: number) => b - a));
    expect(scores.label.good.support).toBe(10);
    expect(scores.label.macro.f1).toBeCloseTo(measures.f1, 12);
    expect(baselines[0].measures.accuracy).toBeCloseTo(1 / 3, 12);
  });

  test("with the data of training, compares the model with what that data says alone", async () => {
    const { data, evaluate } = await trained("classify", reviews, ...texts, "--lr", 0);
    const text = await evaluate("--baseline", data);
    expect(text).toContain("TF-IDF with logistic regression: accuracy 1.0000");
    expect(text).toMatch(/\nThe baseline is better: TF-IDF with logistic regression has f1 1\.0000, this model 0\.\d{4}\. Try /);
  });

  test("of a tagger scores each type of entity, next to each word's most common tag", async () => {
    const { data, evaluate } = await trained("tag", "Ann\tB-person\nin\tO\nOslo\tB-place\n\n".repeat(12), ...texts);
    const { scores, baselines, confusion } = JSON.parse(await evaluate("--baseline", data, "--json"));
    expect(scores.type.person.support).toBe(12);
    expect(Object.keys(scores.type)).toEqual(expect.arrayContaining(["person", "place", "micro", "macro", "weighted"]));
    expect(baselines).toEqual([{ name: "each word's most common tag", measures: { f1: 1, precision: 1, recall: 1, accuracy: 1 } }]);
    expect(confusion.labels).toContain("B-place");
  });

  test("of a forecaster reports each step and each series, next to the naive forecasts", async () => {
    const rows = ["a,b", ...Array.from({ length: 40 }, (_, t) => `${t % 4},${(t * 7) % 5}`)].join("\n");
    const { evaluate } = await trained("forecast", rows, "--history", 4, "--horizon", 2, "--season", 4, "--epochs", 1, "--validation", 0.2);
    const { steps, series, baselines, measures } = JSON.parse(await evaluate("--json"));
    expect([steps.length, series.length]).toEqual([2, 2]);
    expect((steps[0].mae + steps[1].mae) / 2).toBeCloseTo(measures.maeHorizon, 9);
    expect((series[0].mae + series[1].mae) / 2).toBeCloseTo(measures.maeHorizon, 9);
    expect(series[0].seasonalNaive).toBe(0);
    expect(baselines.map(({ name }: { name: string }) => name)).toEqual([
      "the last known value (naive)",
      "the value a season before (seasonal naive)",
    ]);
    expect(await evaluate()).toMatch(/\nseries +mae +persistence +seasonalNaive\na +\d/);
  });

  test("of a translator names how BLEU was computed, and compares with the most similar source", async () => {
    const pairs = [
      "go on\tva plus loin encore",
      "come in\tentre dans la maison",
      "go away\tva loin de moi",
      "come on\tviens avec moi ici",
    ].join("\n");
    const { data, evaluate } = await trained(
      "translate",
      `${pairs}\n`.repeat(8),
      ...texts,
      "--unit",
      "words",
      "--validation",
      0,
      "--lr",
      0,
    );
    const signature = "nrefs:1|case:lc|eff:no|tok:13a|smooth:exp|version:seqgrad";
    expect(await evaluate()).toContain(`\nBLEU|${signature}\n`);
    const { bleuSignature, baselines, better } = JSON.parse(await evaluate("--baseline", data, "--json"));
    expect(bleuSignature).toBe(signature);
    const name = "the target of the most similar source of training";
    expect(baselines).toMatchObject([{ name, measures: { exact: 1 } }]);
    expect(better).toMatch(/^The baseline is better: the target of .+; or use the baseline\.$/);
  });

  test.each([
    [
      "caption",
      "a dot is far left\t1 0; 0 0\na bar is far left\t0 1; 0 0\na dot is far left\t1 0; 1 0\n",
      "always the most common caption",
      { exact: 2 / 3 },
    ],
    ["recognize", "ab\t1 0; 0 1\nba\t0 1; 1 0\nab\t1 0; 1 1\n", "always the most common text", { exact: 2 / 3, symbolErrorRate: 1 / 3 }],
  ])("of %s compares with the most common answer", async (kind, rows, name, measures) => {
    const few = kind === "caption" ? texts : ["--epochs", 1];
    const { evaluate } = await trained(kind, rows.repeat(4), ...few, "--validation", 0, "--lr", 0);
    const { baselines, better } = JSON.parse(await evaluate("--json"));
    expect(baselines).toMatchObject([{ name, measures }]);
    expect(better).toContain(`The baseline is better: ${name}`);
  });

  test("measures the part for the test next to the baselines too", async () => {
    const folder = await temporaryFolder();
    const [data, out] = [join(folder, "data.txt"), join(folder, "run")];
    await writeFile(data, `${reviews}\n`.repeat(2));
    const train = ["train", "classify", "--data", data, "--out", out, "--hidden", 4, ...texts, "--lr", 0, "--test", 0.3] as const;
    const text = await succeed(...train);
    expect(text).toMatch(/\ntest: accuracy \d/);
    expect(text).toMatch(/\ntest, always the most common label \((bad|good|odd)\): accuracy \d/);
    expect(text).toMatch(/\ntest, TF-IDF with logistic regression: accuracy 1\.0000/);
    expect(text).toMatch(
      /\nOn the test: The baseline is better: TF-IDF with logistic regression has f1 1\.0000, this model 0\.\d{4}\. Try /,
    );
    const end = jsonLines(await succeed(...train, "--overwrite", "--json")).at(-1)!;
    expect(end.testBaselines).toMatchObject([{}, { measures: { accuracy: 1 } }]);
    expect(end.testBetter).toContain("The baseline is better");
  });

  test("says how a baseline is had that learns from the data of training", async () => {
    const { data, evaluate } = await trained("classify", reviews, ...texts);
    const advice = "(--baseline FILE, the file of training,";
    expect(await evaluate()).toContain(advice);
    expect(await evaluate("--baseline", data)).not.toContain(advice);
  });

  test("warns where every answer is one label", async () => {
    const same = reviews.split("\n").map((row, i) => `${row.split("\t")[0]}\tall the same ${i}`);
    const { data, out } = await trained("classify", same.join("\n"), ...texts, "--min-count", 2);
    const { stderr } = await cli("evaluate", "--model", out, "--data", data);
    expect(stderr).toMatch(/^warning: every answer on these examples is "(good|bad|odd)": the model does not distinguish the classes/m);
  });
});

describe("evaluate of a language model", () => {
  test("reports perplexity and bits per character, as training reported the loss", async () => {
    const { train, out, folder, data } = await workplace();
    const lines = jsonLines(await succeed(...train, "--steps", 3, "--validation", 0.2, "--json"));
    const text = await (await import("node:fs/promises")).readFile(data, "utf8");
    const held = join(folder, "held.txt");
    await writeFile(held, [...text].slice(Math.round([...text].length * 0.8)).join(""));
    const { measures, tokens, characters, baselines } = JSON.parse(await succeed("evaluate", "--model", out, "--data", held, "--json"));
    expect(measures.loss).toBeCloseTo(lines.at(-1).measures.loss, 5);
    expect(measures.perplexity).toBeCloseTo(Math.exp(measures.loss), 9);
    expect(measures.bitsPerCharacter).toBeCloseTo(measures.loss / Math.LN2, 9);
    expect(tokens).toBe(characters);
    expect(baselines).toHaveLength(2);
    expect(await succeed("evaluate", "--model", out, "--data", held)).toMatch(
      /^\d+ tokens, \d+ characters {2}loss \d\.\d{4} {2}perplexity /,
    );
  });

  test("of words counts characters too, and says how many words are unknown", async () => {
    const { train, out, folder } = await workplace("the cat sat. the dog sat. ".repeat(30));
    await succeed(...train, "--unit", "words", "--steps", 1);
    const other = join(folder, "other.txt");
    await writeFile(other, "the cat sat. the horse sat.");
    const { measures, tokens, characters, unknown } = JSON.parse(await succeed("evaluate", "--model", out, "--data", other, "--json"));
    expect([tokens, characters, unknown]).toEqual([7, 24, 1 / 8]);
    expect(measures.bitsPerCharacter).toBeCloseTo((measures.loss * 7) / Math.LN2 / 24, 9);
    expect(await succeed("evaluate", "--model", out, "--data", other)).toContain("12.5000 % of the tokens are unknown");
  });

  test("refuses a text of one token, and options of tasks", async () => {
    const { train, out, folder } = await workplace();
    await succeed(...train, "--steps", 1);
    const short = join(folder, "short.txt");
    await writeFile(short, "e");
    await refuse(["evaluate", "--model", out, "--data", short], "short.txt holds 1 of the model's tokens", "at least two");
    await refuse(["evaluate", "--model", out, "--data", short, "--errors", 3], "--errors is not an option for a language model");
  });
});
