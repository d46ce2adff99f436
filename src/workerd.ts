// The package for workerd, on which Cloudflare Workers run. It compiles no WebAssembly from bytes: the bundler of a program hands the files of
// the kernels over as compiled modules.
import { detectVariant } from "./backend/wasm/modules.js";
import relaxed from "./relaxed.wasm";
import simd from "./simd.wasm";
import { createDevice as createDeviceOf, type Device, type InitOptions, init as initOf } from "./tensor/device.js";

export * from "./index.js";

/** The options with the kernels that fit. They are a module, which threads cannot share. */
async function withKernels(options: InitOptions): Promise<InitOptions> {
  if (Object(options) !== options || options.wasm) return options;
  const variant = options.deterministic ? "simd" : await detectVariant();
  return { threads: 1, ...options, wasm: { module: variant === "simd" ? simd : relaxed } };
}

/** The init() of src/index.ts, with the kernels. */
export const init = async (options: InitOptions = {}): Promise<Device> => initOf(await withKernels(options));

/** The createDevice() of src/index.ts, with the kernels. */
export const createDevice = async (options: InitOptions = {}): Promise<Device> => createDeviceOf(await withKernels(options));
