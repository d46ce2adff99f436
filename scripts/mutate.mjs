// Makes small faults, one at a time, and reports which of them no test finds.
//   npm run mutate -- FILE [--count N] [--from K] [--tests PATH ...]
//   npm run mutate -- --sample N [--seed S] [--from K | --only K,K,..] [--tests PATH ...]
// A file of src/ is mutated by StrykerJS. A file of assembly/, and a sample of all lines of src/ and assembly/, is done here, in a
// copy of the package, by scripts/faults.mjs. --count: how many, spread over the file; --from: those before it are passed over;
// --only: these numbers alone, as the report counts them. --tests: what the paths of the tests begin with. The default is the folder of
// the file, and for a sample all tests after it.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import asc from "assemblyscript/asc";
import { faultsOf } from "./faults.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: "string", default: "20" },
    from: { type: "string", default: "0" },
    only: { type: "string" },
    sample: { type: "string" },
    seed: { type: "string", default: "1" },
    tests: { type: "string", multiple: true },
  },
});
const [file] = positionals;
if (values.sample === undefined && !/^(src|assembly)\/.+\.ts$/.test(file ?? "")) {
  process.stderr.write("usage: npm run mutate -- FILE, a file of src/ or of assembly/, or --sample N\n");
  process.exit(1);
}
if (file?.startsWith("src/")) {
  const { status } = spawnSync("npx", ["stryker", "run", "scripts/stryker.json", "--mutate", file], {
    stdio: "inherit",
    env: { ...process.env, SEQGRAD_STRYKER: "1", SEQGRAD_MUTATE: testsOf(file).join(",") },
  });
  process.exit(status ?? 1);
}

/** The tests of a file: those of its folder; of a kernel, the files that call one of its folder, or where there are none those of ops. */
function testsOf(path) {
  if (values.tests) return values.tests;
  const [top, module, ...rest] = path.split("/");
  if (top === "src") {
    if (rest.length === 0) return ["test/node/"];
    if (module !== "backend" || rest[0] === "wasm") return [`test/${module}/`];
    return rest[0] === "webgpu" ? ["test/webgpu/", "test/ops/conformance"] : ["test/ops/"];
  }
  // Arithmetic of all kernels is tried on all of them.
  const folder = path.includes("/simd/") ? "none" : `./${basename(dirname(path))}/`;
  const index = ["index", "extra"].map((name) => readFileSync(`assembly/${name}.ts`, "utf8")).join("\n");
  const kernels = Array.from(index.matchAll(/export \{ ([^}]*) \} from "([^"]*)"/g)).flatMap(([, names, from]) =>
    from.startsWith(folder) ? names.split(", ") : [],
  );
  const all = readdirSync("test/assembly").map((name) => `test/assembly/${name}`);
  const own = all.filter((name) => kernels.some((kernel) => readFileSync(name, "utf8").includes(`"${kernel}"`)));
  const wide = /wide/i.test(path + readFileSync(path, "utf8")) ? ["test/backend/wide"] : [];
  if (own.length === 0 && kernels.length > 0) return ["test/ops/", ...wide];
  return [...(own.length > 0 ? own : all), ...wide];
}

const read = (path) => ({ path, text: readFileSync(path, "utf8") });
const faultsIn = ({ path, text }) => faultsOf(path, text).map((fault) => ({ ...fault, path, text }));

