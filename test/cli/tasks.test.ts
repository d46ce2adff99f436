import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as forms from "../../src/cli/tasks/index.js";
import { commands } from "../../src/cli/tasks/kinds.js";
import { translate } from "../../src/cli/tasks/translate.js";
import * as taskKinds from "../../src/tasks/kinds.js";
import { typesOf } from "../../src/tasks/task.js";
import { forcingOf } from "../../src/tasks/translator.js";
import { cli, cliStoppedAfter, contents, jsonLines, refuse, succeed, workplace } from "../helpers/cli.js";
import { temporaryFolder } from "../helpers/temporary-folder.js";

const good = ["a fine film", "so good", "a good story", "fine and good", "what a fine cast"];
const bad = ["a dull film", "so bad", "a bad story", "dull and bad", "what a dull cast"];
const reviews = [0, 1, 2].flatMap(() => good.flatMap((text, i) => [`pos\t${text}`, `neg\t${bad[i]}`])).join("\n");
const names = "Ann\tB-person\nreads\tO\n\nin\tO\nOslo\tB-place\n\nBob\tB-person\nran\tO\n\n";
const sentences = names.repeat(6);

const degrees = ["day,degrees", ...Array.from({ length: 60 }, (_, t) => `d${t},${10 + 5 * Math.sin(t / 2)}`)].join("\n");
const pairs = ["go on\tcontinue", "come in\tentre", "go in\tva", "come on\tviens"].join("\n").concat("\n").repeat(5);
const sounds = "a\t1 0; 1 0; 0 0\nb\t0 1; 0 1; 0 0\nab\t1 0; 0 0; 0 1; 0 1\nba\t0 1; 1 0; 1 0\n".repeat(5);
const scenes = "a dot left\t1 0; 0 0\na dot right\t0 0; 1 0\na bar left\t0 1; 0 0\na bar right\t0 0; 0 1\n".repeat(5);

const words = ["--embed", 6, "--min-count", 1] as const;
/** A small data file of each kind, and the options that it needs. */
const samples = {
  classify: { text: reviews, small: words },
  tag: { text: sentences, small: words },
  forecast: { text: degrees, small: ["--history", 4] },
  translate: { text: pairs, small: [...words, "--unit", "words"] },
  recognize: { text: sounds, small: [] },
  caption: { text: scenes, small: words },
} as const;
type Kind = keyof typeof samples;
const kinds = Object.keys(samples) as Kind[];

/** A data file, and the options that train a small model on it. */
async function bench(kind: Kind, text: string = samples[kind].text) {
  const folder = await temporaryFolder();
  const [data, out] = [join(folder, "data.txt"), join(folder, "run")];
  await writeFile(data, text);
  const small = ["--hidden", 6, "--batch", 4, "--lr", 0.02, "--dropout", 0.1, ...samples[kind].small];
  return { folder, data, out, train: ["train", kind, "--data", data, "--out", out, "--validation", 0.2, ...small] as (string | number)[] };
}

/** The same without the size that a Transformer has no option for. */
const withoutEmbed = (train: readonly (string | number)[]) => train.filter((word, i) => word !== "--embed" && train[i - 1] !== "--embed");

const weights = async (out: string) => (await contents(out))!["model.safetensors"];

test("every task of the library has a command that trains it, under the name that exports it", () => {
  const types = Object.values(taskKinds).map(typesOf);
  expect(commands.map((kind) => kind.types)).toEqual(expect.arrayContaining(types));
  expect(commands).toHaveLength(types.length);
  expect(commands.map(({ name }) => name).sort()).toEqual(["lm", ...kinds].sort());
  expect(Object.entries(forms).every(([name, kind]) => kind.name === name)).toBe(true);
});

