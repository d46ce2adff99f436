// Makes small faults in a file, one at a time, and tells which of them no test finds.
//   npm run mutate -- FILE [--count N] [--from K] [--tests PATH ...]
// A file of src/ is mutated by StrykerJS. A file of assembly/ is done here: operators flipped, bounds off by one,
// statements left out; kernels and the tests of their folder run in a copy of the package. --count: how many, spread over the file.
// --tests: what the paths of the tests begin with; for src/FOLDER the default is test/FOLDER.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import asc from "assemblyscript/asc";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: "string", default: "20" }, from: { type: "string", default: "0" }, tests: { type: "string", multiple: true } },
});
const [file] = positionals;
if (!/^(src|assembly)\/.+\.ts$/.test(file ?? "")) {
  process.stderr.write("usage: npm run mutate -- FILE, a file of src/ or of assembly/\n");
  process.exit(1);
}
if (file.startsWith("src/")) {
  const tests = values.tests ?? [`test/${file.split("/")[1]}/`];
  const { status } = spawnSync("npx", ["stryker", "run", "scripts/stryker.json", "--mutate", file], {
    stdio: "inherit",
    env: { ...process.env, SEQGRAD_MUTATE: tests.join(",") },
  });
  process.exit(status ?? 1);
}

/** What a piece of code is replaced by. */
const swaps = [
  [/ < /g, " <= "],
  [/ <= /g, " < "],
  [/ > /g, " >= "],
  [/ >= /g, " > "],
  [/ == /g, " != "],
  [/ != /g, " == "],
  [/ && /g, " || "],
  [/ \|\| /g, " && "],
  [/ \+ /g, " - "],
  [/ - /g, " + "],
  [/ \* /g, " + "],
  [/ \+= /g, " = "],
  [/\bf32x4\.add\b/g, "f32x4.sub"],
  [/\bf32x4\.sub\b/g, "f32x4.add"],
  [/\bf32x4\.mul\b/g, "f32x4.add"],
  [/\bf32x4\.max\b/g, "f32x4.min"],
  [/\bmin</g, "max<"],
  [/\bmax</g, "min<"],
  [/(?<=[ (])(\d+)(?=[;,) ])/g, (n) => String(Number(n) + 1)],
];

/** Every fault of a text: the line, what stood there, what stands there now. */
function faultsOf(text) {
  const lines = text.split("\n");
  return lines.flatMap((line, i) => {
    if (/^\s*(\/\/|\/?\*|import|export \{)|^\s*$/.test(line)) return [];
    const code = line.replace(/\/\/.*$/, "");
    const changed = swaps.flatMap(([pattern, by]) =>
      Array.from(code.matchAll(pattern), ({ 0: found, index }) => {
        const other = typeof by === "string" ? by : by(found);
        return code.slice(0, index) + other + code.slice(index + found.length);
      }),
    );
    // A statement left out: no declaration, no end of a block.
    if (/^\s*[^{}]*;\s*$/.test(code) && !/^\s*(let|const|return|export|for)\b/.test(code)) changed.push("");
    return changed.map((now) => ({ line: i + 1, was: line.trim(), now: now.trim(), text: lines.with(i, now).join("\n") }));
  });
}

/** The tests in test/assembly of the kernels that lie in the file's folder; all, where it has none of its own. */
function testsOf(path) {
  const folder = `./${basename(dirname(path))}/`;
  const index = readFileSync("assembly/index.ts", "utf8");
  const kernels = Array.from(index.matchAll(/export \{ ([^}]*) \} from "([^"]*)"/g)).flatMap(([, names, from]) =>
    from.startsWith(folder) ? names.split(", ") : [],
  );
  const all = readdirSync("test/assembly").map((name) => `test/assembly/${name}`);
  const own = all.filter((name) => kernels.some((kernel) => readFileSync(name, "utf8").includes(`"${kernel}"`)));
  return own.length > 0 ? own : all;
}

const original = readFileSync(file, "utf8");
const faults = faultsOf(original);
const count = Math.min(Number(values.count), faults.length);
const chosen = Array.from({ length: count }, (_, k) => faults[Math.floor(((k + 0.5) * faults.length) / count)]).slice(Number(values.from));
const tests = values.tests ?? testsOf(file);
process.stdout.write(`${faults.length} faults of ${file}, ${chosen.length} tried on ${tests.join(", ")}\n`);

const scratch = mkdtempSync(join(tmpdir(), "seqgrad-mutate-"));
const survivors = [];
let caught = 0;
let refused = 0;
try {
  for (const name of ["assembly", "src", "test", "package.json", "tsconfig.json", "vitest.config.ts", "asconfig.json"]) {
    cpSync(name, join(scratch, name), { recursive: true });
  }
  symlinkSync(resolve("node_modules"), join(scratch, "node_modules"));
  process.chdir(scratch);
  for (const { line, was, now, text } of chosen) {
    writeFileSync(file, text);
    const label = `${file}:${line}\n    ${was}\n  > ${now || "(left out)"}\n`;
    if (!(await build())) refused++;
    else if (testsPass()) {
      survivors.push(label);
      process.stdout.write(`not found: ${label}`);
    } else caught++;
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.stdout.write(`${caught} found, ${survivors.length} not found, ${refused} refused by the compiler\n`);
process.exitCode = Number(survivors.length > 0);

/** Both variants are the baseline: relaxed SIMD differs in roundings alone. */
async function build() {
  const { error, binary } = await asc.main(
    ["assembly/index.ts", "--config", "asconfig.json", "--outFile", "mutant.wasm", "--enable", "simd"],
    {
      stderr: { write() {} },
    },
  );
  if (error) return false;
  const bytes = gzipSync(binary ?? readFileSync("mutant.wasm"));
  for (const variant of ["simd", "relaxed"]) {
    writeFileSync(`src/backend/wasm/generated/${variant}.ts`, `export default "${bytes.toString("base64")}";\n`);
  }
  return true;
}

function testsPass() {
  const options = ["run", "--project", "node", "--bail", "1", "--reporter", "dot", "--testTimeout", "60000"];
  const { status } = spawnSync("npx", ["vitest", ...options], {
    env: { ...process.env, SEQGRAD_MUTATE: tests.join(",") },
    timeout: 600_000,
  });
  return status === 0;
}
