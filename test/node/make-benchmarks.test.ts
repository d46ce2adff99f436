import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../helpers/temporary-folder.js";

const machine = { date: "2026-11-30T10:00:00.000Z", processor: "A processor", node: "24.1.0" };
const rows = [{ step: "lstm", ms: 0.5 }];
/** What each bench writes with `--json`, and the sections that it becomes. */
const reports: Readonly<Record<string, { report: object; machine: string; sections: Readonly<Record<string, readonly object[]>> }>> = {
  "npm run bench": {
    report: {
      ...machine,
      variant: "relaxed",
      quick: false,
      sections: { steps: [{ title: "Steps", rows }], rows: [{ title: "Rows", rows }] },
    },
    machine: "A processor, Node 24.1.0, relaxed",
    sections: { steps: rows, rows },
  },
  "npm run bench:peers": {
    report: {
      ...machine,
      ...{ load: 0.1, peers: { seqgrad: "0.2" }, first: [{ peer: "seqgrad", load: 10, total: 30 }] },
      works: [
        { work: "step", peer: "seqgrad", alike: true, median: 2, q1: 1, q3: 3, ratio: 1 },
        { work: "step", peer: "tfjs", alike: true, median: 20, q1: 19, q3: 21, ratio: 10 },
        { work: "product", peer: "seqgrad", alike: true, median: 4, q1: 3, q3: 5, ratio: 1 },
        { work: "product", peer: "tfjs", reason: "has no such product" },
      ],
    },
    machine: "A processor, Node 24.1.0",
    sections: {
      peers: [
        { work: "step", "seqgrad ms": 2, "tfjs / seqgrad": 10 },
        { work: "product", "seqgrad ms": 4 },
      ],
      "first-step": [{ peer: "seqgrad", load: 10, total: 30 }],
    },
  },
  "npm run bench:webgpu": {
    report: {
      ...machine,
      ...{
        system: "linux x64",
        quick: true,
        results: [{ place: "Chromium 150", device: "An adapter", tables: [{ title: "Steps", rows }] }],
      },
    },
    machine: "A processor, linux x64, An adapter",
    sections: { webgpu: [{ place: "Chromium 150", ...rows[0] }] },
  },
};

const run = (...args: string[]) => spawnSync(process.execPath, ["scripts/make-benchmarks.mjs", ...args], { encoding: "utf8" });

/** A folder with a page that shows a recorded table. */
async function project(): Promise<{
  folder: string;
  recorded: () => Record<string, unknown>;
  page: () => string;
  file: (report: object) => string;
}> {
  const folder = await temporaryFolder();
  for (const name of ["bench", "docs"]) mkdirSync(join(folder, name));
  const old = { command: "old", date: "1 May 2026", machine: "old", rows: [{ step: "old" }] };
  writeFileSync(join(folder, "bench/recorded.json"), JSON.stringify({ kept: old }));
  writeFileSync(join(folder, "docs/benchmarks.md"), "# Page\n\n<!-- table: kept -->\n<!-- end -->\n");
  return {
    folder,
    recorded: () => JSON.parse(readFileSync(join(folder, "bench/recorded.json"), "utf8")),
    page: () => readFileSync(join(folder, "docs/benchmarks.md"), "utf8"),
    file: (report) => {
      writeFileSync(join(folder, "report.json"), JSON.stringify(report));
      return join(folder, "report.json");
    },
  };
}

test("the reports of all benches go into one record, a section each", async () => {
  const { folder, recorded, page, file } = await project();
  const expected = { ...recorded() };
  for (const [command, { report, machine, sections }] of Object.entries(reports)) {
    const { status, stderr } = run("--record", file(report), command, folder);
    expect(status, stderr).toBe(0);
    for (const [name, rows] of Object.entries(sections)) expected[name] = { command, date: "30 November 2026", machine, rows };
  }
  expect(recorded()).toEqual(expected);
  expect(page()).toContain("| step |\n| ---- |\n| old  |\n\nMeasured by `old` on 1 May 2026: old.\n");
});

test("refuses what is not a report, and leaves the record as it is", async () => {
  const { folder, recorded, file } = await project();
  const before = recorded();
  const bench = Object.values(reports).map(({ report }) => report);
  for (const report of [{}, { date: machine.date }, ...bench.map((report) => ({ ...report, date: undefined }))]) {
    const { status, stderr } = run("--record", file(report), "npm run bench", folder);
    expect(status).not.toBe(0);
    expect(stderr).toContain("expected a report of `npm run bench`, bench:peers or bench:webgpu with its date");
  }
  expect(recorded()).toEqual(before);
});
