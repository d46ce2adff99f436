// Writes the tables of docs/benchmarks.md from bench/recorded.json, each between its marks. `--check` says if the page is not what this makes;
// `--record FILE COMMAND` first puts the tables that `npm run bench -- --json FILE` wrote into the record, with their date and machine.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const [page, record] = ["docs/benchmarks.md", "bench/recorded.json"];
const [action, file, command] = process.argv.slice(2);
const recorded = JSON.parse(readFileSync(record, "utf8"));

/** Replaces the recorded sections with those of a report of the bench. */
function add({ date, processor, node, variant, sections }) {
  const machine = [processor, `Node ${node}`, variant].filter(Boolean).join(", ");
  const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" }).format(new Date(date));
  for (const [name, tables] of Object.entries(sections))
    recorded[name] = { command, date: day, machine, rows: tables.flatMap(({ rows }) => rows) };
  writeFileSync(record, `${JSON.stringify(recorded, null, 2)}\n`);
}

/** Numbers as the bench prints them: three significant digits, and no more zeros than that. */
function shown(value) {
  if (typeof value !== "number") return value ?? "";
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

/** A table, numbers to the right, and where its figures come from. */
function tableOf({ command, date, machine, rows }) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].map((name) => {
    const cells = rows.map((row) => shown(row[name]));
    const isRight = cells.every((cell) => /^[\d.]*(?: to [\d.]+)?$/.test(cell));
    const width = Math.max(3, name.length, ...cells.map((cell) => cell.length));
    const pad = (text) => (isRight ? text.padStart(width) : text.padEnd(width));
    return [pad(name), isRight ? `${"-".repeat(width - 1)}:` : "-".repeat(width), ...cells.map(pad)];
  });
  const lines = columns[0].map((_, line) => `| ${columns.map((column) => column[line]).join(" | ")} |`);
  return `${lines.join("\n")}\n\nMeasured by \`${command}\` on ${date}: ${machine}.\n`;
}

if (action === "--record") add(JSON.parse(readFileSync(file, "utf8")));
const before = readFileSync(page, "utf8");
const marked = /(<!-- table: ([\w-]+) -->\n)[\s\S]*?(<!-- end -->)/g;
const names = Array.from(before.matchAll(marked), ([, , name]) => name);
const missing = names.find((name) => !recorded[name]);
if (missing) throw new Error(`${page} has a table "${missing}" that ${record} does not hold.`);
const after = before.replace(marked, (_, start, name, end) => `${start}\n${tableOf(recorded[name])}\n${end}`);
if (action !== "--check") writeFileSync(page, after);
else if (after === before) console.log(`benchmarks: ${names.length} tables of ${page} are those of ${record}`);
else {
  console.error(`${page} is not what ${record} gives; run \`node scripts/make-benchmarks.mjs\`.`);
  process.exitCode = 1;
}
