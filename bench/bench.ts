// What seqgrad's kernels, training steps, memory and host cost, as tables: see bench/NOTES.md.
// `npm run bench -- [--only roofline,kernels,rows,attention,steps,profile,decoding,words,memory,lanes,threads,host] [--quick] [--variant simd] [--json FILE]`
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import type { WasmVariant } from "../src/backend/backend.js";
import { detectVariant } from "../src/backend/wasm/modules.js";
import { createContext } from "./context.js";
import { measureAttention } from "./sections/attention.js";
import { measureDecoding } from "./sections/decode.js";
import { measureGemm } from "./sections/gemm.js";
import { measureHost } from "./sections/host.js";
import { measureKernels } from "./sections/kernels.js";
import { measureLanes } from "./sections/lanes.js";
import { measureMemory } from "./sections/memory.js";
import { measureProfile } from "./sections/profile.js";
import { measureRoofline, type Roofline } from "./sections/roofline.js";
import { measureRows } from "./sections/rows.js";
import { measureSteps } from "./sections/steps.js";
import { measureThreads } from "./sections/threads.js";
import { measureWords } from "./sections/words.js";
import { format, type Table } from "./table.js";

const { values } = parseArgs({
  options: { only: { type: "string" }, quick: { type: "boolean" }, variant: { type: "string" }, json: { type: "string" } },
});
const variant = (values.variant ?? (await detectVariant())) as WasmVariant;
const context = await createContext(variant, values.quick ?? false);
let known: Promise<Roofline> | undefined;
const roofline = () => {
  known ??= measureRoofline(context);
  return known;
};

const sections: Readonly<Record<string, () => Promise<readonly Table[]>>> = {
  roofline: async () => (await roofline()).tables,
  kernels: async () => [await measureGemm(context), await measureKernels(context, await roofline())],
  rows: async () => [await measureRows(context)],
  attention: () => measureAttention(context),
  steps: () => measureSteps(context),
  profile: async () => measureProfile(context, await roofline()),
  decoding: async () => [await measureDecoding(context)],
  words: async () => [await measureWords(context)],
  memory: async () => [await measureMemory(context)],
  lanes: () => measureLanes(context),
  threads: () => measureThreads((threads) => context.threaded(threads), context.quick),
  host: async () => measureHost(context),
};
const chosen = values.only?.split(",") ?? Object.keys(sections);
const unknown = chosen.find((name) => !sections[name]);
if (unknown !== undefined) throw new Error(`there is no section ${unknown}; there are ${Object.keys(sections).join(", ")}`);

const machine = { date: new Date().toISOString(), processor: cpus()[0]?.model ?? "unknown", node: process.versions.node, variant };
console.log(`# seqgrad's bench\n\n${Object.values(machine).join(", ")}\n`);
const results: Record<string, readonly Table[]> = {};
for (const name of chosen) {
  results[name] = await sections[name]!();
  for (const table of results[name]) console.log(format(table));
}
if (values.json) await writeFile(values.json, `${JSON.stringify({ ...machine, quick: context.quick, sections: results }, null, 1)}\n`);
