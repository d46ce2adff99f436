import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { splitItems } from "../../src/data/data-loader.js";
import { contents, refuse, succeed, workplace } from "../helpers/cli.js";
import { temporaryFolder } from "../helpers/temporary-folder.js";

/** A data file, and the options that train a small model on it. */
async function place(kind: string, text: string, name = "data.txt") {
  const folder = await temporaryFolder();
  const [data, out] = [join(folder, name), join(folder, "run")];
  await writeFile(data, text);
  const train = ["train", kind, "--data", data, "--out", out, "--hidden", 4, "--epochs", 1] as (string | number)[];
  return { folder, data, out, train };
}

/** Numbers day by day. */
const days = (steps: number) => Array.from({ length: steps }, (_, t) => `d${t},${t % 7}`);
const csv = (...rows: string[]) => ["day,degrees", ...rows].join("\n");
const reviews = "good\ta fine film\nbad\ta sad film\n".repeat(4);
const pairs = "go on\tcontinue\ncome in\tentre\ngo in\tva\n".repeat(4);

describe("train forecast refuses", () => {
  const bad: [string, string, ...string[]][] = [
    [
      "a gap in the first row, which hid the series",
      csv("1,", "2,5", "3,6", "4,7"),
      "line 2, column 2",
      '"" is a missing value',
      "--fill previous",
    ],
    ["numbers without a header", "1\n2\n3\n", "line 1, column 1", "the first row holds numbers; expected a header"],
    ["an empty line for a number", "degrees\n3\n\n5\n6\n", "line 3, column 1", "the line is empty; fill what is missing"],
    ["an empty line for the first number", "degrees\n\n5\n6\n", "line 2, column 1", "the line is empty"],
    ["fewer rows than it looks back on", csv(...days(20)), "--history 30 and --horizon 1 do not fit the 18 rows to train on"],
    ["numbers past all squares", "degrees\n1e300\n-1e300\n1e300\n".concat("1\n".repeat(40)), "the deviation of series 0 is Infinity"],
  ];
  test.each(bad)("%s", async (_, text, ...parts) => {
    const { train, out } = await place("forecast", text);
    await refuse(train, ...parts);
    expect(await contents(out)).toBeUndefined();
  });

  test("options that do not fit the file, before it writes anything", async () => {
    const { train, out } = await place("forecast", csv(...days(60)));
    const small = [...train, "--history", 4];
    await refuse([...small, "--season", 55], "--season 55 is longer than the 54 rows before those for validation", "0 for none");
    await refuse([...small, "--horizon", 7], "--horizon 7 does not fit the 6 rows for validation", "--validation 0");
    await refuse([...small, "--horizon", 60], "--horizon 60 do not fit the 54 rows to train on");
    expect(await contents(out)).toBeUndefined();
  });

  test("times that occur twice, unless --time says that the rows have none; and a column of times that is not there", async () => {
    const at = (t: number) => `2024-01-${String(1 + (t % 28)).padStart(2, "0")}`;
    const { train, out } = await place("forecast", csv(...Array.from({ length: 60 }, (_, t) => `${at(t)},${t % 7}`)));
    const small = [...train, "--history", 4];
    await refuse(small, "line 30", "keep one row for each time");
    await refuse([...small, "--time", "day"], "day");
    await refuse([...small, "--time", "hour"], 'no column is named "hour"; the columns are "day", "degrees"');
    await succeed(...small, "--time", "none");
    expect(JSON.parse((await contents(out))!["config.json"]!).names).toEqual(["degrees"]);
  });

  test("and so do predict and evaluate, by the file's name", async () => {
    const { train, out, data } = await place("forecast", csv(...days(60)));
    await succeed(...train, "--history", 4);
    await writeFile(data, "day,degrees,wind\na,1,2\nb,3,4\nc,5,6\nd,7,8\ne,9,10\n");
    const commands = [
      ["predict", "--model", out, data],
      ["evaluate", "--model", out, "--data", data],
    ];
    for (const command of commands) await succeed(...command);
    await writeFile(data, csv(...days(3)));
    for (const command of commands) await refuse(command, "data.txt: the file has 3 rows below its header; expected");
  });
});

describe("train translate refuses", () => {
  const stray: [string, ...(string | number)[]][] = [
    ["--attention is for --arch rnn, gru and lstm, and the model is transformer", "--arch", "transformer", "--attention", "dot"],
    ["--window is for --arch rnn, gru and lstm", "--arch", "transformer", "--window", 3],
    ["--teacher-forcing is for --arch rnn, gru and lstm", "--arch", "transformer", "--teacher-forcing", 0.5],
    ["--heads is for --arch transformer, and the model is gru", "--heads", 2],
    ["--label-smoothing is for --arch transformer", "--arch", "lstm", "--label-smoothing", 0.2],
    ["--window is for --attention additive, dot and general, and the attention is none", "--window", 3, "--attention", "none"],
    ["--input-feeding is for --attention additive", "--input-feeding", "true", "--attention", "none"],
    ["--embed is for --arch rnn, gru and lstm, and the model is transformer", "--arch", "transformer", "--embed", 8],
    ["--min-count is for --unit words, and the unit is bpe", "--min-count", 1],
    ["--vocab is for --unit words and bpe, and the unit is characters", "--unit", "characters", "--vocab", 9],
    ["--forcing is for a --teacher-forcing below 1", "--forcing", "linear"],
    ["--min-lr is for --schedule cosine, and the schedule is constant", "--schedule", "constant", "--min-lr", 1e-4],
  ];
  test.each(stray)("%s", async (message, ...options) => {
    const { train, out } = await place("translate", pairs);
    await refuse([...train, ...options], message, "leave");
    expect(await contents(out)).toBeUndefined();
  });

  test("too few different sources to hold one back", async () => {
    const { train } = await place("translate", reviews);
    await refuse(train, "--validation 0.1 leaves none of the 2 different sources of", "0 for none");
  });
});