/** `count` faults of different lines, each line as likely as any; the same for the same seed. */
function sample(count, seed) {
  const files = ["src", "assembly"].flatMap((folder) =>
    readdirSync(folder, { recursive: true })
      .filter((name) => /\.ts$/.test(name) && !/^(.*generated|bench)\//.test(name))
      .map((name) => `${folder}/${name}`),
  );
  const lines = files.sort().flatMap((path) => {
    const byLine = new Map();
    for (const fault of faultsIn(read(path))) byLine.set(fault.line, [...(byLine.get(fault.line) ?? []), fault]);
    return [...byLine.values()];
  });
  let state = seed >>> 0;
  // Mulberry32.
  const below = (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  };
  return Array.from({ length: Math.min(count, lines.length) }, () => {
    const [faults] = lines.splice(below(lines.length), 1);
    return faults[below(faults.length)];
  });
}

function spread(count) {
  const faults = faultsIn(read(file));
  const chosen = Math.min(count, faults.length);
  return Array.from({ length: chosen }, (_, k) => faults[Math.floor(((k + 0.5) * faults.length) / chosen)]);
}

const variants = {
  simd: ["simd", "ASC_WIDE=0"],
  relaxed: ["simd,relaxed-simd", "ASC_WIDE=0"],
  wide: ["simd,relaxed-simd", "ASC_WIDE=1"],
};
const moduleOf = (variant) => `src/backend/wasm/generated/${variant}.ts`;

const sampled = values.sample !== undefined;
const only = values.only?.split(",").map(Number);
const chosen = (sampled ? sample(Number(values.sample), Number(values.seed)) : spread(Number(values.count)))
  .map((fault, k) => ({ ...fault, number: k + 1 }))
  .filter(({ number }) => (only ? only.includes(number) : number > Number(values.from)));

const scratch = mkdtempSync(join(tmpdir(), "seqgrad-mutate-"));
const tally = {};
try {
  for (const name of readdirSync(".").filter((name) => !name.startsWith("."))) {
    if (["node_modules", "dist", "build"].includes(name)) symlinkSync(resolve(name), join(scratch, name));
    else cpSync(name, join(scratch, name), { recursive: true });
  }
  process.chdir(scratch);
  if (chosen.some(({ path }) => path.startsWith("assembly/")) && !(await build()))
    throw new Error("the kernels do not compile as they are");
  const modules = Object.keys(variants).map((variant) => [moduleOf(variant), readFileSync(moduleOf(variant))]);
  for (const { number, path, line, from, to, now, text } of chosen) {
    const isKernel = path.startsWith("assembly/");
    writeFileSync(path, text.slice(0, from) + now + text.slice(to));
    let outcome = "refused";
    if (!isKernel || (await build())) {
      outcome = (await survives(path)) ? "NOT FOUND" : "found";
    }
    writeFileSync(path, text);
    if (isKernel) for (const [name, bytes] of modules) writeFileSync(name, bytes);
    const folder = path.split("/").slice(0, 2).join("/");
    tally[folder] ??= { found: 0, "NOT FOUND": 0, refused: 0 };
    tally[folder][outcome]++;
    process.stdout.write(`${number} ${outcome}: ${path}:${line}  ${JSON.stringify(text.slice(from, to))} -> ${JSON.stringify(now)}\n`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.table(tally);
process.exitCode = Number(Object.values(tally).some((row) => row["NOT FOUND"] > 0));

/** Each variant in one module, which has the kernels of assembly/extra.ts too. */
async function build() {
  for (const [variant, [features, use]] of Object.entries(variants)) {
    const { error, binary } = await asc.main(
      ["assembly/index.ts", "--config", "asconfig.json", "--outFile", "mutant.wasm", "--enable", features, "--use", use],
      { stderr: { write() {} } },
    );
    if (error) return false;
    const bytes = gzipSync(binary ?? readFileSync("mutant.wasm"));
    writeFileSync(moduleOf(variant), `export default "${bytes.toString("base64")}";\n`);
  }
  return true;
}

/** True if no test finds the fault: its own, then for a sample the walk over all exports, which is quick, and all others. */
async function survives(path) {
  const stages = [testsOf(path), ...(sampled && !values.tests ? [["test/node/walk"], ["test/"]] : [])];
  for (const tests of stages) if (!(await testsPass(tests))) return false;
  return true;
}

/** True if all of them pass in Node, by one worker; what hangs does not. */
function testsPass(starts) {
  const options = ["run", "--project", "node", "--maxWorkers", "1", "--bail", "1", "--reporter", "dot", "--testTimeout", "60000"];
  const env = { ...process.env, SEQGRAD_MUTATE: starts.join(",") };
  return new Promise((settle) => {
    const child = spawn("npx", ["vitest", ...options], { env, detached: true, stdio: "ignore" });
    const late = setTimeout(() => process.kill(-child.pid, "SIGKILL"), 900_000);
    child.on("close", (status) => {
      clearTimeout(late);
      settle(status === 0);
    });
  });
}
