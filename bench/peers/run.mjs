// seqgrad beside its peers, in one process and in turn, so that all see the same machine: milliseconds and ratios.
// `npm run bench:peers -- [--only NAME] [--threads N] [--json FILE]`; NAME is a part of a work's name, as printed, or `first`.
// With several threads seqgrad, onnxruntime-web and PyTorch use them, and the clock is the wall's; tfjs and jax-js have one in Node.
// PyTorch is looked for in $SEQGRAD_PYTHON, else in python3.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import "./relaxed.mjs";
import * as brain from "./brain.mjs";
import { install } from "./install.mjs";
import * as jax from "./jax.mjs";
import { digits, measure, print, quartiles } from "./measure.mjs";
import * as onnx from "./onnx.mjs";
import * as seqgrad from "./seqgrad.mjs";
import * as kernel from "./seqgrad-kernel.mjs";
import * as tfjs from "./tfjs.mjs";
import { threads } from "./threads.mjs";
import * as torch from "./torch.mjs";
import { nameOf, works } from "./works.mjs";

// Peers as in measure.mjs; ratios are to the first.
const modules = [seqgrad, kernel, tfjs, jax, onnx, brain, torch];
const starters = { seqgrad: "seqgrad", tfjs: "tfjs", "jax-js": "jax" };

/** V8 compiles what is hot by its count of calls; a work that is long makes thousands of calls itself. */
const pace = { rounds: 9, sampleTime: 80, peerTime: 2000, warmTime: 1500, warmCalls: 3000, now };

const { values: options } = parseArgs({
  options: { only: { type: "string", default: "" }, threads: { type: "string" }, json: { type: "string" } },
});
const here = fileURLToPath(new URL(".", import.meta.url));

/** Milliseconds of this thread alone where Node can measure it (from 23.9), so that what shares the machine counts for little. */
function now() {
  if (!process.threadCpuUsage || threads > 1) return performance.now();
  // Linux brings a thread's account up to date once in some milliseconds, and when the process's is asked for.
  process.cpuUsage();
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Loading, making ready and the first training steps, each time in a fresh process. */
function measureFirst() {
  const runs = Object.keys(starters).map((peer) => ({ peer, parts: [] }));
  for (let round = 0; round < 3; round++) {
    for (const { peer, parts } of runs) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [`${here}first.mjs`, starters[peer]], { encoding: "utf8" });
      if (status !== 0) throw new Error(`${peer}: ${stderr}`);
      parts.push(JSON.parse(stdout.trim().split("\n").at(-1)));
    }
  }
  return runs.map(({ peer, parts }) => {
    const median = (of) => quartiles(parts.map(of)).median;
    const [load, open, first] = ["load", "open", "first"].map((key) => median((part) => part[key]));
    const total = median((part) => part.load + part.open + part.first);
    return { peer, load, open, first, total, hundred: median((part) => part.load + part.open + part.first + part.more) };
  });
}

function printFirst(rows) {
  console.log(`\nfirst training step, ${nameOf(works.find(({ kind }) => kind === "step"))}, in a fresh process: ms`);
  const ratio = (ms) => `${digits(ms)} (${digits(ms / rows[0].total)} x)`;
  console.table(
    Object.fromEntries(
      rows.map(({ peer, load, open, first, total, hundred }) => [
        peer,
        { load: digits(load), open: digits(open), "first step": digits(first), "all three": ratio(total), "to step 100": digits(hundred) },
      ]),
    ),
  );
}

install();
const report = {
  date: new Date().toISOString(),
  node: process.versions.node,
  processor: cpus()[0].model.trim(),
  load: loadavg()[0],
  peers: {},
  works: [],
};
if ("first".includes(options.only)) {
  report.first = measureFirst();
  printFirst(report.first);
}
const chosen = works.filter((work) => nameOf(work).includes(options.only));
const peers = [];
for (const { name, load, open } of chosen.length ? modules : []) peers.push({ name, ...(await open(await load())) });
for (const { name, info } of peers) report.peers[name] = info;
console.log(`\nNode ${report.node} on ${report.processor}, load ${report.load.toFixed(1)}; median, quartiles, and times seqgrad's median`);
for (const [name, info] of Object.entries(report.peers)) console.log(`  ${name.padEnd(16)}${info}`);
for (const work of chosen) {
  const rows = await measure(work, peers, pace);
  report.works.push(...rows);
  print(rows);
}
for (const { close } of peers) close?.();
if (options.json) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
process.exit();