describe("train classify", () => {
  test("reports its epochs and the baseline, and leaves a whole model", async () => {
    const { train, out, data, folder } = await bench("classify");
    const lines = jsonLines(await succeed(...train, "--epochs", 6, "--json"));
    const counts = Object.fromEntries(
      ["step", "epoch", "evaluation", "end"].map((e) => [e, lines.filter(({ type }) => type === e).length]),
    );
    expect(counts).toEqual({ step: 36, epoch: 6, evaluation: 6, end: 1 });
    const end = lines.at(-1);
    expect(end).toMatchObject({ steps: 36, measures: { accuracy: 1 }, baseline: { measures: { accuracy: 1 } } });
    expect(Object.keys((await contents(out))!).sort()).toEqual(
      ["config.json", "history.jsonl", "model.safetensors", "tokenizer.json", "training_args.json", "training_state.safetensors"].sort(),
    );
    const measured = JSON.parse(await succeed("evaluate", "--model", out, "--data", data, "--json"));
    expect(measured.measures.accuracy).toBeGreaterThan(0.8);
    // The measure by hand, from the answers to a file.
    const rows = reviews.split("\n").map((row) => row.split("\t") as [label: string, text: string]);
    const file = join(folder, "inputs.txt");
    await writeFile(file, rows.map(([, text]) => `${text}\n\n`).join(""));
    const answers = jsonLines(await succeed("predict", "--model", out, file, "--json"));
    // A blank line is answered in its place.
    expect(answers.map(({ input }) => input)).toEqual(rows.flatMap(([, text]) => [text, ""]));
    const right = answers.filter(({ labels }, i) => i % 2 === 0 && labels[0].label === rows[i / 2]![0]).length;
    expect(measured).toMatchObject({ type: "end", examples: 30, measures: { accuracy: right / 30 } });
    const [{ labels }] = answers;
    expect(labels[0].probability + labels[1].probability).toBeCloseTo(1, 6);
    expect(labels[0].probability).toBeGreaterThanOrEqual(labels[1].probability);
    const line = labels.map((l: { label: string; probability: number }) => `${l.label} ${l.probability.toFixed(4)}`).join("\t");
    expect(await succeed("predict", "--model", out, "--input", rows[0]![1])).toBe(`${line}\n`);
  });

  test("keeps the epoch that is best on the part for validation", async () => {
    const { train } = await bench("classify");
    const lines = jsonLines(await succeed(...train, "--epochs", 3, "--json"));
    const evaluations = lines.filter(({ type }) => type === "evaluation");
    const best = evaluations.filter((line) => line.best).at(-1);
    expect(lines.at(-1).measures.accuracy).toBe(best.measures.accuracy);
    expect(best.measures.accuracy).toBe(Math.max(...evaluations.map(({ measures }) => measures.accuracy)));
    expect(lines.at(-1).measures.loss).toBeCloseTo(best.measures.loss, 12);
  });

  test("reads the named columns of a comma-separated file", async () => {
    const { train, out, folder } = await bench("classify");
    const data = join(folder, "reviews.csv");
    await writeFile(data, `id,text,label\n${good.map((text, i) => `${i},"${text}, indeed",pos\n${i},${bad[i]},neg`).join("\n")}\n`);
    const lines = jsonLines(await succeed(...train, "--data", data, "--epochs", 1, "--json"));
    expect(lines.at(-1)).toMatchObject({ type: "end", steps: 2 });
    await writeFile(data, "text,label\nso good,pos\nso so,middling\n");
    const { status, stderr } = await cli("evaluate", "--model", out, "--data", data);
    expect(status).toBe(0);
    expect(stderr).toContain(
      `warning: ${data}: the model does not know the label "middling" (line 3, 1 in all); every such example counts as missed.\n`,
    );
    await writeFile(data, "text,label\n");
    await refuse(["evaluate", "--model", out, "--data", data], "no row below its header");
  });

  test("without validation there is nothing to measure", async () => {
    const { train } = await bench("classify");
    const lines = jsonLines(await succeed(...train, "--validation", 0, "--epochs", 1, "--json"));
    expect(lines.at(-1)).toMatchObject({ type: "end", steps: 8, measures: null });
    expect(lines.at(-1).baseline).toBeUndefined();
  });

  test.each(kinds)("%s stopped and resumed ends in the bits of an uninterrupted run", async (kind) => {
    const { folder, train, data } = await bench(kind);
    const [whole, broken] = [join(folder, "whole"), join(folder, "broken")];
    await succeed(...train, "--epochs", 3, "--json", "--out", whole);
    const { status, stderr } = await cliStoppedAfter(6, ...train, "--epochs", 3, "--json", "--out", broken);
    expect(status).toBe(130);
    expect(stderr).toContain(`npx seqgrad train ${kind} --data`);
    const resume = ["train", kind, "--data", data, "--out", broken, "--resume"];
    await refuse([...resume, "--hidden", 7], "--hidden is 7", "leave the option out");
    await succeed(...resume);
    expect(await weights(broken)).toBe(await weights(whole));
    const before = await contents(broken);
    await refuse(
      train.map((word) => (word === train[5] ? broken : word)),
      "--resume",
      "--overwrite",
    );
    expect(await contents(broken)).toEqual(before);
  });
});

