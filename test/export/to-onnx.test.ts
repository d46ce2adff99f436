import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { toOnnx } from "../../src/export/index.js";
import { Message } from "../../src/export/protobuf.js";
import * as sg from "../../src/index.js";
import { inference } from "../../src/nn/mode.js";
import { fileStore } from "../../src/node.js";
import { cli, temporaryFolder } from "../helpers/cli.js";
import { noRuntime, OnnxModel } from "../helpers/onnx.js";
import { expectClose, rows, shaken, tokenFeeds } from "./inputs.js";
import { metadataOf } from "./metadata.js";

beforeAll(async () => void (await sg.init()));

const reviews = [
  { text: "a good film", label: "good" },
  { text: "a bad film", label: "bad" },
];
const small = { arch: "gru", embed: 4, hidden: 4, minCount: 1 } as const;
const classifier = () => new sg.models.SequenceClassifier({ vocab: 20, classes: 3, embed: 6, hidden: 8 });

describe("a message of protobuf", () => {
  it("has the bytes that the format's description gives", () => {
    const inner = new Message().int(1, 150);
    expect([...inner.bytes()]).toEqual([0x08, 0x96, 0x01]);
    expect([...new Message().text(2, "testing").bytes()]).toEqual([0x12, 7, ...Buffer.from("testing")]);
    expect([...new Message().message(3, inner).bytes()]).toEqual([0x1a, 3, 0x08, 0x96, 0x01]);
    expect([...new Message().int(1, -2).bytes()]).toEqual([0x08, 0xfe, ...new Array<number>(8).fill(0xff), 0x01]);
    expect([...new Message().float(2, 1).bytes()]).toEqual([0x15, 0, 0, 0x80, 0x3f]);
    expect([...new Message().int(16, 0).bytes()]).toEqual([0x80, 0x01, 0]);
  });
});

describe("toOnnx", () => {
  it("writes the labels, the tokenizer and the scaling of a task into the metadata", async () => {
    const task = sg.tasks.TextClassifier.create(reviews, small);
    const found = metadataOf((await toOnnx(task)).get("model.onnx")!);
    expect(JSON.parse(found.config!)).toMatchObject({ model_type: task.type, labels: ["bad", "good"], arch: "gru" });
    expect(JSON.parse(found.tokenizer!)).toEqual(JSON.parse(JSON.stringify(task.tokenizer.toJSON())));
    const series = sg.data.seriesOf([[1], [2], [3], [2], [1], [2], [3], [4]], { names: ["a"] });
    const forecaster = sg.tasks.SeriesForecaster.create(series, 6, { history: 2, horizon: 1, hidden: 4 });
    const { scaler } = JSON.parse(metadataOf((await toOnnx(forecaster)).get("model.onnx")!).config!);
    expect(scaler).toEqual(JSON.parse(JSON.stringify(forecaster.scaler.toJSON())));
  });

  it("names what it cannot export, and what to do", async () => {
    await expect(toOnnx(new sg.nn.Linear(2, 3))).rejects.toThrow(/Linear cannot be exported; give a task, or one of SequenceClassifier, /);
    const projected = shaken(classifier());
    Object.assign(projected.encoder, { rnn: new sg.nn.LSTM(6, 8, { projSize: 4, bidirectional: true }) });
    await expect(toOnnx(projected)).rejects.toThrow(/LSTM has no projection; make the LSTM without projSize/);
    await expect(toOnnx(classifier(), { opset: 18 as 17 })).rejects.toThrow(/there is no opset 18; use 17, 23/);
    await expect(toOnnx(classifier(), { externalData: -1 })).rejects.toThrow(/externalData is -1/);
    await expect(toOnnx({} as never)).rejects.toThrow(/give a model of sg.models, or a task/);
  });

  it.skipIf(noRuntime)(`keeps weights in a file of their own, which give the same scores${noRuntime}`, async () => {
    const model = shaken(classifier());
    const files = await toOnnx(model, { externalData: 256 });
    expect([...files.keys()]).toEqual(["model.onnx", "model.onnx.data"]);
    expect(files.get("model.onnx")!.length).toBeLessThan((await toOnnx(model)).get("model.onnx")!.length / 2);
    const batch = rows([5, 2], 20);
    const { logits } = await (await OnnxModel.open(files)).run(tokenFeeds(batch));
    await expectClose(
      logits,
      inference(() => model.forward(sg.tensor(batch.data, batch.shape), batch.lengths)),
    );
    expect([...(await toOnnx(model, { externalData: 1e9 })).keys()]).toEqual(["model.onnx"]);
  });

  it.skipIf(noRuntime)(`gives a task's answers${noRuntime}`, async () => {
    const task = sg.tasks.TextClassifier.create(reviews, small);
    const onnx = await OnnxModel.open(await toOnnx(task));
    const batch = sg.data.padRows([task.tokenizer.encode("a good film")]);
    const { logits } = await onnx.run(tokenFeeds(batch));
    const powers = [...logits!.data].map((x) => Math.exp(Number(x)));
    const [answer] = await task.predict(["a good film"]);
    for (const { label, probability } of answer!)
      expect(powers[task.labels.indexOf(label)]! / powers.reduce((a, b) => a + b)).toBeCloseTo(probability, 5);
  });
});

describe("seqgrad export", () => {
  it("writes the files of a saved task, and replaces none without --overwrite", async () => {
    const folder = await temporaryFolder();
    const [saved, out] = [join(folder, "saved"), join(folder, "out")];
    const task = sg.tasks.TextClassifier.create(reviews, small);
    await task.save(fileStore(saved));
    const { status, stdout, stderr } = await cli("export", "--model", saved, "--to", "onnx", "--out", out);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/out\/model\.onnx: [\d,]+ bytes\n$/);
    const expected = (await toOnnx(await sg.tasks.load(fileStore(saved)))).get("model.onnx")!;
    expect((await readFile(join(out, "model.onnx"))).equals(expected)).toBe(true);
    const again = await cli("export", "--model", saved, "--out", out);
    expect(again).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/model\.onnx is there already; give another folder, or --over/),
    });
    const other = await cli("export", "--model", saved, "--out", out, "--overwrite", "--opset", 23, "--external-data", 64);
    expect(other.stdout.trim().split("\n")).toHaveLength(2);
    const foreign = await cli("export", "--model", saved, "--out", out, "--to", "hugging-face");
    expect(foreign).toMatchObject({ status: 1, stderr: expect.stringMatching(/is a TextClassifier; expected a language model/) });
    const wrong = await cli("export", "--model", saved, "--out", out, "--opset", 18);
    expect(wrong).toMatchObject({ status: 1, stderr: expect.stringContaining("--opset") });
  });
});