test("grids larger than the model's are named by their place", async () => {
  const { train, out, data } = await place("caption", "a dot\t1 0\na bar\t0 1\n".repeat(6));
  await succeed(...train);
  const message = "the grid has 2 places; expected 1 at most, as the model was made for";
  await refuse(["predict", "--model", out, "--input", "1 0\n1 0;0 1"], "--input, line 2, column 1", message);
  await writeFile(data, "a dot\t1 0\na bar\t0 1;1 0\n");
  await refuse(["evaluate", "--model", out, "--data", data], "data.txt, line 2, column 2", message);
  const rows = ["a dot\t1 0;0 1", ...new Array<string>(9).fill("a bar\t0 1")];
  const seed = [1, 2, 3, 4, 5, 6, 7, 8].find((n) => splitItems(rows, { validation: 0.5, seed: n }).validation.includes(rows[0]!))!;
  const other = await place("caption", rows.join("\n"));
  await refuse(
    [...other.train, "--validation", 0.5, "--seed", seed],
    "a grid of 2 places occurs only in the part for validation",
    "another --seed",
  );
});

test("a transformer's width is what its heads share", async () => {
  const { train } = await place("classify", reviews);
  await refuse([...train, "--arch", "transformer", "--hidden", 9], "hidden is 9, which 4 heads cannot share evenly; give a multiple of 4");
});

test("words that all are too rare", async () => {
  const { train } = await place("classify", reviews);
  await refuse([...train, "--min-count", 99], "no word occurs 99 times", "a smaller minCount");
});

describe("folders", () => {
  test("that are not there, or have no name", async () => {
    const { folder, data, train } = await place("classify", reviews);
    const nothing = join(folder, "nothing");
    for (const model of [nothing, ""])
      for (const command of [["predict", "--input", "x"], ["evaluate", "--data", data], ["generate", "--prompt", "x"], ["bench"]])
        await refuse([...command, "--model", model], `--model ${model || '""'}: the folder does not exist`);
    await mkdir(nothing);
    await refuse(["predict", "--model", nothing, "--input", "x"], "or it is empty; give the folder of a saved model");
    await refuse([...train, "--out", ""], "--out is empty");
  });

  test("of another command are not resumed, nor said to be worth nothing", async () => {
    const { train, out, folder } = await place("classify", reviews);
    await succeed(...train);
    const before = await contents(out);
    const other = join(folder, "other.conll");
    await writeFile(other, "Ann\tB-person\nreads\tO\n\n".repeat(20));
    await refuse(
      ["train", "tag", "--data", other, "--out", out, "--resume"],
      "of a run of this command; resume with the command that began it",
    );
    const lm = await workplace();
    await refuse(["train", "lm", "--data", lm.data, "--out", out, "--resume"], "resume with the command that began it");
    expect(await contents(out)).toEqual(before);
  });

  test("of a run that 0.1 stopped are resumed by its names", async () => {
    const { train, out, data, folder } = await place("translate", pairs);
    const small = ["--hidden", 4, "--embed", 4, "--unit", "words", "--min-count", 1, "--validation", 0.3, "--bidirectional", "false"];
    const whole = join(folder, "whole");
    await succeed(...train, ...small, "--schedule", "constant", "--epochs", 2, "--out", whole);
    await succeed(...train, ...small, "--schedule", "constant", "--epochs", 1);
    const path = join(out, "training_args.json");
    const saved = JSON.parse(await readFile(path, "utf8"));
    const { hidden, embed, layers, dropout, batch, epochs, lr, seed, unit, attention, window, reverse, forcing, schedule, sha256 } = saved;
    const first = {
      ...{ cell: saved.arch, hidden, embed, layers, dropout, batch, epochs, lr, seed, unit, attention, window, reverse, forcing, schedule },
      ...{ "min-count": 1, vocabulary: saved.vocab, "max-length": saved.context, val: saved.validation, "val-file": "", test: "0" },
      ...{ "one-way": true, "teacher-forcing": 1, heads: 4, "label-smoothing": 0.1, clip: saved.clipNorm, "weight-decay": 0, patience: 0 },
      ...{ best: "loss", device: "auto", deterministic: false, locale: "", delimiter: "", header: "auto" },
      ...{ "source-column": saved.sourceColumn, "target-column": saved.targetColumn, sha256 },
    };
    await writeFile(path, JSON.stringify(first));
    const resume = ["train", "translate", "--data", data, "--out", out, "--resume"];
    await refuse([...resume, "--context", 9], "--context is 9", "made with 64");
    await succeed(...resume, "--epochs", 2);
    expect((await contents(out))!["model.safetensors"]).toBe((await contents(whole))!["model.safetensors"]);
  });

  test("of models that are not whole", async () => {
    const { train, out } = await place("classify", reviews);
    await succeed(...train);
    const ask = ["predict", "--model", out, "--input", "x"];
    const config = JSON.parse(await readFile(join(out, "config.json"), "utf8"));
    for (const [change, message] of [
      [{ labels: ["a", "a"] }, 'labels is ["a", "a"]; expected a list of labels, two or more, each once'],
      [{ labels: [] }, "labels is []"],
      [{ context: 0 }, "context is 0; expected a whole number above 0"],
    ] as const) {
      await writeFile(join(out, "config.json"), JSON.stringify({ ...config, ...change }));
      await refuse(ask, "config.json", message);
    }
    await writeFile(join(out, "config.json"), JSON.stringify(config));
    await rm(join(out, "tokenizer.json"));
    await refuse(ask, "the model's tokenizer.json is missing; the folder is not complete");
  });
});