describe("train tag", () => {
  test("learns tags, which predict and evaluate use", async () => {
    const { train, out, data } = await bench("tag");
    const text = await succeed(...train, "--epochs", 12);
    expect(text).toMatch(/^tag, \d+ parameters, on .+; 14 examples, 4 for validation\n/);
    expect(text).toContain("best: f1 1.0000  precision 1.0000");
    expect(await succeed("evaluate", "--model", out, "--data", data)).toContain("18 examples  f1 1.0000");
    expect(await succeed("predict", "--model", out, "--input", "Ann reads")).toBe("Ann\tB-person\nreads\tO\n\n");
    const [answer] = jsonLines(await succeed("predict", "--model", out, "--input", "in Oslo", "--json"));
    expect(answer).toEqual({ words: ["in", "Oslo"], tags: ["O", "B-place"] });
  });

  test("with a random field", async () => {
    const { train, out } = await bench("tag");
    await succeed(...train, "--epochs", 1, "--crf");
    expect(JSON.parse(await readFile(join(out, "config.json"), "utf8"))).toMatchObject({ crf: true });
  });
});

describe("train tag on CoNLL-U", () => {
  const row = (id: number, form: string, upos: string, xpos: string) => `${id}\t${form}\t_\t${upos}\t${xpos}\t_\t0\t_\t_\t_`;
  const universal = [row(1, "Ann", "PROPN", "NNP"), row(2, "reads", "VERB", "VBZ"), ""].join("\n").concat("\n").repeat(12);

  test("says that its tags are UPOS, unless a column is named", async () => {
    const { train, out, data } = await bench("tag", universal);
    const note = `note: ${data}: the file is CoNLL-U: the tags are its UPOS, the parts of speech; --tag-column XPOS, or another name, takes other tags\n`;
    const { status, stderr } = await cli(...train, "--epochs", 1);
    expect([status, stderr.split("warning")[0]]).toEqual([0, note]);
    expect(JSON.parse(await readFile(join(out, "config.json"), "utf8")).tagNames).toEqual(["O", "PROPN", "VERB"]);
    const other = await cli(...train, "--epochs", 1, "--tag-column", "xpos", "--overwrite");
    expect(other.stderr).not.toContain("note:");
    expect(JSON.parse(await readFile(join(out, "config.json"), "utf8")).tagNames).toEqual(["O", "NNP", "VBZ"]);
  });
});

