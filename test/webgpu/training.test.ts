import { beforeEach, describe, expect, test } from "vitest";
import type { WebGpuBackend } from "../../src/backend/webgpu/webgpu-backend.js";
import { affine, createDevice, type Device, type FitEvent, manualSeed, models, nn, optim, tensor } from "../../src/index.js";
import { withDevice } from "../../src/tensor/device.js";
import { fit } from "../../src/train/index.js";
import { dawn } from "../helpers/dawn.js";
import { initAnew } from "../helpers/default-device.js";
import { openDevice } from "../helpers/devices.js";
import { batchAt, batches, losses, makeModel, numbered, only, parametersOf, run, stateOf, V } from "../helpers/fit-run.js";
import { full } from "../helpers/full.js";

const reason = await openDevice("webgpu").then(
  () => "",
  (error: Error) => error.message,
);
let adapters = 0;
/** The driver's device, with the pipelines that it has compiled, as long as no test has lost or destroyed it. */
let inner: GPUDevice | undefined;

/** A fresh device, as the default, and the GPUDevice under it. */
async function fresh(): Promise<{ device: Device; backend: WebGpuBackend; lose: () => Promise<void> }> {
  const gpu = await dawn();
  adapters = 2;
  const spy = {
    async requestAdapter(options?: object) {
      if (adapters-- <= 0) return null;
      const adapter = (await gpu.requestAdapter(options))!;
      const requestDevice = async (descriptor?: GPUDeviceDescriptor) => {
        inner ??= await adapter.requestDevice(descriptor);
        return inner;
      };
      return new Proxy(adapter, { get: (target, key) => (key === "requestDevice" ? requestDevice : Reflect.get(target, key, target)) });
    },
  };
  const device = await initAnew({ device: "webgpu", gpu: spy });
  const backend = device.backend as WebGpuBackend;
  const lose = async () => {
    inner?.destroy();
    inner = undefined;
    await backend.async.lost;
  };
  return { device, backend, lose };
}

/** As makeModel(), which makes recurrent ones. */
function makeTransformer() {
  manualSeed(1);
  const sizes = { vocab: V, context: 4, layers: 2, heads: 2, hidden: 8 };
  const model = new models.TransformerLM({ ...sizes, dropout: 0.25 });
  return { model, optimizer: new optim.AdamW(model.parameters(), { lr: 0.02, weightDecay: 0.1, clipNorm: 1 }) };
}

