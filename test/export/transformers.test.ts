import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, expect, inject, it } from "vitest";
import { toHuggingFace } from "../../src/export/index.js";
import * as sg from "../../src/index.js";
import { inference } from "../../src/nn/mode.js";
import { fileStore } from "../../src/node.js";
import { full } from "../helpers/full.js";
import { temporaryFolder } from "../helpers/temporary-folder.js";
import { shaken } from "./inputs.js";

beforeAll(async () => void (await sg.init()));

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

const sizes = { vocab: 12, context: 9, layers: 2, heads: 4, hidden: 16 };
const llama = { kvHeads: 2, norm: "rms", positions: "rotary", activation: "swiglu", bias: false } as const;
const causal = (options: object) => () => new sg.models.TransformerLM({ ...sizes, ...options });
const masked = (options: object) => () => new sg.models.MaskedLM({ ...sizes, ...options });
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