describe("train forecast", () => {
  const wave = ["day,degrees,note", ...Array.from({ length: 80 }, (_, t) => `d${t},${10 + 5 * Math.sin(t / 2)},x`)];
  const small = ["--hidden", 6, "--history", 6, "--batch", 8, "--validation", 0.2, "--lr", 0.01];

  test("beats persistence on a wave, and predicts with an interval", async () => {
    const folder = await temporaryFolder();
    const [data, out] = [join(folder, "wave.csv"), join(folder, "run")];
    await writeFile(data, wave.join("\n"));
    const lines = jsonLines(
      await succeed("train", "forecast", "--data", data, "--out", out, ...small, "--horizon", 2, "--epochs", 12, "--json"),
    );
    const { measures } = lines.at(-1);
    expect(measures.mae).toBeLessThan(measures.persistence);
    const best = lines.filter(({ type, best }) => type === "evaluation" && best).at(-1);
    expect(measures.mae).toBe(best.measures.mae);
    const [{ steps }] = jsonLines(await succeed("predict", "--model", out, data, "--json"));
    expect(steps).toHaveLength(2);
    for (const { value, low, high } of steps) expect(low[0] <= value[0] && value[0] <= high[0]).toBe(true);
    expect(await succeed("predict", "--model", out, data)).toMatch(/^(-?\d+\.\d{4} \(-?\d+\.\d{4} to -?\d+\.\d{4}\)\n){2}$/);
    expect(await succeed("evaluate", "--model", out, "--data", data)).toMatch(/^73 examples {2}mae \d/);
  });

  test("names the cell that is not a number", async () => {
    const folder = await temporaryFolder();
    const data = join(folder, "wave.csv");
    await writeFile(data, [...wave.slice(0, 9), "d9,warm,x", ...wave.slice(9)].join("\n"));
    await refuse(["train", "forecast", "--data", data, "--out", join(folder, "run"), ...small], "wave.csv, line 10, column 2", '"warm"');
    await writeFile(data, "day,degrees\n");
    await refuse(["train", "forecast", "--data", data, "--out", join(folder, "run")], "holds no row below its header");
  });
});

describe("train translate", () => {
  const pairs = ["go on\tcontinue", "come in\tentre", "go in\tva", "come on\tviens"];

  test("learns pairs, and answers with a search or without", async () => {
    const folder = await temporaryFolder();
    const [data, out] = [join(folder, "pairs.tsv"), join(folder, "run")];
    await writeFile(data, [0, 1, 2, 3, 4].flatMap(() => pairs).join("\n"));
    const small = [
      "--hidden",
      12,
      "--embed",
      8,
      "--batch",
      4,
      "--lr",
      0.02,
      "--unit",
      "words",
      "--min-count",
      1,
      "--dropout",
      0,
      "--validation",
      0,
    ];
    await succeed("train", "translate", "--data", data, "--out", out, ...small, "--epochs", 20);
    for (const more of [[], ["--beam", 2]])
      expect(await succeed("predict", "--model", out, "--input", "come in\ngo in", ...more)).toBe("entre\nva\n");
    expect(JSON.parse(await succeed("evaluate", "--model", out, "--data", data, "--json")).measures.exact).toBe(1);
    expect(jsonLines(await succeed("predict", "--model", out, "--input", "go on", "--json"))).toEqual([
      { input: "go on", answer: "continue" },
    ]);
    await writeFile(data, "go\tva\n\tviens\n");
    await refuse(["evaluate", "--model", out, "--data", data], "pairs.tsv, line 2, column 1", "empty");
  });
});

