import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { jsonLines, refuse, succeed, workplace } from "../helpers/cli.js";
import { webGpuDevice } from "../helpers/devices.js";

const reason = await webGpuDevice().then(
  () => "",
  (error: Error) => ` (no WebGPU: ${error.message})`,
);

describe.skipIf(reason)(`--device webgpu${reason}`, () => {
  const options = ["--steps", 40, "--eval-every", 20, "--checkpoint-every", 30, "--lr", 0.02, "--json"];

  test("trains to the validation loss of WebAssembly, and resumes", async () => {
    const { train, out } = await workplace();
    const [wasm] = jsonLines(await succeed(...train, ...options, "--device", "wasm")).slice(-1);
    const gpu = jsonLines(await succeed(...train, ...options, "--device", "webgpu", "--overwrite"));
    expect(gpu.filter(({ event }) => event === "step").map(({ step }) => step)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    expect(Math.abs(gpu.at(-1).valLoss - wasm.valLoss)).toBeLessThan(1e-3);
    const more = jsonLines(await succeed(...train, "--steps", 45, "--json", "--resume"));
    expect(more[0]).toMatchObject({ event: "step", step: 41 });
    // The folder tells no device: another one reads it.
    const generate = ["generate", "--model", out, "--prompt", "The ", "--length", 20, "--temperature", 0, "--json"];
    const texts = [await succeed(...generate, "--device", "wasm"), await succeed(...generate, "--device", "webgpu")];
    expect(texts[1]).toBe(texts[0]);
  });

  test("trains a Transformer to the validation loss of WebAssembly, and writes what it does", async () => {
    const { data, folder } = await workplace();
    const out = join(folder, "gpt");
    const small = ["--arch", "transformer", "--layers", 1, "--heads", 2, "--embed", 8, "--seq", 8, "--batch", 2, "--val", 0.02];
    const train = ["train", "lm", "--data", data, "--out", out, ...small, "--steps", 6, "--lr", 0.02, "--weight-decay", 0.1, "--json"];
    const [wasm] = jsonLines(await succeed(...train, "--device", "wasm")).slice(-1);
    const [gpu] = jsonLines(await succeed(...train, "--device", "webgpu", "--overwrite")).slice(-1);
    expect(Math.abs(gpu.valLoss - wasm.valLoss)).toBeLessThan(1e-3);
    for (const more of [
      ["--length", 10, "--temperature", 0],
      ["--length", 4, "--beams", 3],
    ]) {
      const generate = ["generate", "--model", out, "--prompt", "The ", ...more, "--json"];
      const [one, other] = [await succeed(...generate, "--device", "wasm"), await succeed(...generate, "--device", "webgpu")];
      expect(jsonLines(other)[0].text).toBe(jsonLines(one)[0].text);
    }
  });

  test("is told by info", async () => {
    expect(jsonLines(await succeed("info", "--json", "--device", "webgpu"))[0]).toMatchObject({ device: "webgpu", variant: null });
  });

  test("contradicts --deterministic", async () => {
    const { train, folder } = await workplace();
    await refuse([...train, "--out", join(folder, "other"), "--device", "webgpu", "--deterministic"], "a GPU is not deterministic");
  });
});
