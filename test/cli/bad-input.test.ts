import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { contents, refuse, succeed, workplace } from "../helpers/cli.js";

describe("the data", () => {
  const bad: [string, string | Uint8Array, ...string[]][] = [
    ["an empty file", "", "is empty"],
    ["a file of a byte order mark alone", "\ufeff", "is empty"],
    ["a binary file", Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0, 1), "byte 4 is 0"],
    ["a file in Latin-1", Uint8Array.of(0x63, 0x61, 0x66, 0xe9, 0x0a), "byte 3 (0xe9) is not UTF-8"],
    ["a file of one character", "a", "--validation"],
  ];
  test.each(bad)("%s", async (_, content, ...parts) => {
    const { train, out, data } = await workplace(content);
    await refuse(train, data, ...parts);
    expect(await contents(out)).toBeUndefined();
  });

  test("a file shorter than a window and the character that follows", async () => {
    const { train, out } = await workplace("12345678");
    await refuse([...train, "--validation", 0], "--context 8", "the 8 of", "longer text", "smaller --context");
    expect(await contents(out)).toBeUndefined();
    await succeed(...train, "--validation", 0, "--context", 7, "--steps", 1);
  });

  test("that is not there, or is a folder", async () => {
    const { folder, out } = await workplace();
    await refuse(["train", "lm", "--data", join(folder, "nothing.txt"), "--out", out], "--data", "the file does not exist");
    await refuse(["train", "lm", "--data", folder, "--out", out], "--data", "is a folder");
    expect(await contents(out)).toBeUndefined();
  });

  test("of which too little is left for validation", async () => {
    const { train } = await workplace();
    await refuse([...train, "--validation", 0.0001], "--validation 0.0001 leaves 0 of the 1500");
  });
});

describe("the folder to write to", () => {
  test("under a file, or where none can be made", async () => {
    const { data } = await workplace();
    for (const out of [data, join(data, "run"), "/proc/run"]) await refuse(["train", "lm", "--data", data, "--out", out], out);
  });

  test("with a run in it already stays as it is", async () => {
    const { train, out } = await workplace();
    await succeed(...train, "--steps", 1);
    const before = await contents(out);
    await refuse([...train, "--steps", 1], "--resume", "--overwrite", "another --out");
    await refuse([...train, "--overwrite", "--resume"], "contradict");
    for (const [option, value] of [
      ["--validation", 0.0001],
      ["--context", 5000],
      ["--arch", "foo"],
      ["--hidden", 2 ** 30],
    ] as const)
      await refuse([...train, "--overwrite", option, value]);
    expect(await contents(out)).toEqual(before);
  });

  test("with a model from elsewhere in it stays as it is", async () => {
    const { train, out } = await workplace();
    await mkdir(out);
    await writeFile(join(out, "model.safetensors"), "weights");
    await refuse(train, "model.safetensors", "--overwrite");
    expect(await contents(out)).toEqual({ "model.safetensors": "weights" });
  });
});

