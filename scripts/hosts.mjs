// Builds and runs one small program on the hosts of test/hosts, from the packed package, as a user of each would: `npm run hosts [NAME..]`.
// All must train to the very same losses. `--part 2/6` takes the third sixth of the hosts. The package must be built before.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { closeBrowser, run } from "./host-tools.mjs";
import { clean, restore } from "./packed.mjs";

const project = fileURLToPath(new URL("..", import.meta.url));
const hosts = join(project, "build/hosts");
const pages = join(project, "test/hosts");
process.chdir(project);

/** The codes of npm for a package that the registry lacks, and for a registry that is out of reach. */
const unavailable = /\b(E404|ETARGET|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EBADPLATFORM)\b/;

class Skip extends Error {}

/** The path of the packed package, without a build. */
function pack() {
  clean();
  try {
    const printed = execFileSync("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", hosts], { encoding: "utf8" });
    return join(hosts, JSON.parse(printed)[0].filename);
  } finally {
    restore();
  }
}

/** Installs npm packages of these versions in a folder, where they are not there yet. */
async function install(folder, tools) {
  const manifest = `${JSON.stringify({ private: true, type: "module", dependencies: tools }, null, 2)}\n`;
  const [path, done] = [join(folder, "package.json"), join(folder, "installed.json")];
  writeFileSync(path, manifest);
  if (existsSync(done) && readFileSync(done, "utf8") === manifest) return;
  rmSync(join(folder, "node_modules"), { recursive: true, force: true });
  try {
    if (Object.keys(tools).length > 0) await run(folder, "npm", "install", "--no-package-lock", "--no-audit", "--no-fund");
  } catch (error) {
    if (unavailable.test(error.message))
      throw new Skip(`npm install ${Object.keys(tools).join(" ")}: ${error.message.match(unavailable)[1]}`);
    throw error;
  }
  writeFileSync(done, manifest);
}

/** A folder with the program, the package as npm unpacks it, and the tools of a host; from an earlier run it keeps the tools alone. */
async function prepare(name, tools, tarball) {
  const folder = join(hosts, name);
  mkdirSync(folder, { recursive: true });
  for (const entry of readdirSync(folder))
    if (!["node_modules", "installed.json"].includes(entry)) rmSync(join(folder, entry), { recursive: true });
  await install(folder, tools);
  const target = join(folder, "node_modules/seqgrad");
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  await run(folder, "tar", "--extract", "--file", tarball, "--directory", target, "--strip-components", "1");
  cpSync(join(pages, "app"), folder, { recursive: true });
  return folder;
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { part: { type: "string", default: "0/1" } } });
const all = readdirSync(pages).flatMap((file) => file.match(/^(.*)\.mjs$/)?.[1] ?? []);
const [part, parts] = values.part.split("/").map(Number);
if (!(part >= 0 && part < parts)) throw new Error(`--part is ${values.part}; write 0/6, 1/6, .. or 5/6.`);
const strangers = positionals.filter((name) => !all.includes(name));
if (strangers.length > 0) throw new Error(`There is no host ${strangers.join(", ")}. Name some of ${all.join(", ")}.`);
const chosen = positionals.length > 0 ? positionals : all.filter((_, i) => i % parts === part);

/** The losses that every host must have: those of this Node, with the package as it lies here. They fall. */
async function expectedLosses() {
  const program = `${readFileSync(join(pages, "app/train.js"), "utf8")}console.log(await answer());\n`;
  writeFileSync(join(hosts, "expected.mjs"), program);
  const expected = JSON.parse(await run(hosts, process.execPath, "expected.mjs"));
  for (const [place, losses] of Object.entries(expected))
    if (!(losses.length === 10 && losses[9] < 0.7 * losses[0])) throw new Error(`Here the loss in ${place} does not fall: ${losses}.`);
  return expected;
}

/** Runs the program on a host in all ways that it has, and returns their names. */
async function waysOf(name, tarball, expected) {
  const { tools = {}, places = Object.keys(expected), answers } = await import(join(pages, `${name}.mjs`));
  const got = Object.entries(await answers(await prepare(name, tools, tarball)));
  const right = JSON.stringify(Object.fromEntries(places.map((place) => [place, expected[place]])));
  const wrong = got.filter(([, losses]) => losses !== right);
  if (wrong.length > 0) throw new Error(`${wrong.map(([way, losses]) => `${way}: ${losses}`).join("\n")}\nexpected: ${right}`);
  return got.map(([way]) => way);
}

mkdirSync(hosts, { recursive: true });
const tarball = pack();
const expected = await expectedLosses();
const counts = { ran: 0, skipped: 0, failed: 0 };
for (const name of chosen) {
  const start = performance.now();
  const [outcome, text] = await waysOf(name, tarball, expected).then(
    (ways) => ["ran", ways.join(", ")],
    (error) => (error instanceof Skip ? ["skipped", `skipped: ${error.message}`] : ["failed", `FAILED: ${error.message}`]),
  );
  counts[outcome]++;
  console.log(`${name}: ${text} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
}
await closeBrowser();
rmSync(tarball);
console.log(
  `hosts: ${Object.entries(counts)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(", ")}`,
);
process.exitCode = Number(counts.failed > 0);
