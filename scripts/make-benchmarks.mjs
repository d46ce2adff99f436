// Writes the tables of docs/benchmarks.md from bench/recorded.json, each between its marks. `--check` says if the page is not what this makes;
// `--record FILE COMMAND` first puts what a bench wrote with `--json FILE` into the record, with its date and machine: `npm run bench` gives
// each of its sections, `npm run bench:peers` the sections `peers` and `first-step`, `npm run bench:webgpu` the section `webgpu`.
// A last argument names another folder than the project's.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [action, file, command, folder] = process.argv.slice(2);
const report = action === "--record" ? JSON.parse(readFileSync(file, "utf8")) : undefined;
process.chdir(folder ?? fileURLToPath(new URL("..", import.meta.url)));
const [page, record] = ["docs/benchmarks.md", "bench/recorded.json"];
const recorded = JSON.parse(readFileSync(record, "utf8"));

/** The rows of each work beside its peers: milliseconds of the first, which is seqgrad, and how many times as long the others take. */
function besidePeers(rows) {
  const works = new Map(rows.map(({ work }) => [work, rows.filter((row) => row.work === work)]));
  return Array.from(works, ([work, [own, ...others]]) => ({
    ...{ work, [`${own.peer} ms`]: own.median },
    ...Object.fromEntries(others.map(({ peer, ratio }) => [`${peer} / ${own.peer}`, ratio])),
  }));
}

/** The sections of a bench's report by name, and its machine. One function for each bench, by the part that it alone has. */
const readers = {
  sections: ({ sections, processor, node, variant }) => ({
    machine: [processor, `Node ${node}`, variant],
    sections: Object.fromEntries(Object.entries(sections).map(([name, tables]) => [name, tables.flatMap(({ rows }) => rows)])),
  }),
  works: ({ works, first, processor, node }) => ({
    machine: [processor, `Node ${node}`],
    sections: { ...(works.length > 0 && { peers: besidePeers(works) }), ...(first && { "first-step": first }) },
  }),
  results: ({ results, processor, system }) => ({
    machine: [processor, system, ...new Set(results.map(({ device }) => device))],
    sections: { webgpu: results.flatMap(({ place, tables }) => tables.flatMap(({ rows }) => rows.map((row) => ({ place, ...row })))) },
  }),
};

/** Replaces the recorded sections with those of a report. */
function add(report) {
  const read = Object.entries(readers).find(([part]) => part in report)?.[1];
  const at = new Date(report.date);
  if (!read || Number.isNaN(at.getTime()) || !command)
    throw new Error(
      `${file}: expected a report of \`npm run bench\`, bench:peers or bench:webgpu with its date, then the command that wrote it.`,
    );
  const { machine, sections } = read(report);
  const date = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" }).format(at);
  for (const [name, rows] of Object.entries(sections))
    recorded[name] = { command, date, machine: machine.filter(Boolean).join(", "), rows };
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

if (report) add(report);
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
