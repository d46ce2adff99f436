import { beforeAll, describe, it } from "vitest";
import { toOnnx } from "../../src/export/index.js";
import * as sg from "../../src/index.js";
import { inference } from "../../src/nn/mode.js";
import { noRuntime, OnnxModel } from "../helpers/onnx.js";
import { expectClose, rows, tokenFeeds } from "./inputs.js";

beforeAll(async () => void (await sg.init()));

const kinds = [
  { arch: "rnn", bidirectional: true, pooling: "last" },
  { arch: "gru", bidirectional: false, layers: 2, pooling: "mean" },
  { arch: "lstm", bidirectional: true, layers: 2, pooling: "last" },
  { arch: "lstm", bidirectional: true, pooling: "max" },
  { arch: "transformer", layers: 2, heads: 2, pooling: "last" },
  { arch: "transformer", layers: 1, heads: 4, pooling: "attention" },
] as const;

describe.skipIf(noRuntime)(`a classifier in ONNX${noRuntime}`, () => {
  for (const opset of [17, 23] as const)
    it.each(kinds)(
      `$arch, bidirectional $bidirectional, layers $layers, pooling $pooling gives the same scores, opset ${opset}`,
      async (kind) => {
        sg.manualSeed(3);
        const model = new sg.models.SequenceClassifier({ vocab: 20, classes: 3, embed: 6, hidden: 8, ...kind }).eval();
        const onnx = await OnnxModel.open(await toOnnx(model, { opset }));
        for (const lengths of [[7], [5, 1, 4, 2, 3]]) {
          const batch = rows(lengths, 20);
          const expected = inference(() => model.forward(sg.tensor(batch.data, batch.shape), lengths));
          const { logits } = await onnx.run(tokenFeeds(batch));
          await expectClose(logits, expected);
        }
      },
    );
});
