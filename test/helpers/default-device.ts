import { createDevice, type Device, defaultDevice, type InitOptions, makeDefault } from "../../src/tensor/device.js";

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

/** Makes a device that becomes the default instead of another. */
export const initAnew = async (options: InitOptions = {}): Promise<Device> => makeDefault(await createDevice(options));
