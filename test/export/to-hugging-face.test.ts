import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { toHuggingFace } from "../../src/export/index.js";
import * as sg from "../../src/index.js";
import { inference } from "../../src/nn/mode.js";
import { fileStore } from "../../src/node.js";
import { type CurveCase, loadGolden } from "../golden/golden.js";
import { full } from "../helpers/full.js";
import { toState } from "../helpers/golden-tensors.js";
import { temporaryFolder } from "../helpers/temporary-folder.js";
import { rows, shaken } from "./inputs.js";

beforeAll(async () => void (await sg.init()));

const golden = await loadGolden<CurveCase>("pretrained");
type Config = Record<string, unknown>;

const configIn = (files: ReadonlyMap<string, Uint8Array>): Config => JSON.parse(new TextDecoder().decode(files.get("config.json")));
const tensorsIn = (files: ReadonlyMap<string, Uint8Array>) =>
  new Map(
    Array.from(sg.io.parseSafetensors(files.get("model.safetensors")!), ([name, tensor]) => [name, sg.io.toTensorValue(name, tensor)]),
  );
const isBert = ({ model_type }: Config) => model_type === "bert";
const read = (config: Config, tensors: ReturnType<typeof tensorsIn>) =>
  isBert(config) ? sg.models.MaskedLM.fromHuggingFace(config, tensors) : sg.models.TransformerLM.fromHuggingFace(config, tensors);

describe("toHuggingFace", () => {
  it.each(golden.cases.map((c) => [c.name, c] as const))(
    "writes %s under the names, shapes and settings that PyTorch's model has",
    async (_, c) => {
      const config = c.args[0] as Config;
      const state = toState(golden.parameters(c));
      const files = await toHuggingFace(read(config, new Map(state)));
      const own = configIn(files);
      const names: Readonly<Record<string, string>> = { n_ctx: "n_positions" };
      for (const [name, value] of Object.entries(config))
        if ((names[name] ?? name) in own) expect([name, own[names[name] ?? name]]).toEqual([name, value]);
      expect(own.model_type).toBe(config.model_type);
      const plain = (name: string) => name.replace(/^(transformer|bert)\./, "");
      const written = new Map(Array.from(tensorsIn(files), ([name, value]) => [plain(name), value]));
      const ignored = /^cls\.seq_relationship\.|^cls\.predictions\.decoder\.|^embeddings\.position_ids$|\.attn\.(masked_)?bias$/;
      for (const [name, { shape, data }] of state) {
        if (ignored.test(plain(name))) continue;
        expect([name, written.get(plain(name))?.shape]).toEqual([name, shape]);
        expect([...written.get(plain(name))!.data]).toEqual([...data].map(Number));
        written.delete(plain(name));
      }
      expect([...written.keys()]).toEqual([]);
    },
  );

  it("writes a model that reads back with the same scores", async () => {
    const sizes = { vocab: 12, context: 9, layers: 2, heads: 4, hidden: 16 };
    const models = [
      new sg.models.TransformerLM({ ...sizes, tieWeights: false, feedForward: 24 }),
      new sg.models.TransformerLM({
        ...sizes,
        kvHeads: 2,
        norm: "rms",
        positions: "rotary",
        activation: "swiglu",
        bias: false,
        rotaryBase: 500,
      }),
    ];
    const { data, shape } = rows([7, 7], 12);
    for (const model of models.map(shaken)) {
      const files = await toHuggingFace(model);
      const again = sg.models.TransformerLM.fromHuggingFace(configIn(files), tensorsIn(files)).eval();
      const [a, b] = [model, again].map((one) => inference(() => one.forward(sg.tensor(data, shape)).logits));
      expect(await b!.data()).toEqual(await a!.data());
    }
  });

  it("shares weights out over files of a size, with an index of all", async () => {
    const model = new sg.models.MaskedLM({ vocab: 20, context: 9, layers: 1, heads: 2, hidden: 8, classes: 3 });
    const whole = tensorsIn(await toHuggingFace(model));
    const files = await toHuggingFace(model, { maxShard: 1000 });
    const { metadata, weight_map: map } = JSON.parse(new TextDecoder().decode(files.get("model.safetensors.index.json")));
    const named = new Set(Object.values<string>(map));
    expect(named.size).toBeGreaterThan(2);
    expect([...files.keys()].sort()).toEqual(["config.json", "model.safetensors.index.json", ...named].sort());
    expect([...named].sort()[0]).toBe(`model-00001-of-${String(named.size).padStart(5, "0")}.safetensors`);
    const found = [...named].flatMap((file) => [...sg.io.parseSafetensors(files.get(file)!)]);
    expect(found.map(([name]) => name).sort()).toEqual([...whole.keys()].sort());
    for (const [name] of found) expect([...sg.io.parseSafetensors(files.get(map[name])!).keys()]).toContain(name);
    expect(metadata.total_size).toBe([...whole.values()].reduce((sum, { data }) => sum + 4 * data.length, 0));
  });

  it("takes a task, with its tokenizer and special tokens", async () => {
    const text = "the cat sat on the mat. the dog sat on the log. ".repeat(20);
    const sizes = { arch: "transformer", layers: 1, heads: 2, hidden: 8, context: 8 } as const;
    const task = sg.tasks.LanguageModel.create(text, { ...sizes, unit: "bpe", vocab: 280 });
    const files = await toHuggingFace(task);
    const tokenizer: unknown = JSON.parse(new TextDecoder().decode(files.get("tokenizer.json")));
    expect(tokenizer).toEqual(JSON.parse(JSON.stringify(task.tokenizer.toJSON())));
    const characters = sg.tasks.LanguageModel.create(text, { ...sizes, unit: "characters" });
    expect([...(await toHuggingFace(characters)).keys()].sort()).toEqual(["config.json", "model.safetensors", "vocab.json"]);
  });

  it("names the option that neither GPT-2 nor Llama has, and other models", async () => {
    const sizes = { vocab: 12, context: 9, layers: 1, heads: 2, hidden: 8 };
    const mixed = new sg.models.TransformerLM({ ...sizes, norm: "rms" });
    await expect(toHuggingFace(mixed)).rejects.toThrow(/norm is "rms", expected layer/);
    await expect(toHuggingFace(new sg.models.TransformerLM({ ...sizes, kvHeads: 1 }))).rejects.toThrow(/kvHeads is 1, expected 2/);
    await expect(toHuggingFace(new sg.nn.Linear(2, 2) as never)).rejects.toThrow(/the model is Linear; expected a TransformerLM/);
    await expect(toHuggingFace(mixed, { maxShard: 0 })).rejects.toThrow(/maxShard/);
  });
});

