import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { full } from "../helpers/full.js";

const missing = existsSync("build/simd.wasm") ? "" : " (cannot run: there is no build/; run `npm run build`)";

interface Table {
  readonly title: string;
  readonly rows: readonly Readonly<Record<string, number>>[];
}

const titles = {
  host: ["Host time of a training step", "Host time of a recorded operation"],
  memory: ["Memory of a training step"],
};

/** Runs a section of the bench and checks that it prints each table that it writes; `examine` gets the rows of a table. */
function section(only: keyof typeof titles, examine: (rowsOf: (title: string) => Table["rows"]) => void) {
  describe.skipIf(missing)(`the bench, ${only}${missing}`, () => {
    let folder: string;
    let output = "";
    let tables: readonly Table[];

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "bench-"));
      const file = join(folder, "bench.json");
      const child = spawn(process.execPath, ["scripts/bench.mjs", "bench/bench.ts", "--quick", "--only", only, "--json", file]);
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk: Buffer) => {
          output += chunk;
        });
      }
      const status = await new Promise((resolve) => child.on("close", resolve));
      expect(status, output).toBe(0);
      const { sections } = JSON.parse(await readFile(file, "utf8")) as { sections: Record<string, readonly Table[]> };
      tables = Object.values(sections).flat();
    }, 120_000);

    afterAll(() => rm(folder, { recursive: true }));

    test("prints every table that it writes", () => {
      expect(tables.map(({ title }) => title)).toEqual(titles[only]);
      for (const { title, rows } of tables) {
        expect(output).toContain(`## ${title}`);
        expect(rows.length, title).toBeGreaterThan(0);
      }
    });

    examine((title) => tables.find((table) => table.title === title)!.rows);
  });
}

section("memory", (rowsOf) => {
  test("accounts for the memory of a training step", () => {
    for (const row of rowsOf("Memory of a training step")) {
      const { parameters, gradients, optimizer, peak } = row as Record<string, number>;
      expect(gradients).toBe(parameters);
      expect(optimizer).toBeGreaterThan(2 * parameters!);
      const named = row["sum of these"]! + row.logits! + row.activations! + row.workspace!;
      // What a scope keeps in reserve is 256 KiB at least.
      expect(peak, JSON.stringify(row)).toBeLessThan(1.1 * named + 256);
      expect(peak, JSON.stringify(row)).toBeGreaterThan(row["sum of these"]!);
    }
  });
});

full(() =>
  section("host", (rowsOf) => {
    test("counts fewer than 20 kernel calls in a training step of one layer", () => {
      for (const row of rowsOf("Host time of a training step")) {
        expect(row["kernel calls"], JSON.stringify(row)).toBeGreaterThan(5);
        expect(row["kernel calls"], JSON.stringify(row)).toBeLessThan(20);
      }
    });
  }),
);
