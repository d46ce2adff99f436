import { expect, test } from "vitest";
import { MaskedLM, TransformerLM } from "../../src/models/index.js";
import { crossEntropy, slice } from "../../src/ops/index.js";
import { type AdamOptions, AdamW } from "../../src/optim/index.js";
import type { Device } from "../../src/tensor/device.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import type { TensorValue } from "../../src/tensor/value.js";
import { type CurveCase, expectGolden, loadGolden } from "../golden/golden.js";
import { fixtureDevices, forEachDevice, on } from "../helpers/devices.js";
import { expectError } from "../helpers/errors.js";
import { toState, toTensor, toValues } from "../helpers/golden-tensors.js";

const golden = await loadGolden<CurveCase>("pretrained");
const caseOf = (name: string) => golden.cases.find((c) => c.name === name)!;

type Config = Record<string, unknown>;
const isBert = (c: CurveCase) => c.name.startsWith("bert");
const configOf = (c: CurveCase) => c.args[0] as Config;

function load(c: CurveCase, state: Map<string, TensorValue> = toState(golden.parameters(c)), config = configOf(c)) {
  return isBert(c) ? MaskedLM.fromHuggingFace(config, state) : TransformerLM.fromHuggingFace(config, state);
}

function logitsOf(model: MaskedLM | TransformerLM, tokens: Tensor, segments?: Tensor): Tensor {
  if (model instanceof TransformerLM) return model.forward(tokens).logits;
  return model.config.classes > 0 ? model.classify(tokens, { segments }) : model.forward(tokens, { segments });
}

await forEachDevice(fixtureDevices, "models by the names of Hugging Face", (device: Device) => {
  for (const c of golden.cases)
    on(device)(`${c.name}: the logits are PyTorch's`, async () => {
      const inputs = new Map(Array.from(golden.inputs(c), ([name, values]) => [name, toTensor(values)]));
      const logits = logitsOf(load(c).eval(), inputs.get("tokens0")!, inputs.get("segments"));
      expectGolden(await toValues(logits), golden.output(c, "logits"));
    });
});

