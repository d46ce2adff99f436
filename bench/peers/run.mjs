// seqgrad beside its peers, in one process and in turn, so that all see the same machine: milliseconds and ratios.
// `npm run bench:peers -- [--only NAME] [--json FILE]`; NAME is a part of a work's name, as printed, or `first`.
// PyTorch is looked for in $SEQGRAD_PYTHON, else in python3. The peers are installed on the first run.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import "./relaxed.mjs";
import * as brain from "./brain.mjs";
import * as jax from "./jax.mjs";
import * as onnx from "./onnx.mjs";
import * as seqgrad from "./seqgrad.mjs";
import * as kernel from "./seqgrad-kernel.mjs";
import * as tfjs from "./tfjs.mjs";
import * as torch from "./torch.mjs";
import { nameOf, works } from "./works.mjs";

// A peer is { name, load(), open(library) }; what it opens is { info, prepare(work), close?() }. To prepare a work answers
//   a reason why it cannot, or undefined where the question makes no sense, or
//   { run(i), value?(i) }: do the work on input set i; do it and answer its numbers, where they can agree with the others;
//   { time(count), value(i) }: the same, where the peer takes the time itself.
// Ratios are to the first.
const modules = [seqgrad, kernel, tfjs, jax, onnx, brain, torch];
const starters = { seqgrad: "seqgrad", tfjs: "tfjs", "jax-js": "jax" };

const rounds = 9;
/** Milliseconds that a sample should take, that a peer may take for all of its samples, and for warming up. */
const [sampleTime, peerTime, warmTime] = [80, 2000, 1500];
/** V8 compiles what is hot by its count of calls; a work that is long makes thousands of calls itself. */
const warmCalls = 3000;
/** How far a peer's numbers may lie from the first peer's, as a share of the largest, or of 1. */
const tolerance = 1e-3;

const { values: options } = parseArgs({ options: { only: { type: "string", default: "" }, json: { type: "string" } } });
const here = fileURLToPath(new URL(".", import.meta.url));

function install() {
  const { dependencies } = JSON.parse(readFileSync(`${here}package.json`, "utf8"));
  const installed = Object.entries(dependencies).every(([name, version]) => {
    const file = `${here}node_modules/${name}/package.json`;
    return existsSync(file) && JSON.parse(readFileSync(file, "utf8")).version === version;
  });
  if (installed) return;
  const windows = process.platform === "win32";
  const { status } = spawnSync("npm", ["ci", "--ignore-scripts"], { cwd: here, stdio: "inherit", shell: windows });
  if (status !== 0) throw new Error("npm ci in bench/peers failed");
}

function quartiles(times) {
  const sorted = times.toSorted((a, b) => a - b);
  const [q1, median, q3] = [0.25, 0.5, 0.75].map((share) => sorted[Math.round(share * (sorted.length - 1))]);
  return { median, q1, q3 };
}

/** Where a result departs from the first peer's; undefined where it agrees. */
function departure(got, wanted) {
  const largest = wanted.reduce((max, v) => Math.max(max, Math.abs(v)), 1);
  const at = Array.from(got).findIndex((v, i) => !(Math.abs(v - wanted[i]) <= tolerance * largest));
  return at < 0 ? undefined : `computes another thing: number ${at} is ${got[at]}, not ${wanted[at]}`;
}

/** The losses of the first three steps, or a result. */
async function valuesOf(job, work) {
  if (work.kind !== "step") return job.value(0);
  const losses = [];
  for (let i = 0; i < 3; i++) losses.push(...(await job.value(i)));
  return losses;
}

/** Milliseconds of this thread alone where Node can tell (from 23.9), so that what shares the machine counts for little. */
function now() {
  if (!process.threadCpuUsage) return performance.now();
  // Linux brings a thread's account up to date once in some milliseconds, and when the process's is asked for.
  process.cpuUsage();
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Milliseconds a call. */
async function time(job, count) {
  if (job.time) return job.time(count);
  job.calls ??= 0;
  const start = now();
  for (let i = 0; i < count; i++) {
    const done = job.run(job.calls++);
    if (done) await done;
  }
  return (now() - start) / count;
}

/** Answers the milliseconds of a call, roughly. */
async function warmUp(job) {
  let spent = 0;
  let calls = 0;
  for (; calls < warmCalls && spent < warmTime; calls++) spent += await time(job, 1);
  return Math.max(spent, 1) / calls;
}

async function measure(work, peers) {
  const rows = [];
  let wanted;
  for (const peer of peers) {
    const job = await peer.prepare(work);
    if (job === undefined) continue;
    const row = { work: nameOf(work), peer: peer.name };
    rows.push(row);
    if (typeof job === "string") {
      row.reason = job;
      continue;
    }
    row.alike = Boolean(job.value);
    if (row.alike) {
      const got = await valuesOf(job, work);
      wanted ??= got;
      row.reason = departure(got, wanted);
      if (row.reason) continue;
    }
    const estimate = await warmUp(job);
    row.samples = Math.min(rounds, Math.max(3, Math.floor(peerTime / estimate)));
    Object.assign(row, { job, count: Math.ceil(sampleTime / estimate), times: [] });
  }
  const running = rows.filter(({ job }) => job);
  for (let round = 1; round <= rounds; round++) {
    // A slow peer skips rounds, evenly.
    for (const row of running)
      while (row.times.length < Math.floor((round * row.samples) / rounds)) row.times.push(await time(row.job, row.count));
  }
  const first = running[0] && quartiles(running[0].times).median;
  return rows.map(({ job, count, times, ...row }) => {
    if (!job) return row;
    const figures = quartiles(times);
    return { ...row, ...figures, ratio: figures.median / first };
  });
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

const digits = (ms) => (ms >= 100 ? ms.toFixed(0) : ms.toPrecision(3));

function print(rows) {
  console.log(`\n${rows[0].work}`);
  for (const { peer, reason, alike, median, q1, q3, ratio } of rows) {
    const columns = reason
      ? [`      - ${reason}`]
      : [
          `${digits(median)} ms`.padStart(11),
          `${digits(q1)} .. ${digits(q3)}`.padStart(18),
          `${digits(ratio)} x`.padStart(9),
          alike ? "" : "another function: see above",
        ];
    console.log(`  ${peer.padEnd(16)}${columns.join("  ")}`.trimEnd());
  }
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
const report = { node: process.versions.node, processor: cpus()[0].model.trim(), load: loadavg()[0], peers: {}, works: [] };
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
  const rows = await measure(work, peers);
  report.works.push(...rows);
  print(rows);
}
for (const { close } of peers) close?.();
if (options.json) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
process.exit();
