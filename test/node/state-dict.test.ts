import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { writeSafetensors } from "../../src/io/safetensors.js";
import { init } from "../../src/tensor/device.js";
import { manualSeed } from "../../src/tensor/random.js";
import { generate } from "../golden/golden.js";
import { toTensor } from "../helpers/golden-tensors.js";
import { TokenModel, type TokenModelOptions } from "../helpers/token-model.js";

const python = process.env.SEQGRAD_PYTHON ?? "python3";
const hasTorch = spawnSync(python, ["-c", "import torch, numpy"]).status === 0;
const script = fileURLToPath(new URL("../golden/make.py", import.meta.url));
const why = hasTorch ? "" : ` (skipped: ${python} has no torch; SEQGRAD_PYTHON names another one)`;

/** The two numbers that make.py prints of an array: its largest magnitude, and its product with the array of key "dot". */
function checksum(data: ArrayLike<number>): [number, number] {
  const vector = generate("dot", [data.length]);
  let [max, dot] = [0, 0];
  for (let i = 0; i < data.length; i++) {
    max = Math.max(max, Math.abs(data[i]!));
    dot += data[i]! * vector[i]!;
  }
  return [max, dot];
}

test.skipIf(!hasTorch)(
  `PyTorch loads a file of ours and computes the same logits${why}`,
  async () => {
    await init();
    manualSeed(5);
    const options: TokenModelOptions = { cell: "GRU", vocabulary: 20, embed: 8, hidden: 12, outputs: 5, numLayers: 2, bidirectional: true };
    const model = new TokenModel(options);
    const tokens = toTensor({ shape: [3, 9], data: generate("read", [3, 9], { dtype: "int32", high: 20 }) });
    const logits = model.forward(tokens).dataSync();
    const state = await model.stateDict();

    const folder = mkdtempSync(join(tmpdir(), "seqgrad-"));
    try {
      const file = join(folder, "model.safetensors");
      writeFileSync(file, writeSafetensors(state, { format: "pt", model: JSON.stringify(options) }));
      const { stdout, stderr } = spawnSync(python, [script, "--read", file], { encoding: "utf8" });
      expect(stdout, stderr).toContain("loads strictly into");
      const line = (name: string) => stdout.split("\n").find((text) => text.startsWith(`${name} `));
      for (const [name, { data }] of state) {
        const [, max, dot] = /max (\S+) dot (\S+)$/.exec(line(name) ?? "")!;
        const [ourMax, ourDot] = checksum(data);
        expect(Number(max)).toBeCloseTo(ourMax, 6);
        expect(Number(dot)).toBeCloseTo(ourDot, 6);
      }
      const [, max, dot] = /max (\S+) dot (\S+)$/.exec(line("logits")!)!;
      const [ourMax, ourDot] = checksum(logits);
      expect(Math.abs(Number(max) - ourMax)).toBeLessThan(1e-5);
      expect(Math.abs(Number(dot) - ourDot)).toBeLessThan(1e-5 * Math.sqrt(logits.length));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  60_000,
);
