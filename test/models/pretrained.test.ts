import { expect, test } from "vitest";
import { MaskedLM, TransformerLM } from "../../src/models/index.js";
import { crossEntropy, slice } from "../../src/ops/index.js";
import { type AdamOptions, AdamW } from "../../src/optim/index.js";
import type { Device } from "../../src/tensor/device.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import type { TensorValue } from "../../src/tensor/value.js";
import { type CurveCase, expectClose, loadGolden } from "../golden/golden.js";
import { describeEverywhere, describeWasm, on } from "../helpers/devices.js";
import { expectError } from "../helpers/errors.js";
import { toState, toTensor, toValues } from "../helpers/golden-tensors.js";

const golden = await loadGolden<CurveCase>("pretrained");
const caseOf = (name: string) => golden.cases.find((c) => c.name === name)!;

type Config = Record<string, unknown>;
const isBert = (c: CurveCase) => c.name === "bert";
const configOf = (c: CurveCase) => c.args[0] as Config;

function load(c: CurveCase, state: Map<string, TensorValue> = toState(golden.parameters(c)), config = configOf(c)) {
  return isBert(c) ? MaskedLM.fromHuggingFace(config, state) : TransformerLM.fromHuggingFace(config, state);
}

function logitsOf(model: MaskedLM | TransformerLM, tokens: Tensor, segments?: Tensor): Tensor {
  return model instanceof MaskedLM ? model.forward(tokens, { segments }) : model.forward(tokens).logits;
}

await describeEverywhere("models by the names of Hugging Face", (device: Device) => {
  for (const c of golden.cases)
    on(device)(`${c.name}: the logits are PyTorch's`, async () => {
      const inputs = new Map(Array.from(golden.inputs(c), ([name, values]) => [name, toTensor(values)]));
      const logits = logitsOf(load(c).eval(), inputs.get("tokens0")!, inputs.get("segments"));
      expectClose(await toValues(logits), golden.output(c, "logits"));
    });
});

await describeWasm("training", (device: Device) => {
  for (const c of golden.cases)
    on(device)(`${c.name}: the loss after each of 50 steps is PyTorch's`, async () => {
      const model = load(c);
      const optimizer = new AdamW(model.parameters(), c.optimizer as AdamOptions);
      const inputs = new Map(Array.from(golden.inputs(c), ([name, values]) => [name, toTensor(values)]));
      const losses = c.losses.map((_, step) =>
        optimizer.step(() => {
          const tokens = inputs.get(`tokens${step % 4}`)!;
          if (isBert(c)) return crossEntropy(logitsOf(model, tokens), inputs.get(`targets${step % 4}`)!);
          return crossEntropy(logitsOf(model, slice(tokens, 1, 0, -1)), slice(tokens, 1, 1));
        }),
      );
      for (const [step, wanted] of c.losses.entries())
        expect(Math.abs((await losses[step]!.read()) - wanted) / wanted, `step ${step}`).toBeLessThan(1e-4);
    });

  const test = on(device);
  test("names with a prefix fit too, and buffers and tied heads count for nothing", () => {
    const c = caseOf("gpt2");
    const state = new Map(Array.from(toState(golden.parameters(c)), ([name, value]) => [`transformer.${name}`, value]));
    state.set("transformer.h.0.attn.bias", { dtype: "float32", shape: [1, 1, 16, 16], data: new Float32Array(256) });
    state.set("lm_head.weight", state.get("transformer.wte.weight")!);
    expect(load(c, state).parameterCount()).toBe(load(c).parameterCount());
  });

  test("all that does not fit is told at once", () => {
    const c = caseOf("gpt2");
    const state = toState(golden.parameters(c));
    const wte = state.get("wte.weight")!;
    state.delete("ln_f.bias");
    state.set("wte.weight", { ...wte, shape: [24, 23] });
    state.set("extra", wte);
    expectError(
      "format",
      () => load(c, state),
      "ln_f.bias [24] is missing",
      "wte.weight is [24, 23], wants [23, 24]",
      "extra is not wanted",
    );
    expectError("format", () => load(c, undefined, { ...configOf(c), model_type: "t5" }), '"t5"', "gpt2");
    expectError("format", () => load(c, undefined, { model_type: "gpt2", vocab_size: 23 }), "n_positions or n_ctx");
    expectError("format", () => load(caseOf("bert"), undefined, { model_type: "gpt2" }), '"gpt2"', "bert");
  });
});

test("the cases are there", () => {
  expect(golden.cases.map(({ name }) => name)).toEqual(["gpt2", "llama", "bert"]);
});