describe("train translate with more options", () => {
  test("holds back all translations of a source, or none", async () => {
    const { train } = await bench("translate"); // four sources, five times each
    expect(await succeed(...train, "--epochs", 1)).toMatch(/; 15 examples, 5 for validation\n/);
  });

  test("a Transformer learns, and is measured by the length of its sources, with a search or without", async () => {
    const { train, out, data } = await bench("translate");
    const options = ["--arch", "transformer", "--hidden", 16, "--heads", 2, "--dropout", 0, "--epochs", 25, "--validation", 0];
    await succeed(...withoutEmbed(train), ...options);
    for (const more of [[], ["--beam", 2]]) {
      const { measures, bleuByLength } = JSON.parse(await succeed("evaluate", "--model", out, "--data", data, "--json", ...more));
      expect(measures.exact).toBe(1);
      expect(bleuByLength).toEqual([{ low: 0, high: 5, sentences: 20, bleu: measures.bleu }]);
    }
    expect(await succeed("evaluate", "--model", out, "--data", data)).toMatch(/\n0 to 4 tokens {2}20 sentences {2}bleu \d+\.\d{4}\n$/);
    expect(await succeed("predict", "--model", out, "--input", "come in")).toBe("entre\n");
    await refuse([...train.slice(0, 5), `${out}2`, ...options, "--heads", 3], "3 heads", "16");
  });

  test("a setting that depends on the number of updates resumes where it stopped", async () => {
    const { folder, train, data } = await bench("translate");
    const options = ["--schedule", "cosine", "--teacher-forcing", 0.3, "--forcing", "cosine", "--window", 3, "--reverse", "--epochs", 4];
    const [whole, broken] = [join(folder, "whole"), join(folder, "broken")];
    await succeed(...train, ...options, "--out", whole);
    await cliStoppedAfter(7, ...train, ...options, "--json", "--out", broken);
    const resume = ["train", "translate", "--data", data, "--out", broken, "--resume"];
    await refuse([...resume, "--epochs", 5], "--epochs is 5", "made with 4, by which its schedule goes");
    await succeed(...resume);
    expect(await weights(broken)).toBe(await weights(whole));
    const plain = join(folder, "plain");
    await succeed(...train, ...options.slice(0, 2), ...options.slice(6), "--out", plain);
    expect(await weights(plain)).not.toBe(await weights(whole));
    expect(JSON.parse(await readFile(join(whole, "config.json"), "utf8"))).toMatchObject({ window: 3, reverse: true, bidirectional: true });
  });
});

describe("--forcing", () => {
  const recipe = { teacherForcing: 0.2, arch: "gru" };

  test.each([
    ["constant", [0.2, 0.2, 0.2]],
    ["linear", [1, 0.6, 0.2]],
    ["cosine", [1, 0.6, 0.2]],
    ["inverse-sigmoid", [1, 0.6, 0.2]],
  ] as const)("%s brings the share of right tokens to that of --teacher-forcing", async (forcing, shares) => {
    const at = forcingOf({ ...recipe, forcing }, 100)!;
    expect([0, 50, 100].map(at)).toEqual(shares.map((share) => expect.closeTo(share, 12)));
    expect(at(20)).toBeCloseTo({ constant: 0.2, linear: 0.84, cosine: 0.9236068, "inverse-sigmoid": 0.911907 }[forcing], 6);
    const why = translate.fields.epochs!.whyFixed({ ...recipe, forcing, schedule: "constant" });
    expect(why).toBe(forcing === "constant" ? undefined : ", by which its schedule goes");
  });

  test("trains, and resumes where it stopped", async () => {
    const { folder, train, data } = await bench("translate");
    const options = ["--teacher-forcing", 0.3, "--epochs", 4];
    const [whole, broken] = [join(folder, "whole"), join(folder, "broken")];
    await succeed(...train, ...options, "--forcing", "inverse-sigmoid", "--out", whole);
    await cliStoppedAfter(7, ...train, ...options, "--forcing", "inverse-sigmoid", "--json", "--out", broken);
    await succeed("train", "translate", "--data", data, "--out", broken, "--resume");
    expect(await weights(broken)).toBe(await weights(whole));
    await refuse([...train, ...options, "--forcing", "sigmoid", "--overwrite"], "constant, linear, cosine, inverse-sigmoid");
  });
});

