import type { CapturedValue } from "../../src/nn/captured-step.js";
import type { Module } from "../../src/nn/module.js";
import type { Device } from "../../src/tensor/device.js";
import { startOn } from "./devices.js";

/** All that is captured of a module while `step` runs with this default device, by its name, in order. */
export async function capturedOn(
  device: Device,
  model: Module,
  names: readonly string[],
  step: () => unknown,
): Promise<Map<string, CapturedValue[]>> {
  const values = new Map<string, CapturedValue[]>();
  const capture = await model.capture(names, (name, value) => {
    values.set(name, [...(values.get(name) ?? []), value]);
  });
  await startOn(device, step);
  await capture.stop();
  return values;
}
