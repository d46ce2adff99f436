import { existsSync } from "node:fs";

// Chromium brings SwiftShader, a Vulkan driver in software, and a loader of Vulkan for systems without one.
const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";
const LOADER = "/usr/lib/chromium/libvulkan.so.1";
/** The system's RTLD_NOW | RTLD_NODELETE. */
const STAY = 0x1002;

/** Makes Chromium's driver known beside the system's, unless the environment names another; Dawn finds the loader by its name once it is in the process. */
function provideDriver(): void {
  if (!existsSync(SWIFTSHADER) || !existsSync(LOADER)) return;
  if (!process.env.VK_DRIVER_FILES) process.env.VK_ADD_DRIVER_FILES = SWIFTSHADER;
  try {
    process.dlopen({ exports: {} }, LOADER, STAY);
  } catch {
    // Always: it is not a module of Node. It stays loaded all the same.
  }
}

let gpu: Promise<GPU> | undefined;

/** What `navigator.gpu` is in a browser, in Node: Dawn, of the package `webgpu`. */
export function dawn(): Promise<GPU> {
  gpu ??= load();
  return gpu;
}

async function load(): Promise<GPU> {
  provideDriver();
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  const made = create([]);
  // Dawn's instance must outlive its devices.
  Object.assign(globalThis, { keepGpu: made });
  return made;
}
