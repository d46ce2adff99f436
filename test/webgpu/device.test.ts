import { describe, expect, test } from "vitest";
import { createDevice, type InitOptions, io, matmul, models, noGrad, tensor, zeros } from "../../src/index.js";
import { withDevice } from "../../src/tensor/device.js";
import { dawn } from "../helpers/dawn.js";
import { initAnew } from "../helpers/default-device.js";
import { openDevice } from "../helpers/devices.js";
import { batchAt, makeModel, stateOf } from "../helpers/fit-run.js";

const reason = await openDevice("webgpu").then(
  () => "",
  (error: Error) => error.message,
);

/** An object of the driver with some properties of its own. */
function altered<T extends object>(of: T, other: Partial<Record<keyof T, unknown>>): T {
  return new Proxy(of, {
    get(target, key) {
      if (key in other) return other[key as keyof T];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
    set: (target, key, value) => Reflect.set(target, key, value),
  });
}

/** A `navigator.gpu` whose adapters are altered. */
const gpuWith = (alter: (adapter: GPUAdapter) => GPUAdapter) => ({
  requestAdapter: async (options?: object) => alter((await (await dawn()).requestAdapter(options))!),
});

/** What init() asks of the adapter when its device has these limits. */
const limited = (limits: object) =>
  gpuWith((adapter) =>
    altered(adapter, {
      requestDevice: async (descriptor?: GPUDeviceDescriptor) => {
        const device = await adapter.requestDevice(descriptor);
        return altered(device, { limits: { ...numbersOf(device.limits), ...limits } });
      },
    }),
  );

function numbersOf(limits: GPUSupportedLimits): Record<string, number> {
  const names = ["maxBufferSize", "maxComputeWorkgroupStorageSize", "maxComputeInvocationsPerWorkgroup", "maxStorageBufferBindingSize"];
  return Object.fromEntries(names.map((name) => [name, limits[name as keyof GPUSupportedLimits] as number]));
}

const nothing = { requestAdapter: async () => null };
const refusal = (options: InitOptions) => expect(createDevice({ device: "webgpu", ...options })).rejects;

describe("a GPU insisted upon, which is not there", () => {
  test("without navigator.gpu", () => refusal({}).toMatchObject({ code: "device", message: /no navigator\.gpu.*package `webgpu`/s }));

  test("without an adapter", () => refusal({ gpu: nothing }).toMatchObject({ code: "device", message: /^webgpu: there is no adapter/ }));
});

test("without an adapter, `auto` takes WebAssembly and says why", async () => {
  const { type, info } = await createDevice({ gpu: nothing });
  expect(type).toBe("wasm");
  expect(info).toMatch(/^WebAssembly, .*; no GPU: there is no adapter$/);
});

describe.skipIf(reason)(`the device on WebGPU ${reason && `(no WebGPU: ${reason})`}`, () => {
  test("is not chosen by `auto` where it is software, which says so", async () => {
    const software = gpuWith((adapter) => altered(adapter, { info: { vendor: "google", architecture: "swiftshader", description: "" } }));
    const { type, info } = await createDevice({ gpu: software });
    expect(type).toBe("wasm");
    expect(info).toMatch(/; no GPU: the only adapter is in software: google, swiftshader$/);
  });

  test("is chosen by `auto` where it is hardware, and is named", async () => {
    const hardware = gpuWith((adapter) => altered(adapter, { info: { vendor: "maker", architecture: "chip", description: "" } }));
    const device = await createDevice({ gpu: hardware });
    expect(device).toMatchObject({ type: "webgpu", info: "WebGPU, maker, chip" });
    device.destroy();
  });

  test("is refused for 16 bits where the adapter lacks the feature, by its name", () => {
    const gpu = gpuWith((adapter) => altered(adapter, { features: new Set() }));
    return refusal({ gpu, precision: "f16" }).toMatchObject({ code: "device", message: /needs the feature shader-f16/ });
  });

  test("is refused, with the driver's reason, where the driver makes none", () => {
    const requestDevice = async () => {
      throw new Error("maxBufferSize is too large");
    };
    return refusal({ gpu: gpuWith((adapter) => altered(adapter, { requestDevice })) }).toMatchObject({
      code: "device",
      message: /^webgpu: .* gives no device: maxBufferSize is too large/,
    });
  });

  test("refuses what its binding limit does not hold, by the limit's name, and the model is as before", async () => {
    const device = await initAnew({ device: "webgpu", gpu: limited({ maxStorageBufferBindingSize: 1 << 20 }) });
    expect(device.backend.memory().limit).toBe(1 << 20);
    const made = makeModel();
    await made.optimizer.step(() => made.model.loss(batchAt(0)).loss).read();
    const before = await stateOf(made);
    expect(() => zeros([1 << 18])).toThrow(/out of memory: .*maxStorageBufferBindingSize of the adapter/);
    const [x, y] = [new Int32Array(64 * 100), new Int32Array(64 * 100)];
    const large = () => made.optimizer.step(() => made.model.loss({ x, y, shape: [64, 100] }).loss);
    expect(large).toThrow(/maxStorageBufferBindingSize of the adapter.*smaller batch/s);
    expect(await stateOf(made)).toEqual(before);
    await made.optimizer.step(() => made.model.loss(batchAt(1)).loss).read();
    device.destroy();
  });

  test("loads what was saved on WebAssembly, and the other way round", async () => {
    const [gpu, wasm] = [await openDevice("webgpu"), await createDevice({ device: "wasm" })];
    const make = () => new models.RecurrentLM({ vocab: 9, arch: "gru", embed: 4, hidden: 6 });
    const scores = (model: ReturnType<typeof make>) => noGrad(() => model.forward(tensor(Int32Array.of(1, 2, 3), [1, 3])).logits.data());
    for (const [from, to] of [
      [gpu, wasm],
      [wasm, gpu],
    ] as const) {
      const saved = withDevice(from, make);
      const bytes = io.writeSafetensors(await saved.stateDict());
      const loaded = withDevice(to, make);
      loaded.loadStateDict(io.parseSafetensors(bytes));
      const [expected, got] = [await withDevice(from, () => scores(saved)), await withDevice(to, () => scores(loaded))];
      for (const [i, v] of expected.entries()) expect(got[i]).toBeCloseTo(v, 5);
    }
  });

  test("refuses a tensor of another device beside its own, and says how to move it; moved, it computes", async () => {
    const [gpu, wasm] = [await openDevice("webgpu"), await createDevice({ device: "wasm" })];
    const [x, y] = [tensor([1, 2, 3, 4], [2, 2], { device: gpu }), tensor([1, 0, 0, 1], [2, 2], { device: wasm })];
    expect(() => matmul(x, y)).toThrow(/b is on another device \(wasm\) than a \(webgpu\); move one: await to\(device\) of the tensor/);
    expect([...(await matmul(x, await y.to(gpu)).data())]).toEqual([1, 2, 3, 4]);
  });
});
