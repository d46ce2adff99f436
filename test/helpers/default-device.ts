import { type Device, defaultDevice, type InitOptions, init } from "../../src/tensor/device.js";

/** Destroys the default device, if there is one. */
export function dropDefault(): void {
  let device: Device;
  try {
    device = defaultDevice();
  } catch {
    return;
  }
  device.destroy();
}

/** init() in the place of the default device that there may be. */
export async function initAnew(options: InitOptions = {}): Promise<Device> {
  dropDefault();
  return init(options);
}
