import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { cliActedUponAfter, jsonLines, refuse, succeed, workplace } from "../helpers/cli.js";
import { openDevice } from "../helpers/devices.js";
import { full } from "../helpers/full.js";
import { temporaryFolder } from "../helpers/temporary-folder.js";

const reason = await openDevice("webgpu").then(
  () => "",
  (error: Error) => ` (no WebGPU: ${error.message})`,
);

const lstm = ["--arch", "lstm", "--embed", 4, "--hidden", 6, "--context", 8, "--batch", 2, "--validation", 0.02];
const transformer = [
  "--arch",
  "transformer",
  "--layers",
  1,
  "--heads",
  2,
  "--hidden",
  8,
  "--context",
  8,
  "--batch",
  2,
  "--validation",
  0.02,
];

afterEach(() => vi.restoreAllMocks());

/** Lets the driver make `count` devices and no more; returns a function that loses the last one. */
async function lendDevices(count: number): Promise<() => void> {
  const { globals } = await import("webgpu");
  const adapter = (globals as unknown as { GPUAdapter: { prototype: GPUAdapter } }).GPUAdapter.prototype;
  const { requestDevice } = adapter;
  const made: GPUDevice[] = [];
  vi.spyOn(adapter, "requestDevice").mockImplementation(async function (this: GPUAdapter, descriptor) {
    if (made.length === count) throw new Error("the driver has no more");
    made.push(await requestDevice.call(this, descriptor));
    return made.at(-1)!;
  });
  return () => made.at(-1)!.destroy();
}