describe("train recognize and caption", () => {
  test("symbols are recognized, frame by frame or by search", async () => {
    const { train, out, data, folder } = await bench("recognize");
    const lines = jsonLines(await succeed(...train, "--hidden", 12, "--dropout", 0, "--epochs", 40, "--json"));
    expect(lines.at(-1).measures).toMatchObject({ symbolErrorRate: 0, exact: 1 });
    for (const more of [[], ["--beam", 4]])
      expect(await succeed("predict", "--model", out, "--input", "1 0; 0 0; 0 1; 0 1\n0 1; 0 1; 0 0", ...more)).toBe("ab\nb\n");
    expect(jsonLines(await succeed("predict", "--model", out, "--input", "1,0;1,0;0,0", "--json"))).toEqual([{ answer: "a" }]);
    expect(JSON.parse(await succeed("evaluate", "--model", out, "--data", data, "--json")).measures.exact).toBe(1);
    const inputs = join(folder, "inputs.txt");
    await writeFile(inputs, "1 0; 1 0\n\n1 0 0\n");
    await refuse(["predict", "--model", out, inputs], "inputs.txt, line 3, column 1", "have 3 numbers", "expected 2");
    await writeFile(data, "a\t1 0; 1 0\nc\t1 0\n");
    const stray = await cli("evaluate", "--model", out, "--data", data, "--json");
    expect(stray.stderr).toBe(`warning: ${data}: the model does not know the symbol "c"; each counts as missed.\n`);
    expect(JSON.parse(stray.stdout).measures).toMatchObject({ symbolErrorRate: 0.5, exact: 0.5 });
  });

  test("captions are written, greedily or by search", async () => {
    const { train, out, data } = await bench("caption");
    await succeed(...train, "--hidden", 16, "--dropout", 0, "--epochs", 30);
    for (const more of [[], ["--beam", 2]])
      expect(await succeed("predict", "--model", out, "--input", "0 0; 1 0\n0 1; 0 0", ...more)).toBe("a dot right\na bar left\n");
    expect(JSON.parse(await succeed("evaluate", "--model", out, "--data", data, "--json")).measures.exact).toBe(1);
    await refuse(["predict", "--model", out, "--input", "1"], "--input, line 1, column 1", "have 1 numbers", "expected 2");
  });
});

describe("--length-penalty", () => {
  test.each([
    ["translate", "go on\ncome in", []],
    ["caption", "0 0; 1 0\n0 1; 0 0", []],
    ["translate", "go on\ncome in", ["--arch", "transformer", "--hidden", 8, "--heads", 2]],
  ] as const)("of a search in predict and evaluate, of %s", async (kind, input, more) => {
    const { train, out, data } = await bench(kind);
    await succeed(...(more.length > 0 ? withoutEmbed(train) : train), ...more, "--epochs", 4, "--context", 5);
    const answerOf = async (penalty: number) => {
      const search = ["--model", out, "--beam", 3, "--length-penalty", penalty];
      const { measures } = JSON.parse(await succeed("evaluate", ...search, "--data", data, "--json"));
      return { answers: await succeed("predict", ...search, "--input", input), bleu: measures.bleu };
    };
    const [short, long] = [await answerOf(-50), await answerOf(50)];
    expect(short.answers.length).toBeLessThan(long.answers.length);
    expect(short.bleu).not.toBe(long.bleu);
    const plain = ["predict", "--model", out, "--input", input];
    expect(await succeed(...plain, "--beam", 3, "--length-penalty", 0)).toBe(await succeed(...plain, "--beam", 3));
    for (const command of [plain, ["evaluate", "--model", out, "--data", data]]) {
      for (const beams of [[], ["--beam", 1]])
        await refuse([...command, ...beams, "--length-penalty", 0.6], "--length-penalty", "--beam is 1; leave it out, or give more beams");
      await refuse([...command, "--beam", 2, "--length-penalty", "long"], '--length-penalty is "long"', "from -100 to 100");
    }
  });

  test.each(["classify", "tag", "forecast", "recognize"] as const)("is refused for %s, whose search ranks no texts", async (kind) => {
    const { train, out, data } = await bench(kind);
    await succeed(...train, "--epochs", 1);
    for (const command of ["predict", "evaluate"]) {
      const last = command === "predict" ? [data] : ["--data", data];
      const message = `--length-penalty is for translations and captions; the model is of ${kind}; leave it out`;
      await refuse([command, "--model", out, ...last, ...(kind === "recognize" ? ["--beam", 2] : []), "--length-penalty", 1], message);
    }
  });
});

