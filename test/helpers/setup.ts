import { afterAll, beforeEach, inject, type RunnerTask, vi } from "vitest";
import { setDebug } from "../../src/tensor/storage.js";
import { dropDefault } from "./default-device.js";
import { FULL } from "./full.js";
import { inPart } from "./part.js";

// Files share a worker and its modules: what a file may leave to the next is put back.
dropDefault();
setDebug(false);
vi.useRealTimers();
vi.restoreAllMocks();
vi.unstubAllGlobals();
vi.unstubAllEnvs();
if (!("document" in globalThis)) {
  const { removeTemporaryFolders } = await import("./temporary-folder.js");
  const [folder, environment] = [process.cwd(), { ...process.env }];
  afterAll(async () => {
    await removeTemporaryFolders();
    process.chdir(folder);
    // The driver that the first file with a GPU has found is the worker's.
    const kept = { ...environment, VK_ADD_DRIVER_FILES: process.env.VK_ADD_DRIVER_FILES };
    for (const name of Object.keys(process.env)) if (!(name in kept)) delete process.env[name];
    Object.assign(process.env, environment);
  });
}

const isFull = (task: RunnerTask): boolean => task.name === FULL || (task.suite !== undefined && isFull(task.suite));

const part = inject("part");
if (part.includes("/")) {
  const divided = inject("divided");
  beforeEach(({ task, skip }) => {
    const among = divided[task.file.filepath];
    if (among) skip(!(among === "all" || isFull(task)) || !inPart(task.fullName, part), "not in this part");
  });
}