await forEachDevice(["simd", "full relaxed"], "training", (device: Device) => {
  for (const c of golden.cases)
    on(device)(`${c.name}: the loss after each of 50 steps is PyTorch's`, async () => {
      const model = load(c);
      const optimizer = new AdamW(model.parameters(), c.optimizer as AdamOptions);
      const inputs = new Map(Array.from(golden.inputs(c), ([name, values]) => [name, toTensor(values)]));
      const losses = c.losses.map((_, step) =>
        optimizer.step(() => {
          const tokens = inputs.get(`tokens${step % 4}`)!;
          if (isBert(c)) return crossEntropy(logitsOf(model, tokens), inputs.get(`targets${step % 4}`)!);
          return crossEntropy(logitsOf(model, slice(tokens, { axis: 1, end: -1 })), slice(tokens, { axis: 1, start: 1 }));
        }),
      );
      for (const [step, expected] of c.losses.entries())
        expect(Math.abs((await losses[step]!.read()) - expected) / expected, `step ${step}`).toBeLessThan(1e-4);
    });

  const test = on(device);
  test("names with a prefix fit too, and buffers and tied heads count for nothing", () => {
    const c = caseOf("gpt2");
    const state = new Map(Array.from(toState(golden.parameters(c)), ([name, value]) => [`transformer.${name}`, value]));
    state.set("transformer.h.0.attn.bias", { dtype: "float32", shape: [1, 1, 16, 16], data: new Float32Array(256) });
    state.set("transformer.h.1.attn.masked_bias", { dtype: "float32", shape: [], data: Float32Array.of(-1e4) });
    state.set("lm_head.weight", state.get("transformer.wte.weight")!);
    expect(load(c, state).parameterCount()).toBe(load(c).parameterCount());
  });

  test("weights are tied where the file says so, and by the default of its kind where it does not", () => {
    for (const [name, usual] of [
      ["gpt2", true],
      ["llama", false],
    ] as const) {
      const c = caseOf(name);
      const { tie_word_embeddings: _, ...config } = configOf(c);
      for (const tie of [true, false, undefined]) {
        const state = toState(golden.parameters(c));
        const isTied = tie ?? usual;
        const words = state.get(name === "gpt2" ? "wte.weight" : "model.embed_tokens.weight")!;
        if (!isTied) state.set("lm_head.weight", state.get("lm_head.weight") ?? words);
        const model = load(c, state, { ...config, ...(tie !== undefined && { tie_word_embeddings: tie }) });
        expect(model.config, `${name}, ${tie}`).toMatchObject({ tieWeights: isTied });
      }
    }
  });

  test("all faults are reported at once", () => {
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
      "wte.weight is [24, 23], expected [23, 24]",
      "extra is not expected",
    );
    expectError("format", () => load(c, undefined, { ...configOf(c), model_type: "t5" }), '"t5"', "gpt2");
    expectError("format", () => load(c, undefined, { model_type: "gpt2", vocab_size: 23 }), "n_positions or n_ctx");
    expectError("format", () => load(caseOf("bert"), undefined, { model_type: "gpt2" }), '"gpt2"', "bert");
  });

  test("BERT without a head loads, and says what it cannot do; a part of a head is refused", async () => {
    const c = caseOf("bert");
    const state = toState(golden.parameters(c));
    const whole = load(c, state) as MaskedLM;
    const tokens = toTensor(golden.inputs(c).get("tokens0")!);
    const encoder = new Map(Array.from(state).filter(([name]) => !name.startsWith("cls.")));
    const model = load(c, encoder) as MaskedLM;
    const vectors = [model, whole].map((m) => m.eval().encode(tokens).data());
    expectError("state", () => model.forward(tokens), "no head that fills in tokens", "encode()");
    expectError("state", () => model.classify(tokens), "no classifier");
    expectError("state", () => model.pool(tokens), "no pooler");
    state.delete("cls.predictions.bias");
    expectError("format", () => load(c, state), "cls.predictions.bias [23] is missing");
    expectError("state", () => (load(caseOf("bert-classifier")) as MaskedLM).forward(tokens), "no head");
    expect(await vectors[0]).toEqual(await vectors[1]);
  });

  test("BERT keeps its pooler without a classifier, and no copies of the table nor the head of sentence pairs", async () => {
    const [c, whole] = [caseOf("bert"), caseOf("bert-classifier")];
    const tokens = toTensor(golden.inputs(whole).get("tokens0")!);
    const classifier = load(whole).eval() as MaskedLM;
    const encoder = new Map(Array.from(toState(golden.parameters(whole))).filter(([name]) => !name.startsWith("classifier.")));
    const model = load(whole, encoder).eval() as MaskedLM;
    expect(model.config).toMatchObject({ pools: true, classes: 0, fillsMasks: false });
    expectError("state", () => model.classify(tokens), "no classifier");
    const pooled = [model, classifier].map((m) => m.pool(tokens).data());
    // PyTorch's scores are those of classify(), in a test above.
    const scores = [classifier.classifier!.forward(model.pool(tokens)), classifier.classify(tokens)].map((y) => y.data());

    const pretraining = toState(golden.parameters(c));
    for (const name of ["bert.pooler.dense.weight", "bert.pooler.dense.bias"]) pretraining.set(name, encoder.get(name)!);
    pretraining.set("cls.seq_relationship.weight", { dtype: "float32", shape: [2, 24], data: new Float32Array(48) });
    pretraining.set("cls.predictions.decoder.weight", pretraining.get("bert.embeddings.word_embeddings.weight")!);
    const both = load(c, pretraining) as MaskedLM;
    expect(both.config).toMatchObject({ pools: true, classes: 0, fillsMasks: true });
    pretraining.delete("bert.pooler.dense.bias");
    expectError("format", () => load(c, pretraining), "pooler.dense.bias [24] is missing");

    expect(await pooled[0]).toEqual(await pooled[1]);
    expect(await scores[0]).toEqual(await scores[1]);
    expect((await both.stateDict()).get("pooler.weight")!.data).toEqual((await classifier.stateDict()).get("pooler.weight")!.data);
  });

  test("settings that would give other results are refused, all at once; others pass", () => {
    const refused = (name: string, settings: Config, ...parts: string[]) => {
      const c = caseOf(name);
      expectError("format", () => load(c, undefined, { ...configOf(c), ...settings }), ...parts);
    };
    refused("gpt2", { activation_function: "relu" }, 'activation_function is "relu", expected gelu_new or gelu or');
    refused(
      "gpt2",
      { scale_attn_by_inverse_layer_idx: true, scale_attn_weights: false },
      "by_inverse_layer_idx is true",
      "weights is false",
    );
    refused("llama", { attention_bias: true, mlp_bias: true, hidden_act: "gelu" }, "attention_bias", "mlp_bias", 'hidden_act is "gelu"');
    refused("llama", { rope_scaling: { type: "linear", factor: 2 } }, 'rope_scaling.type is "linear", expected default');
    refused("llama", { rope_parameters: { rope_type: "yarn", rope_theta: 1e4 } }, 'rope_parameters.rope_type is "yarn"');
    refused("llama", { head_dim: 8, sliding_window: 16 }, "head_dim is 8, expected 6", "sliding_window is 16, expected null");
    refused("llama", { rope_theta: "1e4" }, 'rope_theta of the config is "1e4"; expected a number');
    refused("bert", { hidden_act: "relu", position_embedding_type: "relative_key" }, 'hidden_act is "relu"', "expected absolute");
    for (const name of ["embd_pdrop", "attn_pdrop", "resid_pdrop"])
      refused("gpt2", { [name]: "none" }, `${name} of the config is "none"; expected a number`);
    for (const name of ["hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout"])
      refused("bert", { [name]: "none" }, `${name} of the config is "none"; expected a number`);
    refused("llama", { attention_dropout: null }, "attention_dropout of the config is null; expected a number");
    const harmless = {
      head_dim: 6,
      sliding_window: null,
      attention_bias: false,
      rope_scaling: { rope_type: "default" },
      hidden_act: "silu",
    };
    load(caseOf("llama"), undefined, { ...configOf(caseOf("llama")), ...harmless });
    load(caseOf("gpt2"), undefined, { ...configOf(caseOf("gpt2")), reorder_and_upcast_attn: true });
  });

  test("each dropout is what the config says, or as in Hugging Face's GPT-2, Llama and BERT where it does not", () => {
    const drops = (name: string, settings: Config, expected: Config) => {
      const c = caseOf(name);
      // As it comes from a file, in which there is no undefined.
      const { config } = load(c, undefined, JSON.parse(JSON.stringify({ ...configOf(c), ...settings })));
      expect(config).toMatchObject(expected);
    };
    const gpt2 = (embd_pdrop?: number, attn_pdrop?: number, resid_pdrop?: number) => ({ embd_pdrop, attn_pdrop, resid_pdrop });
    drops("gpt2", gpt2(0.2, 0.3, 0.4), { embeddingDropout: 0.2, attentionDropout: 0.3, dropout: 0.4 });
    drops("gpt2", gpt2(), { embeddingDropout: 0.1, attentionDropout: 0.1, dropout: 0.1 });
    drops("gpt2", gpt2(undefined, undefined, 0), { embeddingDropout: 0.1, attentionDropout: 0.1, dropout: 0 });
    const bert = (hidden_dropout_prob?: number, attention_probs_dropout_prob?: number, classifier_dropout?: number | null) => ({
      ...{ hidden_dropout_prob, attention_probs_dropout_prob, classifier_dropout },
    });
    drops("bert", bert(0.2, 0.3, 0.4), { dropout: 0.2, attentionDropout: 0.3, classifierDropout: 0.4 });
    drops("bert", bert(0.2, 0.3, 0), { dropout: 0.2, attentionDropout: 0.3, classifierDropout: 0 });
    drops("bert", bert(0.2, 0.3, null), { dropout: 0.2, attentionDropout: 0.3, classifierDropout: 0.2 });
    drops("bert", bert(), { dropout: 0.1, attentionDropout: 0.1, classifierDropout: 0.1 });
    drops("bert", bert(0, undefined), { dropout: 0, attentionDropout: 0.1, classifierDropout: 0 });
    drops("llama", { attention_dropout: 0.3 }, { dropout: 0, attentionDropout: 0.3, embeddingDropout: 0 });
    drops("llama", {}, { dropout: 0, attentionDropout: 0, embeddingDropout: 0 });
  });

  test("a config saved before there were eps, rotaryBase and several dropouts is of the model that it was", () => {
    const { eps, rotaryBase, attentionDropout, embeddingDropout, ...older } = (load(caseOf("llama")) as TransformerLM).config;
    expect([eps, rotaryBase]).toEqual([1e-5, 10000]);
    const filled = { ...older, dropout: 0.2, eps, rotaryBase, attentionDropout: 0.2, embeddingDropout: 0.2 };
    expect(new TransformerLM({ ...older, dropout: 0.2 }).config).toEqual(filled);
    const { attentionDropout: _, classifierDropout, ...olderBert } = (load(caseOf("bert")) as MaskedLM).config;
    const filledBert = { ...olderBert, dropout: 0.3, attentionDropout: 0.3, classifierDropout: 0.3 };
    expect(new MaskedLM({ ...olderBert, dropout: 0.3 }).config).toEqual(filledBert);
  });
});

test("the cases are there", () => {
  expect(golden.cases.map(({ name }) => name)).toEqual([
    "gpt2",
    "gpt2-settings",
    "llama",
    "llama-settings",
    "llama-parameters",
    "bert",
    "bert-classifier",
  ]);
});
