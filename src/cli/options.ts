import { availableParallelism } from "node:os";
import { obstacle } from "../backend/wasm/fusing.js";
import type { Gpu } from "../backend/webgpu/gpu.js";
import { createDevice, type Device, makeDefault } from "../tensor/device.js";
import { messageOf, SeqgradError, systemCodeOf } from "../util/errors.js";
import { boolean, choice, type Given, integer, schema } from "../util/schema.js";
import { flagsOf, readFlags } from "./flags.js";

/** The options that say where to compute, for every command that does. */
export const deviceFields = {
  device: choice(["auto", "wasm", "webgpu", "reference"], {
    default: "auto",
    help: "auto, wasm, webgpu (needs the package webgpu), or reference: slow float64",
  }),
  deterministic: boolean({ default: false, help: "The same bits on every machine" }),
  noWide: boolean({
    default: false,
    help: "Keep to 128 bits where Node 24 has 256; the bits do not depend on it",
    whyFixed: () => undefined,
  }),
  threads: integer({
    ...{ min: 1, max: 64, default: () => Math.min(8, availableParallelism()), usually: "one for each core, 8 at most" },
    ...{ help: "Threads; the bits do not depend on them", whyFixed: () => undefined },
  }),
};

const deviceSchema = schema(deviceFields);

export const deviceFlags = flagsOf(deviceFields);

/** Makes the device that the flags name the default. */
export const initDevice = (args: Given): Promise<Device> => openDevice(readFlags(deviceFields, args));

/** Makes the device that the options name the default. */
export async function openDevice(options: Given): Promise<Device> {
  const { device = "auto", deterministic = false, noWide = false, threads = "auto" } = deviceSchema.among(options);
  const gpu = device === "webgpu" && { gpu: await nodeGpu() };
  // Where Node cannot have them, the device takes the others.
  const width = (noWide || obstacle() === "") && { wide: !noWide };
  return makeDefault(await createDevice({ device, deterministic, threads, ...width, ...gpu }));
}

/** It must outlive its devices. */
let gpu: Gpu | undefined;

/** The counterpart of `navigator.gpu`: from the optional package `webgpu`, next to this one or in the working folder. */
export async function nodeGpu(): Promise<Gpu> {
  if (gpu) return gpu;
  const name = "webgpu";
  const here = () => import(name);
  const there = async () => {
    const [{ createRequire }, { pathToFileURL }] = await Promise.all([import("node:module"), import("node:url")]);
    return import(pathToFileURL(createRequire(`${process.cwd()}/`).resolve(name)).href);
  };
  try {
    const { create, globals } = await here().catch(there);
    Object.assign(globalThis, globals);
    gpu = create([]) as Gpu;
    return gpu;
  } catch (cause) {
    const reason = systemCodeOf(cause) === "MODULE_NOT_FOUND" ? "is not installed" : `fails: ${messageOf(cause)}`;
    throw new SeqgradError("device", `--device webgpu: the package webgpu ${reason}. Run: npm install webgpu`, { cause });
  }
}