describe.skipIf(reason)(`training on WebGPU ${reason && `(${reason})`}`, () => {
  let device: Device;
  let backend: WebGpuBackend;
  let lose: () => Promise<void>;
  beforeEach(async () => {
    ({ device, backend, lose } = await fresh());
  });

  test("gives the losses and the parameters of WebAssembly", async () => {
    const gpu = makeModel({ dropout: 0.25, layers: 2 });
    const onGpu = await run(gpu.model, numbered, { optimizer: gpu.optimizer, steps: 20, carryState: true });
    const parametersOnGpu = await parametersOf(gpu.model);
    await initAnew({ device: "wasm" });
    const wasm = makeModel({ dropout: 0.25, layers: 2 });
    const onWasm = await run(wasm.model, numbered, { optimizer: wasm.optimizer, steps: 20, carryState: true });
    for (const [i, loss] of losses(onWasm).entries()) expect(losses(onGpu)[i]!).toBeCloseTo(loss, 5);
    const expected = await parametersOf(wasm.model);
    for (const [name, data] of Object.entries(parametersOnGpu))
      for (const [i, v] of data.entries()) expect(v, name).toBeCloseTo(expected[name]![i]!, 4);
  });

  test("a step is one submission of few passes, and a read one more, however many read", async () => {
    const { model, optimizer } = makeModel({ layers: 2 });
    const loss = (i: number) => optimizer.step(() => model.loss(batchAt(i)).loss);
    await loss(0).read();
    const { submissions, passes } = backend.counts;
    const pending = Array.from({ length: 10 }, (_, i) => loss(i + 1));
    expect(backend.counts.submissions - submissions).toBe(10);
    // Each costs the host some microseconds.
    expect((backend.counts.passes - passes) / 10).toBeLessThanOrEqual(37);
    await Promise.all(pending.map((number) => number.read()));
    expect(backend.counts.submissions - submissions).toBe(11);
  });

  test("fit reads the losses of several steps at once", async () => {
    const { model, optimizer } = makeModel();
    await run(model, numbered, { optimizer, steps: 1 });
    const before = backend.counts.submissions;
    const events = await run(model, numbered, { optimizer, steps: 40, readEvery: 10, snapshot: { seconds: 1000 } });
    expect(losses(events).length).toBe(40);
    // 40 steps and 4 reads; a snapshot at the start reads everything.
    const snapshot = 3 * optimizer.params.length + 2;
    expect(backend.counts.submissions - before).toBeLessThanOrEqual(44 + snapshot);
  });

  test("a loss that is not finite changes nothing, nor do the steps after it, and the error names the step", async () => {
    const good = makeModel();
    for (let i = 0; i < 3; i++) await good.optimizer.step(() => good.model.loss(batchAt(i)).loss).read();
    const bad = makeModel();
    const pending = Array.from({ length: 6 }, (_, i) =>
      bad.optimizer.step(() => {
        const { loss } = bad.model.loss(batchAt(i));
        return i === 3 ? affine(loss, Number.NaN) : loss;
      }),
    );
    const results = await Promise.allSettled(pending.map((loss) => loss.read()));
    expect(results.map(({ status }) => status)).toEqual([...new Array(3).fill("fulfilled"), ...new Array(3).fill("rejected")]);
    for (const result of results.slice(3))
      expect((result as PromiseRejectedResult).reason.message).toMatch(/^AdamW: step 4: the loss is NaN, .*nothing was changed/);
    expect(await stateOf(bad)).toEqual(await stateOf(good));
    const [again, expected] = [bad, good].map(({ model, optimizer }) => optimizer.step(() => model.loss(batchAt(3)).loss).read());
    expect(await again).toBe(await expected);
  });

  test("an index out of range is reported with its kernel, and the model is as before", async () => {
    const { model, optimizer } = makeModel();
    const before = await stateOf({ model, optimizer });
    const { x, y, shape } = batchAt(0);
    const step = optimizer.step(() => model.loss({ x: x.with(2, 99), y, shape }).loss);
    await expect(step.read()).rejects.toThrow(/gatherRows: index\[2\] is out of range/);
    expect(await stateOf({ model, optimizer })).toEqual(before);
    expect(Number.isFinite(await optimizer.step(() => model.loss(batchAt(0)).loss).read())).toBe(true);
  });

  const losing = (name: string, make: typeof makeModel | typeof makeTransformer) =>
    test(`a run of ${name} continues from its snapshot on a new device when its own is lost`, async () => {
      const undisturbed = make();
      const expected = await run(undisturbed.model, numbered, { optimizer: undisturbed.optimizer, steps: 12, carryState: true });
      const trained = await parametersOf(undisturbed.model);
      const disturbed = make();
      const events: FitEvent[] = [];
      const options = { optimizer: disturbed.optimizer, steps: 12, carryState: true, readEvery: 1, snapshot: { steps: 5 } };
      for await (const event of fit(disturbed.model, numbered, options)) {
        events.push(event);
        if (event.type === "step" && event.step === 8 && only(events, "device").length === 0) await lose();
      }
      const [change] = only(events, "device");
      expect(change).toMatchObject({ step: 5, device: device.info });
      expect(change!.reason).toMatch(/the device is gone/);
      expect(only(events, "step").map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 6, 7, 8, 9, 10, 11, 12]);
      expect(losses(events).slice(-7)).toEqual(losses(expected).slice(-7));
      expect(await parametersOf(disturbed.model)).toEqual(trained);
    });
  losing("an LSTM", makeModel);
  full(() => losing("a Transformer with dropout", makeTransformer));

  test("a run whose GPU does not come back continues with WebAssembly, also within an epoch", async () => {
    const { model, optimizer } = makeModel();
    const events: FitEvent[] = [];
    for await (const event of fit(model, () => batches(6), { optimizer, epochs: 1, readEvery: 1, snapshot: { steps: 2 } })) {
      events.push(event);
      if (event.type !== "step" || event.step !== 3) continue;
      adapters = 0;
      await lose();
    }
    expect(only(events, "device")[0]).toMatchObject({ step: 2, device: expect.stringContaining("WebAssembly") });
    expect(only(events, "epoch")).toHaveLength(1);
    expect(model.parameters()[0]!.backend.type).toBe("wasm");
  });

  test("a run whose device is lost while it waits for a loss continues too", async () => {
    const { model, optimizer } = makeModel();
    const events: FitEvent[] = [];
    const dying = {
      batch: (step: number) => {
        if (step === 4 && backend === optimizer.params[0]!.backend) void lose();
        return batchAt(step);
      },
    };
    for await (const event of fit(model, dying, { optimizer, steps: 6, readEvery: 1, snapshot: { steps: 2 } })) events.push(event);
    expect(only(events, "device")).toHaveLength(1);
    expect(losses(events).every(Number.isFinite)).toBe(true);
    expect(events.at(-1)).toMatchObject({ type: "end", steps: 6 });
  });

  test("a model moves to WebAssembly and back with the same bits", async () => {
    const { model, optimizer } = makeModel();
    await optimizer.step(() => model.loss(batchAt(0)).loss).read();
    const before = await stateOf({ model, optimizer });
    await optimizer.to(await createDevice({ device: "wasm" }));
    expect(await stateOf({ model, optimizer })).toEqual(before);
    await optimizer.to(device);
    expect(await stateOf({ model, optimizer })).toEqual(before);
  });

  test("dropout has the mask of WebAssembly", async () => {
    const wasm = await createDevice({ device: "wasm" });
    const draw = (on: Device) =>
      withDevice(on, () => {
        manualSeed(3);
        return new nn.Dropout(0.5).forward(tensor(new Float32Array(1000).fill(1))).data();
      });
    expect(await draw(device)).toEqual(await draw(wasm));
  });

  test("more than the device can bind is refused by the limit's name", () => {
    const bytes = backend.memory().limit;
    expect(() => backend.alloc(bytes)).toThrow(/maxStorageBufferBindingSize/);
  });

  test("a destroyed device frees all and says so", async () => {
    const { optimizer } = makeModel();
    device.destroy();
    inner = undefined;
    expect(() => optimizer.step()).toThrow(/the device was destroyed; make another by init/);
  });

  test("a kernel that the driver refuses is an error with its name", async () => {
    // The text of a kernel asks then for a feature that the device was made without.
    Object.assign(backend.capabilities, { f16: true });
    const address = backend.alloc(64);
    backend.dispatch("argmax", { x: address, y: address + 32, outer: 1, n: 4, inner: 1 });
    await expect(backend.read(address, 1, "float32")).rejects.toThrow(/webgpu: .*argmax/s);
  });
});
