import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Deferred } from "../../src/backend/backend.js";
import { ReferenceBackend } from "../../src/backend/reference/reference-backend.js";
import { affine, fit, memory, type models, type nn, SeqgradError } from "../../src/index.js";
import { initAnew } from "../helpers/default-device.js";
import { batchAt, collect, losses, makeModel, only, parametersOf, run } from "../helpers/fit-run.js";
import { expectClose } from "../helpers/numbers.js";

describe("a step that fails", () => {
  type Result = ReturnType<models.RecurrentLM["loss"]>;
  const failures: [string, (result: Result) => Result, string][] = [
    ["a loss that is not finite", ({ loss, state }) => ({ loss: affine(loss, Number.POSITIVE_INFINITY), state }), "not-finite"],
    ["a loss of many numbers", ({ state }) => ({ loss: state.h, state }), "shape"],
  ];
  for (const at of [1, 3]) {
    test.each(failures)(`frees the state that it would have carried: %s at step ${at}`, async (_, fail, code) => {
      const device = await initAnew({ device: "wasm" });
      const { model, optimizer } = makeModel({ arch: "lstm" });
      const before = memory(device).tensors;
      let step = 0;
      const loss = (batch: ReturnType<typeof batchAt>, state: nn.RecurrentState | undefined) => {
        const result = model.loss(batch, state);
        return ++step === at ? fail(result) : result;
      };
      const failing = run(model, { batch: batchAt }, { optimizer, steps: 6, carryState: true, loss });
      await expect(failing).rejects.toMatchObject({ code });
      expect(memory(device).tensors).toBe(before);
    });
  }

  test("frees the state, also when the function of the loss itself throws", async () => {
    const device = await initAnew({ device: "wasm" });
    const { model, optimizer } = makeModel({ arch: "gru" });
    const before = memory(device).tensors;
    const loader = {
      batch(step: number) {
        if (step === 2) throw new Error("mine");
        return batchAt(step);
      },
    };
    await expect(run(model, loader, { optimizer, steps: 6, carryState: true })).rejects.toThrow("mine");
    expect(memory(device).tensors).toBe(before);
  });
});

describe("a device that is lost", () => {
  // A device that can be lost has calls that run later, and a promise of its loss; here the batches show it.
  beforeEach(() => {
    const parts = new WeakMap<ReferenceBackend, Deferred>();
    const deferred = (backend: ReferenceBackend): Deferred => {
      const poison = backend.alloc(4);
      backend.write(poison, Float32Array.of(0));
      return { poison, lost: new Promise<string>(() => {}), submit() {} };
    };
    Object.defineProperty(ReferenceBackend.prototype, "async", {
      get(this: ReferenceBackend) {
        if (!parts.has(this)) parts.set(this, deferred(this));
        return parts.get(this);
      },
      configurable: true,
    });
  });
  afterEach(() => {
    Reflect.deleteProperty(ReferenceBackend.prototype, "async");
  });

  /** Runs on a device that is lost before each of these steps, once for each time that it is listed. */
  async function losing(steps: readonly number[]) {
    await initAnew({ device: "reference" });
    const { model, optimizer } = makeModel();
    const left = [...steps];
    const loader = {
      batch(step: number) {
        if (step === left[0] && optimizer.params[0]!.backend instanceof ReferenceBackend) {
          left.shift();
          throw new SeqgradError("device", "the device is gone");
        }
        return batchAt(step);
      },
    };
    const events = await collect(fit(model, loader, { optimizer, steps: 8, snapshot: { steps: 2 } }));
    const devices = only(events, "device").map(({ step, device }) => [step, /WebAssembly/.test(device) ? "wasm" : "reference"]);
    return { devices, losses: losses(events), end: events.at(-1), parameters: await parametersOf(model) };
  }

  test("once is replaced by one of its kind", async () => {
    const [whole, lost] = [await losing([]), await losing([3])];
    expect(lost.devices).toEqual([[2, "reference"]]);
    // A snapshot holds float32, and the reference computes in float64.
    expectClose(lost.losses.slice(-6), whole.losses.slice(-6), 1e-6, "losses");
    for (const [name, values] of Object.entries(whole.parameters)) expectClose(lost.parameters[name]!, values, 1e-5, name);
  });

  test("reports every update, and the mean of the epoch whole", async () => {
    const reported = async (lostAt: number | undefined, readEvery: number) => {
      await initAnew({ device: "reference" });
      const { model, optimizer } = makeModel();
      let isLost = false;
      const loader = function* () {
        for (let step = 0; step < 8; step++) {
          if (step === lostAt && !isLost) {
            isLost = true;
            throw new SeqgradError("device", "the device is gone");
          }
          yield batchAt(step);
        }
      };
      const events = await collect(fit(model, () => loader(), { optimizer, epochs: 1, readEvery, snapshot: { steps: 3 } }));
      expect(only(events, "device")).toHaveLength(lostAt === undefined ? 0 : 1);
      return { steps: only(events, "step").map(({ step }) => step), loss: only(events, "epoch")[0]!.loss };
    };
    const all = Array.from({ length: 8 }, (_, i) => i + 1);
    const { loss } = await reported(undefined, 1);
    for (const lostAt of [1, 3, 5, 7]) {
      const lost = await reported(lostAt, 16);
      // Those since the snapshot are made again, and reported again if they were.
      expect([...new Set(lost.steps)], `lost before step ${lostAt + 1}`).toEqual(all);
      expect(lost.loss).toBeCloseTo(loss, 5);
    }
  });

  test("twice after one snapshot is replaced by WebAssembly", async () => {
    const { devices, end, losses } = await losing([3, 3, 3, 3]);
    expect(devices).toEqual([
      [2, "reference"],
      [2, "wasm"],
    ]);
    expect(end).toMatchObject({ type: "end", steps: 8, reason: "complete" });
    expect(losses.every(Number.isFinite)).toBe(true);
  });

  test("twice, after two snapshots, is replaced by one of its kind each time", async () => {
    const { devices, end } = await losing([3, 5]);
    expect(devices).toEqual([
      [2, "reference"],
      [4, "reference"],
    ]);
    expect(end).toMatchObject({ type: "end", steps: 8 });
  });
});
