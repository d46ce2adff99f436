import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type RaceEvent, race } from "../../src/cli/race.js";
import { RecurrentLM } from "../../src/models/recurrent-lm.js";
import { createDevice, withDevice } from "../../src/tensor/device.js";
import { contents, jsonLines, refuse, succeed, workplace } from "../helpers/cli.js";
import { openDevice } from "../helpers/devices.js";

const reason = await openDevice("webgpu").then(
  () => "",
  (error: Error) => ` (no WebGPU: ${error.message})`,
);

const quick = ["--embed", 4, "--hidden", 6, "--context", 8, "--time", 0.02];
const wasm = ["bench", "--device", "wasm", ...quick];

describe("bench", () => {
  test("with --json prints the device, each size in ascending order, and what follows", async () => {
    const lines = jsonLines(await succeed(...wasm, "--batches", "4,1,4", "--json"));
    const measured = (batch: number) => ({
      ...{ type: "measurement", device: "wasm", batch, steps: expect.any(Number) },
      ...{ milliseconds: expect.any(Number), tokensPerSecond: expect.any(Number) },
    });
    expect(lines).toEqual([
      { type: "device", device: "wasm", info: expect.stringMatching(/^WebAssembly/) },
      measured(1),
      measured(4),
      {
        ...{ type: "end", advice: "wasm is the only device measured: --device wasm" },
        fastest: [1, 4].map((batch) => ({ batch, device: "wasm" })),
      },
    ]);
    for (const { batch, milliseconds, tokensPerSecond, steps } of lines.slice(1, -1)) {
      expect(tokensPerSecond).toBe(Math.round((batch * 8 * 1000) / milliseconds));
      expect(steps).toBeGreaterThan(0);
    }
  });

  test("prints a table of devices by batch sizes", async () => {
    const stdout = await succeed(...wasm, "--arch", "gru", "--layers", 2, "--vocab", 30, "--batches", "1,2");
    const parameters = 30 * 4 + 3 * 6 * (4 + 6 + 2) + 3 * 6 * (6 + 6 + 2) + 30 * 7;
    const cell = " +[\\d.]+ ms +[\\d.]+k?/s";
    const parts = [
      `gru with 2 x 6 units, ${parameters} parameters, windows of 8 characters`,
      "wasm: WebAssembly.*",
      "",
      "Milliseconds of a step and characters a second:",
      "",
      " +batch 1 +batch 2",
      `wasm${cell}${cell}`,
      "",
      "wasm is the only device measured: --device wasm",
      "",
    ];
    expect(stdout).toMatch(new RegExp(`^${parts.join("\n")}$`));
  });

  test("takes a saved model, and leaves its folder as it is", async () => {
    const { train, out } = await workplace();
    await succeed(...train, "--steps", 1, "--arch", "rnn", "--hidden", 7);
    const before = await contents(out);
    const stdout = await succeed("bench", "--device", "auto", "--model", out, "--context", 8, "--batches", 2, "--time", 0.02);
    expect(stdout).toContain("rnn with 1 x 7 units");
    expect(stdout).toContain("batch 2\n");
    expect(await contents(out)).toEqual(before);
  });

  test("says why a device is missing", async () => {
    const options = [...wasm, "--hidden", 50_000, "--batches", 1];
    const lack = expect.stringContaining("memory");
    expect(jsonLines(await succeed(...options, "--json"))).toEqual([
      { type: "device", device: "wasm", reason: lack },
      { type: "end", fastest: [], advice: "no device could be measured" },
    ]);
    expect(await succeed(...options)).toMatch(/\nwasm +.*memory.*\n\nno device could be measured\n$/);
  });

  test("gives a device up at the size that it cannot do", async () => {
    const options = [...wasm, "--hidden", 512, "--batches", "1,131072,262144"];
    expect(jsonLines(await succeed(...options, "--json"))).toMatchObject([
      { type: "device" },
      { type: "measurement", batch: 1 },
      { type: "given up", device: "wasm", batch: 131_072, reason: expect.stringContaining("memory") },
      { type: "end", fastest: [{ batch: 1, device: "wasm" }] },
    ]);
    expect(await succeed(...options)).toMatch(/\nwasm .*\/s +- +-\nwasm is given up at batch 131072: .*memory/);
  });

  test("gives a device up that takes too long for a step", async () => {
    const device = await createDevice({ device: "wasm" });
    const model = withDevice(device, () => new RecurrentLM({ vocab: 5, arch: "rnn", embed: 2, hidden: 3 }));
    const options = { batches: [1, 2], context: 4, budget: 10, patience: 0 };
    const events: RaceEvent[] = [];
    for await (const event of race([{ device, model }], options)) if (event.type !== "round") events.push(event);
    expect(events).toEqual([
      { type: "given up", device: "wasm", batch: 1, reason: expect.stringMatching(/^a step takes [\d.]+ s$/) },
      { type: "end", fastest: [], advice: "no device could be measured" },
    ]);
  });

  test("reports each round once, in order, at all sizes", async () => {
    const device = await createDevice({ device: "wasm" });
    const model = withDevice(device, () => new RecurrentLM({ vocab: 5, arch: "rnn", embed: 2, hidden: 3 }));
    const rounds: string[] = [];
    for await (const event of race([{ device, model }], { batches: [1, 2], context: 4, budget: 4, patience: 1e6 }))
      if (event.type === "round") rounds.push(`${event.done}/${event.total}`);
    const total = rounds.length;
    expect(rounds).toEqual(Array.from({ length: total }, (_, i) => `${i + 1}/${total}`));
    expect(total).toBeGreaterThan(2);
  });

  test.each<[string, ...(string | number)[]]>([
    ["use all, auto, wasm, webgpu", "--device", "reference"],
    ["--device", "--device", "toString"],
    ["--batches", "--batches", "1,,4"],
    ["--batches", "--batches", "0"],
    ["batch", "--batches", 2 ** 31 - 1],
    ["--context", "--context", 0],
    ["--time", "--time", 0],
    ["--vocab", "--vocab", "many"],
    ["--arch", "--arch", "foo"],
    ["--hidden", "--hidden", -1],
    ["--steps", "--steps", 5],
    ["--embed and --model contradict", "--model", "/nothing"],
  ])("refuses: %s", async (part, ...argv) => {
    await refuse([...wasm, ...argv], part);
  });

  test("refuses a folder without a model", async () => {
    const { folder } = await workplace();
    await refuse(["bench", "--device", "wasm", "--model", join(folder, "none")], "config.json");
  });
});

describe.skipIf(reason)(`bench --device all${reason}`, () => {
  test("measures WebAssembly and WebGPU, and names one for each size", async () => {
    const lines = jsonLines(await succeed("bench", ...quick, "--batches", "1,2", "--json"));
    expect(lines.map(({ type, device, batch }) => [type, device, batch].join(" ").trim())).toEqual([
      ...["device wasm", "device webgpu"],
      ...["measurement wasm 1", "measurement webgpu 1", "measurement wasm 2", "measurement webgpu 2"],
      "end",
    ]);
    expect(lines.at(-1).advice).toMatch(/ is faster (at every size measured|from batch 2 on): --device (wasm|webgpu)$/);
  });
});