describe.skipIf(reason)(`--device webgpu${reason}`, () => {
  const options = ["--steps", 12, "--evaluate-every", 6, "--checkpoint-every", 9, "--lr", 0.02, "--json"];

  test("trains to the validation loss of WebAssembly, and resumes", async () => {
    const { train, out } = await workplace();
    const [wasm] = jsonLines(await succeed(...train, ...options, "--device", "wasm")).slice(-1);
    const gpu = jsonLines(await succeed(...train, ...options, "--device", "webgpu", "--overwrite"));
    expect(gpu.filter(({ type }) => type === "step").map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    expect(Math.abs(gpu.at(-1).measures.loss - wasm.measures.loss)).toBeLessThan(1e-3);
    const more = jsonLines(await succeed(...train, "--steps", 14, "--json", "--resume"));
    expect(more[0]).toMatchObject({ type: "step", step: 13 });
    // The folder names no device: another one reads it.
    const generate = ["generate", "--model", out, "--prompt", "The ", "--max-tokens", 20, "--temperature", 0, "--json"];
    const texts = [await succeed(...generate, "--device", "wasm"), await succeed(...generate, "--device", "webgpu")];
    expect(texts[1]).toBe(texts[0]);
  });

  full(() =>
    test("trains a Transformer to the validation loss of WebAssembly, and writes what it does", async () => {
      const { data, folder } = await workplace();
      const out = join(folder, "gpt");
      const train = [
        "train",
        "lm",
        "--data",
        data,
        "--out",
        out,
        ...transformer,
        "--steps",
        6,
        "--lr",
        0.02,
        "--weight-decay",
        0.1,
        "--json",
      ];
      const [wasm] = jsonLines(await succeed(...train, "--device", "wasm")).slice(-1);
      const [gpu] = jsonLines(await succeed(...train, "--device", "webgpu", "--overwrite")).slice(-1);
      expect(Math.abs(gpu.measures.loss - wasm.measures.loss)).toBeLessThan(1e-3);
      for (const more of [
        ["--max-tokens", 10, "--temperature", 0],
        ["--max-tokens", 4, "--beam", 3],
      ]) {
        const generate = ["generate", "--model", out, "--prompt", "The ", ...more, "--json"];
        const [one, other] = [await succeed(...generate, "--device", "wasm"), await succeed(...generate, "--device", "webgpu")];
        expect(jsonLines(other)[0].text).toBe(jsonLines(one)[0].text);
      }
    }),
  );

  const losing = (name: string, model: readonly (string | number)[]) =>
    test(`continues ${name} when its device is lost, on a fresh one or on WebAssembly, and says so`, async () => {
      const { data, folder } = await workplace();
      const run = (name: string) => {
        const options = ["--steps", 6, "--lr", 0.02, "--device", "webgpu", ...model];
        return ["train", "lm", "--data", data, "--out", join(folder, name), ...options];
      };
      const losses = (lines: ReturnType<typeof jsonLines>) => lines.filter(({ type }) => type === "step").map(({ loss }) => loss);
      const expected = jsonLines(await succeed(...run("undisturbed"), "--json"));

      const fresh = await cliActedUponAfter(3, await lendDevices(2), ...run("fresh"), "--json");
      expect(fresh).toMatchObject({ status: 0, stderr: "" });
      const lines = jsonLines(fresh.stdout);
      const change = lines.findIndex(({ type }) => type === "device");
      expect(lines[change]).toMatchObject({
        step: 0,
        device: expect.stringMatching(/^WebGPU/),
        reason: expect.stringMatching(/device is gone/),
      });
      expect(losses(lines.slice(0, change)).length).toBeGreaterThan(0);
      expect(losses(lines.slice(change))).toEqual(losses(expected));
      expect(lines.at(-1).measures.loss).toBe(expected.at(-1).measures.loss);

      vi.restoreAllMocks();
      const none = await cliActedUponAfter(2, await lendDevices(1), ...run("wasm"));
      expect(none).toMatchObject({ status: 0, stderr: "" });
      expect(none.stdout).toMatch(/the device is gone.* Continuing after step 0 on WebAssembly/);
      expect(Number(/validation loss ([\d.]+) nats/.exec(none.stdout)![1])).toBeCloseTo(expected.at(-1).measures.loss, 3);
    });

  full(() => {
    losing("an LSTM", lstm);
    losing("a Transformer", transformer);
  });

  const words = ["--embed", 6, "--min-count", 1];
  const pairs = "go on\tcontinue\ncome in\tentre\ngo in\tva\n".repeat(3);
  const scenes = "a dot left\t1 0; 0 0\na dot right\t0 0; 1 0\na bar left\t0 1; 0 0\na bar right\t0 0; 0 1\n";
  const sounds = "a\t1 0; 1 0; 0 0\nb\t0 1; 0 1; 0 0\nab\t1 0; 0 0; 0 1; 0 1\nba\t0 1; 1 0; 1 0\n";
  const tasks = [
    ["classify", "", "good\ta fine film\nbad\ta dull film\ngood\tso fine\nbad\tso dull\n".repeat(2), words],
    ["tag", "", "Ann\tB-person\nreads\tO\n\nin\tO\nOslo\tB-place\n\n".repeat(4), words],
    ["forecast", "", `day,v\n${Array.from({ length: 24 }, (_, t) => `d${t},${Math.sin(t / 2).toFixed(3)}\n`).join("")}`, ["--history", 4]],
    ["translate", "go on\ncome in", pairs, [...words, "--unit", "words"]],
    ["translate", "go on\ncome in", pairs, ["--min-count", 1, "--unit", "words", "--arch", "transformer", "--heads", 2]],
    ["caption", "0 0; 1 0\n0 1; 0 0", scenes.repeat(3), words],
    ["recognize", "1 0; 0 0; 0 1; 0 1\n0 1; 0 1; 0 0", sounds.repeat(3), []],
  ] as const;
  full(() =>
    test.each(tasks)("trains a task, %s, near WebAssembly, and answers as it does", async (kind, input, text, small) => {
      const folder = await temporaryFolder();
      const data = join(folder, "task.txt");
      await writeFile(data, text);
      const train = async (device: string, epochs: number, val = 0.2) => {
        const out = join(folder, `${device}-${epochs}`);
        const sizes = ["--hidden", 6, "--batch", 4, "--dropout", 0, "--epochs", epochs, "--validation", val, "--lr", 0.02, ...small];
        const lines = jsonLines(await succeed("train", kind, "--data", data, "--out", out, ...sizes, "--device", device, "--json"));
        return { out, losses: lines.filter(({ type }) => type === "step").map(({ loss }) => loss as number) };
      };
      const [wasm, gpu] = [await train("wasm", 2), await train("webgpu", 2)];
      expect(wasm.losses.length).toBeGreaterThan(2);
      expect(gpu.losses).toEqual(wasm.losses.map((loss) => expect.closeTo(loss, 3)));
      // One folder, of a model that has learned something, read by both.
      const { out } = await train("wasm", 40, 0);
      const answersOf = (device: string, command: string, ...more: (string | number)[]) =>
        succeed(command, "--model", out, "--device", device, "--json", ...more);
      const [measured, expected] = [
        await answersOf("webgpu", "evaluate", "--data", data),
        await answersOf("wasm", "evaluate", "--data", data),
      ];
      const numbers = Object.entries(JSON.parse(expected).measures as Record<string, number>);
      expect(JSON.parse(measured).measures).toEqual(Object.fromEntries(numbers.map(([name, value]) => [name, expect.closeTo(value, 3)])));
      if (input === "") return;
      const search = ["--input", input, "--beam", 3];
      const answers = await answersOf("wasm", "predict", ...search);
      expect(jsonLines(answers).map(({ answer }) => answer)).not.toContain("");
      expect(await answersOf("webgpu", "predict", ...search)).toBe(answers);
    }),
  );

  test("is found by doctor", async () => {
    expect(jsonLines(await succeed("doctor", "--json", "--device", "webgpu"))[0]).toMatchObject({ device: "webgpu", variant: null });
  });

  test("contradicts --deterministic", async () => {
    const { train, folder } = await workplace();
    await refuse([...train, "--out", join(folder, "other"), "--device", "webgpu", "--deterministic"], "a GPU is not deterministic");
  });
});
