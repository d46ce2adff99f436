import { relaxedSimd, simd } from "wasm-feature-detect";
import { messageOf, SeqgradError } from "../../util/errors.js";
import type { WasmVariant } from "../backend.js";

/** The source of the compiled kernels, if not the package's own chunk: give one of the three. */
export interface WasmSource {
  /** A `WebAssembly.Module`. */
  module?: object;
  /** A text or a `URL`. */
  url?: string | { readonly href: string };
  bytes?: ArrayBuffer | ArrayBufferView<ArrayBuffer>;
}

/** A chunk of the package that holds kernels, as base64 of gzip. */
type Chunk = () => Promise<{ readonly default: string }>;

/** The chunks of a variant: its core, and the kernels of assembly/extra.ts. */
export const chunks: Readonly<Record<"simd" | "relaxed", readonly [core: Chunk, extra: Chunk]>> = {
  simd: [() => import("./generated/simd.js"), () => import("./generated/simd-extra.js")],
  relaxed: [() => import("./generated/relaxed.js"), () => import("./generated/relaxed-extra.js")],
};

/** Loads the part for devices of 256 bits. It stands here for all callers: each place where a page loads a chunk costs bytes. */
export const fusing = () => import("./fusing.js");
/** Loads the part for devices with threads. */
export const threading = () => import("./threading.js");

/**
 * Finds the fastest variant of the kernels that this runtime supports by itself: `relaxed`, or `simd` without relaxed SIMD. Whether `wide`
 * is faster still, init() finds out by time.
 *
 * @returns the name of the variant
 * @throws SeqgradError `device` if the runtime does not support WebAssembly SIMD
 * @example
 * console.log(await sg.detectVariant()); // "relaxed"
 */
export async function detectVariant(): Promise<WasmVariant> {
  if (await relaxedSimd()) return "relaxed";
  if (await simd()) return "simd";
  throw new SeqgradError("device", "wasm: this runtime has no WebAssembly SIMD. Use Node 20 or newer, or a browser of 2021 or newer.");
}

/** Kernels over a memory, and their modules. A module may import functions of the modules before it. */
export interface Kernels {
  readonly exports: WebAssembly.Exports;
  readonly modules: readonly WebAssembly.Module[];
}

/**
 * Makes the kernels of the core module, and of the other module too if it has one that is needed. `pages` is the largest size of a memory that
 * threads share.
 */
export async function instantiateKernels(
  variant: WasmVariant,
  memory: WebAssembly.Memory,
  needed: Iterable<string>,
  source?: WasmSource,
  pages?: number,
): Promise<Kernels> {
  const [narrowCore, extraChunk] = chunks[variant === "simd" ? "simd" : "relaxed"];
  const coreChunk = variant === "wide" ? (await fusing()).wideCore : narrowCore;
  const core = await compile(variant, source, coreChunk, pages);
  const { exports } = await WebAssembly.instantiate(core, { env: { memory } });
  if (source || Array.from(needed).every((name) => name in exports)) return { exports, modules: [core] };
  const extra = await compile(variant, source, extraChunk, pages);
  const others = await WebAssembly.instantiate(extra, { env: { memory }, core: exports });
  return { exports: { ...exports, ...others.exports }, modules: [core, extra] };
}

async function compile(variant: WasmVariant, source: WasmSource | undefined, chunk: Chunk, pages?: number): Promise<WebAssembly.Module> {
  if (source?.module) return source.module as WebAssembly.Module;
  try {
    const response = source?.url ? fetch(typeof source.url === "string" ? source.url : source.url.href) : undefined;
    if (response && !pages) return await WebAssembly.compileStreaming(response);
    const bytes = response ? await (await response).arrayBuffer() : (source?.bytes ?? (await unpacked((await chunk()).default)));
    return await WebAssembly.compile(pages ? (await threading()).withSharedMemory(bytes, pages) : bytes);
  } catch (cause) {
    const blocked = /unsafe-eval|Content Security Policy|blocked by CSP|disallowed by embedder/i.test(String(cause));
    const advice = blocked
      ? "the page's Content Security Policy forbids it: add 'wasm-unsafe-eval' to script-src. On Cloudflare, bundle with the condition workerd."
      : `${messageOf(cause)}. Give init({ wasm: { module | url | bytes } }) the file seqgrad/wasm/${variant}.wasm of this version.`;
    throw new SeqgradError("device", `wasm: the ${variant} kernels could not be compiled: ${advice}`, { cause });
  }
}

/** The bytes of a chunk, which is base64 of gzip. */
export async function unpacked(base64: string): Promise<BufferSource> {
  const packed = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  // Node has a faster way. `process` reveals Node without an import that a page could not resolve.
  const node = (globalThis as { process?: { getBuiltinModule?(name: "node:zlib"): { gunzipSync(bytes: Uint8Array): BufferSource } } })
    .process;
  if (node?.getBuiltinModule) return node.getBuiltinModule("node:zlib").gunzipSync(packed);
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}