const python = process.env.SEQGRAD_PYTHON ?? "python3";
const found = inject("part") === "quick" || spawnSync(python, ["-c", "import torch, transformers"]).status === 0;
const why = found ? "" : ` (skipped: ${python} has no torch and transformers; SEQGRAD_PYTHON names another one)`;

/** Prints the names that differ, and the scores of one row of tokens. */
const program = `
import json, sys, torch, transformers
model, info = getattr(transformers, sys.argv[1]).from_pretrained(sys.argv[2], output_loading_info=True)
missing = sorted(info["missing_keys"]) + sorted(info["mismatched_keys"])
print(json.dumps([missing, model.eval()(torch.tensor([[3, 5, 7, 1, 2]])).logits.flatten().tolist()]))
`;

const wholeSizes = { vocab: 12, context: 9, layers: 2, heads: 4, hidden: 16 };
const llama = { kvHeads: 2, norm: "rms", positions: "rotary", activation: "swiglu", bias: false } as const;
const causal = (options: object) => () => new sg.models.TransformerLM({ ...wholeSizes, ...options });
const masked = (options: object) => () => new sg.models.MaskedLM({ ...wholeSizes, ...options });
const cases = [
  { name: "GPT-2", auto: "AutoModelForCausalLM", make: causal({ activation: "geluTanh" }) },
  { name: "GPT-2 with weights apart, in several files", auto: "AutoModelForCausalLM", make: causal({ tieWeights: false }), maxShard: 4000 },
  { name: "Llama", auto: "AutoModelForCausalLM", make: causal(llama) },
  { name: "Llama with weights apart", auto: "AutoModelForCausalLM", make: causal({ ...llama, tieWeights: false, rotaryBase: 500 }) },
  { name: "BERT", auto: "AutoModelForMaskedLM", make: masked({}) },
  { name: "a classifier of BERT", auto: "AutoModelForSequenceClassification", make: masked({ classes: 3 }) },
];

full(() =>
  it.skipIf(why).each(cases)(`Python's transformers loads $name and gives the same scores${why}`, async ({ auto, make, maxShard }) => {
    const model = shaken<sg.models.TransformerLM | sg.models.MaskedLM>(make());
    const folder = join(await temporaryFolder(), "model");
    const store = fileStore(folder);
    for (const [name, bytes] of await toHuggingFace(model, maxShard === undefined ? {} : { maxShard })) await store.write(name, bytes);
    const { stdout, stderr } = spawnSync(python, ["-c", program, auto, folder], { encoding: "utf8", cwd: folder });
    const [missing, logits] = JSON.parse(stdout.trim().split("\n").at(-1) || JSON.stringify([stderr, []]));
    expect(missing).toEqual([]);
    const tokens = sg.tensor(Int32Array.of(3, 5, 7, 1, 2), [1, 5]);
    const scores = () => {
      if (model instanceof sg.models.TransformerLM) return model.forward(tokens).logits;
      return model.config.classes > 0 ? model.classify(tokens) : model.forward(tokens);
    };
    const expected = [...(await inference(scores).data())];
    expect(logits).toHaveLength(expected.length);
    expect(Math.max(...expected.map((x, i) => Math.abs(x - logits[i])))).toBeLessThan(1e-5);
  }),
);