describe("options", () => {
  const wrong: [string, ...(string | number)[]][] = [
    ["unknown", "--hiden", 5],
    ["in another spelling", "--evalEvery", 5],
    ["negated", "--no-json"],
    ["short", "-j"],
    ["a stray word", "extra"],
    ["an object's own", "--constructor", 5],
    ["a value missing at the end", "--hidden"],
    ["a value missing before another option", "--hidden", "--json"],
    ["a value where there is none", "--json=yes"],
    ["no number", "--hidden", "many"],
    ["an empty number", "--hidden="],
    ["no whole number", "--hidden", 1.5],
    ["zero", "--batch", 0],
    ["negative", "--layers", -1],
    ["negative lr", "--lr", -1],
    ["infinite", "--lr", "Infinity"],
    ["no number at all", "--lr", "NaN"],
    ["out of range", "--dropout", 1],
    ["share too large", "--validation", 1],
    ["seed too large", "--seed", 1e17],
    ["steps of none", "--steps", 0],
    ["cell", "--arch", "foo"],
    ["cell of an object", "--arch", "toString"],
    ["device unknown", "--device", "nonsense"],
    ["kind of model unknown", "--arch", "perceptron"],
    ["schedule unknown", "--schedule", "linear"],
    ["one beta", "--betas", "0.9"],
    ["three betas", "--betas", "0.9,0.99,0.999"],
    ["a beta of 1", "--betas", "0.9,1"],
    ["negative decay", "--weight-decay", -0.1],
    ["warm-up without end", "--warmup", 2000],
    ["a last rate without a cosine", "--min-lr", 1e-4],
    ["norm unknown", "--norm", "batch"],
    ["positions unknown", "--positions", "sinusoidal"],
    ["activation unknown", "--activation", "relu"],
    ["no heads", "--heads", 0],
    ["no heads of keys", "--kv-heads", 0],
  ];
  test.each(wrong)("%s", async (_, ...argv) => {
    const { train, out } = await workplace();
    const word = String(argv[0]);
    await refuse([...train, ...argv], word.startsWith("--") ? word.split("=")[0]! : `"${word}"`);
    expect(await contents(out)).toBeUndefined();
  });

  test("that do not go together", async () => {
    const { train, out } = await workplace();
    await refuse([...train, "--schedule", "cosine", "--min-lr", 0.1], "--min-lr 0.1 is over --lr 0.002");
    await refuse([...train, "--steps", 9, "--warmup", 9], "--warmup 9 leaves none of the 9 steps");
    await refuse([...train, "--tie-weights", "true"], "tieWeights", "embed (4)", "hidden (6)");
    for (const option of [
      ["--heads", 2],
      ["--kv-heads", 1],
      ["--norm", "rms"],
      ["--positions", "rotary"],
      ["--activation", "swiglu"],
    ]) {
      const [name] = option as [string];
      await refuse([...train, ...option], `${name} is for --arch transformer`, "lstm, which has --embed", "leave it out");
      await refuse(["bench", ...option], `${name} is for --arch transformer`);
    }
    expect(await contents(out)).toBeUndefined();
  });

  test("that must be given", async () => {
    await refuse(["train", "lm"], "--data and --out must be given");
    await refuse(["train", "lm", "--out", "x"], "--data must be given");
    await refuse(["generate", "--prompt", "x"], "--model must be given");
  });

  test("of commands with none, and commands that do not exist", async () => {
    await refuse(["--nonsense"], '"--nonsense"');
    await refuse(["train", "--data", "x"], '"--data"');
    await refuse(["trian"], 'unknown command "seqgrad trian"', 'did you mean "train"?');
    await refuse(
      ["walk"],
      '"seqgrad walk"',
      "expected one of demo, train, generate, predict, evaluate, report, info, export, bench, doctor.",
    );
    await refuse(["help", "bnech"], '"seqgrad bnech"', 'did you mean "bench"?');
    await refuse(
      ["train", "transcribe"],
      '"seqgrad train transcribe"',
      "expected one of caption, classify, forecast, lm, recognize, tag, translate.",
    );
    await refuse(["train", "recognise"], 'did you mean "recognize"?');
    await refuse(["toString"], '"seqgrad toString"');
    await refuse(["train", "lm", "--hiden", "8"], 'unknown option "--hiden"', 'did you mean "--hidden"?');
    await refuse(["train", "lm", "--hiden", "8"], "See: npx seqgrad help train lm\n");
    await refuse(
      ["train", "classify", "--data", "x", "--out", "y", "--arch", "lsmt"],
      '--arch is "lsmt"',
      'did you mean "lstm"? There are',
    );
    await refuse(["train", "lm", "--hiden=8"], 'unknown option "--hiden=8"', 'did you mean "--hidden"?');
    await refuse(["predict", "--jsn"], 'did you mean "--json"?');
    await refuse(["evaluate", "--min_count", "1"], "--min_count", "expected one of --model, --data");
    await refuse(["demo", "--steps", "none"], "--steps");
    await refuse(["doctor", "--device", "gpu"], "--device");
    await refuse(["info"], "--model must be given", "npx seqgrad doctor");
    await refuse(["info", "--model", "nowhere"], "--model nowhere");
  });
});

test("a run that needs more memory than there is", async () => {
  const { train, out } = await workplace();
  await refuse([...train, "--hidden", 50_000], "memory");
  await refuse([...train, "--batch", 2 ** 31 - 1], "batch");
  expect(await contents(out)).toBeUndefined();
});
