import type { WasmVariant } from "../backend.js";
import probe from "./generated/probe.js";

// It imports nothing of what a page has already: bundlers would cut that in pieces, which costs more than all of this.

/** Loads the core module of the wide kernels, which share the second module of the relaxed ones. */
export const wideCore = () => import("./generated/wide.js");

/** The part of Node's `process` that is of use here; a page has none. */
interface Process {
  readonly arch: string;
  readonly versions: Readonly<Record<string, string | undefined>>;
  getBuiltinModule(name: "node:v8"): { setFlagsFromString(flags: string): void };
}

/**
 * Says why a process cannot make V8 fuse pairs of 128-bit operations.
 *
 * @returns what is missing; "" where nothing is; undefined outside of Node, where V8's flags come from elsewhere
 */
export function obstacle(): string | undefined {
  const { process }: { process?: Process } = globalThis;
  const { node, bun, deno, electron } = process?.versions ?? {};
  if (!process || !node || deno || electron) return undefined;
  if (process.arch !== "x64") return `wide kernels need an x86-64 processor, and this one is ${process.arch}`;
  if (bun || Number.parseInt(node, 10) < 24)
    return `wide kernels need Node 24 or newer, and this is ${bun ? `Bun ${bun}` : `Node ${node}`}`;
  return "";
}

/** Sets V8's flag for the whole process: V8 fuses pairs in the modules that are compiled later. Call it where obstacle() returns "". */
export function askToFuse(): void {
  const { process }: { process?: Process } = globalThis;
  process?.getBuiltinModule("node:v8").setFlagsFromString("--experimental-wasm-revectorize");
}

/** Switches a backend to the wide kernels, or back, as the runtime fuses pairs or not. A runtime that is known not to is not measured. */
export async function widen(
  backend: { become(variant: WasmVariant): Promise<void> },
  unpacked: (base64: string) => Promise<BufferSource>,
): Promise<void> {
  const fuses = !obstacle() && (await fusesPairs(await unpacked(probe)));
  await backend.become(fuses ? "wide" : "relaxed");
}

/** How often a function is called that does nothing but get itself compiled, and the time that the program has between, in milliseconds. */
const warmups = 10;
/** The address of the operands, an argument so that no compiler knows it: V8 finds no pairs at addresses that are constants. */
const operands = 1024;
const pause = 20;
/** Both tiles are measured this often at most. The wide one must win twice. */
const tries = 5;

/**
 * Finds out by time whether this runtime fuses pairs of 128-bit operations, so that the tiles of `wide` are faster. It takes a millisecond of
 * the thread, two where the clock is coarse, in several pieces.
 *
 * @returns true if the wide tile is faster: fused it takes two thirds of the time, else four thirds
 */
async function fusesPairs(probe: BufferSource): Promise<boolean> {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { instance } = await WebAssembly.instantiate(probe, { env: { memory } });
  const { multiply } = instance.exports;
  if (typeof multiply !== "function") return false;
  for (let i = 0; i < warmups; i++) {
    multiply(0, 2000, operands);
    await after(pause * (i + 1));
  }
  // Of a coarse clock one long time is more exact than the least of short ones.
  const [runs, factor] = resolution() > 0.02 ? [1, 12] : [4, 1];
  const time = (tile: number, count: number) => {
    let least = Infinity;
    for (let i = 0; i < runs; i++) {
      const start = performance.now();
      multiply(tile, count * factor, operands);
      least = Math.min(least, performance.now() - start);
    }
    return least;
  };
  let votes = 0;
  for (let i = 0; i < tries && votes < 2; i++) {
    // The wide tile multiplies twice as much, so that both times are one where nothing is compiled yet.
    const ratio = time(1, 800) / time(2, 400);
    if (ratio < 0.9) return false;
    if (ratio > 1.15) votes++;
    await after(pause);
  }
  return votes === 2;
}

/** The step of the clock, in milliseconds: 0.1 in a page that is not cross-origin isolated. */
function resolution(): number {
  const start = performance.now();
  let now = start;
  while (now === start) now = performance.now();
  return now - start;
}

/** Waits without keeping a process of Node alive. */
function after(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer: number | { unref?(): void } = setTimeout(resolve, milliseconds);
    if (typeof timer === "object") timer.unref?.();
  });
}