test("a tag of the part for validation alone is warned of and counts as missed", async () => {
  const { train } = await bench("tag", "Ann\tO\n\nBob\tB-x\n");
  const { status, stderr } = await cli(...train, "--epochs", 1, "--validation", 0.5);
  expect(status, stderr).toBe(0);
  expect(stderr).toContain("warning:");
  expect(stderr).toContain("the tags B-x occur only in the part for validation");
});

describe("refused", () => {
  test.each([
    ["classify", "", "is empty"],
    ["classify", "\n\n", "holds no row"],
    ["classify", "1\tgood\nbad", "line 2, column 2", "the row has 1 cell;"],
    ["classify", "1\tgood\n\n0\t \n", "line 3, column 2", "the text is empty"],
    ["classify", "1\tgood\n1\tfine\n", "1 label (1)", "at least 2"],
    ["tag", "Ann\tB-person\nreads\n", "line 2, column 2", "has no tag"],
    ["tag", "\n", "holds no sentence"],
    ["recognize", "a\t1 0; 1 x\n", "line 1, column 2", '"x" in vector 2'],
    ["recognize", "a\t1 0\nb\t1\n", "line 2, column 2", "have 1 numbers", "expected 2, as in the first row"],
    ["recognize", "a\t1 0\naa\t1 0; 1 0\n", "line 2, column 2", "2 frames", "at least 3"],
    ["caption", "a dot\t1 0; 1\n", "line 1, column 2", "vector 2 has 1 numbers, the first 2"],
    ["caption", "a dot\n", "line 1, column 2", "the row has 1 cell (", "caption, features"],
    ["tag", "Ann\tO\n\nBob\tQ-x\n", "line 3, column 2", '"Q-x"'],
  ] as const)("data of %s: %j", async (kind, text, ...parts) => {
    const { train, out } = await bench(kind, text);
    await refuse([...train, ...(parts[0] === "1 label (1)" ? ["--validation", 0] : ["--validation", 0.5])], ...parts);
    expect(await contents(out)).toBeUndefined();
  });

  test.each([
    ["--hiden", 5],
    ["--arch", "foo"],
    ["--pooling", "sum"],
    ["--epochs", 0],
    ["--validation", 1],
    ["--device", "nonsense"],
    ["--crf"],
  ])("option %s %s", async (...option) => {
    const { train, out } = await bench("classify");
    await refuse([...train, ...option], option[0] as string);
    expect(await contents(out)).toBeUndefined();
  });

  test("a part for validation of nothing", async () => {
    const { train } = await bench("classify");
    await refuse([...train, "--validation", 0.001], "--validation 0.001 leaves none of the 30 examples");
  });

  test("folders and files that are not what they should be", async () => {
    const { train, out, data, folder } = await bench("classify");
    await refuse(["predict", "--model", folder, "--input", "x"], "config.json", "saved model");
    await refuse(["evaluate", "--model", out, "--data", join(folder, "nothing.tsv")], "--data", "the file does not exist");
    await succeed(...train, "--epochs", 1);
    await refuse(["predict", "--model", out, join(folder, "nothing.txt")], "the file does not exist");
    await refuse(["predict", "--model", out, data, "--input", "x"], "contradict");
    await refuse(["predict", "--model", out, "--input", "x", "--beam", 2], "--beam is for translations");
    await refuse(["predict", "--model", out, data, "extra"], '"extra"');
    await refuse(["predict", "--model", out, "--input", " "], "holds no input");
    await refuse(["generate", "--model", out, "--prompt", "x"], "seqgrad-text-classifier");
    const lm = await workplace();
    await succeed(...lm.train, "--steps", 1);
    await refuse(["predict", "--model", lm.out, "--input", "x"], "seqgrad-recurrent-lm", "seqgrad-text-classifier");
  });
});
