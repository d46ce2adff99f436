import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../helpers/temporary-folder.js";

/** The lines that the check of the tree in a folder writes: faults to stderr, the count of files to stdout. */
function check(folder: string): { faults: string[]; said: string } {
  const { stdout, stderr } = spawnSync(process.execPath, ["scripts/check-imports.mjs", folder], { encoding: "utf8" });
  return { faults: stderr.split("\n").filter(Boolean).sort(), said: stdout.trim() };
}

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, code] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), code);
  }
}

const loads = (...paths: string[]) => paths.map((path) => `import "${path}";\n`).join("");

let named: readonly string[] | undefined;

/** A file without imports for each room that has a floor: the check of an empty tree names them all. */
function writeRooms(folder: string): string[] {
  named ??= check(folder).faults;
  const faults = named;
  const rooms = faults.flatMap(
    (fault) => /^scripts\/check-imports\.mjs has a floor for (\S+), which is not there\.$/.exec(fault)?.[1] ?? [],
  );
  expect(rooms).toHaveLength(faults.length);
  write(folder, Object.fromEntries(rooms.map((room) => [`${room}.ts`, ""])));
  return rooms;
}

test("names a floor that has no room, and accepts a tree with a file in each", async () => {
  const folder = await temporaryFolder();
  const rooms = writeRooms(folder);
  for (const room of ["src/text", "src/data", "src/tasks", "src/backend/contract", "src/optim/arena", "src/cli/tasks", "assembly/simd"])
    expect(rooms).toContain(room);
  const down = {
    "src/cli/tasks/new.ts": loads("../../tasks/task.js", "./reading.js", "node:fs"),
    "src/tasks/task.ts": loads("../train/fit.js", "../text/load.js", "papaparse"),
    "src/text/load.ts": loads("./pipeline/bert.js", "./words.js"),
    "src/text/pipeline/bert.ts": loads("../words.js"),
    "src/text/words.ts": loads("../tensor/tensor.js"),
    "src/tensor/tensor.ts": loads("../backend/wasm/backend.js", "../util/errors.js"),
    "src/backend/wasm/backend.ts": loads("../kernels.js", "./generated/simd.js"),
    "src/backend/kernels.ts": loads("../backend/contract/gemm.js"),
    ...{ "src/backend/contract/gemm.ts": "", "src/train/fit.ts": "", "src/util/errors.ts": "" },
  };
  write(folder, down);
  expect(check(folder)).toEqual({
    faults: [],
    said: `imports: ${new Set([...rooms.map((room) => `${room}.ts`), ...Object.keys(down)]).size} files in order`,
  });
});

test("refuses each kind of fault, and says where it is", async () => {
  const folder = await temporaryFolder();
  writeRooms(folder);
  const faults: Readonly<Record<string, readonly [code: string, fault: string]>> = {
    "src/util/up.ts": [loads("../nn/layer.js"), "imports src/nn/layer.ts: imports go down, and in src, util may not know nn."],
    "src/optim/beside.ts": [loads("../nn/layer.js"), "imports src/nn/layer.ts: imports go down, and in src, optim may not know nn."],
    "src/decode/beside.ts": [
      `export type { A } from "../train/fit.js";`,
      "imports src/train/fit.ts: imports go down, and in src, decode may not know train.",
    ],
    "src/text/beside.ts": [loads("../data/rows.js"), "imports src/data/rows.ts: imports go down, and in src, text may not know data."],
    "src/metrics/up.ts": [
      `export const ops = () => import("../ops.js");`,
      "imports src/ops.ts: imports go down, and in src, metrics may not know ops.",
    ],
    "src/nn/below-models.ts": [loads("../io/files.js"), "imports src/io/files.ts: imports go down, and in src, nn may not know io."],
    "src/tasks/up.ts": [
      loads("../cli/tasks/kind.js"),
      "imports src/cli/tasks/kind.ts: imports go down, and in src, tasks may not know cli.",
    ],
    "src/backend/contract/up.ts": [
      loads("../kernels.js"),
      "imports src/backend/kernels.ts: imports go down, and in src/backend, contract may not know the files beside it.",
    ],
    "src/backend/wasm/beside.ts": [
      loads("../webgpu/gpu.js"),
      "imports src/backend/webgpu/gpu.ts: imports go down, and in src/backend, wasm may not know webgpu.",
    ],
    "src/backend/webgpu/wgsl/up.ts": [
      loads("../open.js"),
      "imports src/backend/webgpu/open.ts: imports go down, and in src/backend/webgpu, wgsl may not know the files beside it.",
    ],
    "src/optim/ledger.ts": [
      loads("./arena.js"),
      "imports src/optim/arena.ts: imports go down, and in src/optim, ledger may not know arena.",
    ],
    "src/train/run.ts": [loads("./fit.js"), "imports src/train/fit.ts: imports go down, and in src/train, run may not know fit."],
    "src/text/pipeline/up.ts": [
      loads("../load.js"),
      "imports src/text/load.ts: imports go down, and in src/text, pipeline may not know load.",
    ],
    "src/cli/judges/up.ts": [
      loads("../tasks/tag.js"),
      "imports src/cli/tasks/tag.ts: imports go down, and in src/cli, judges may not know tasks.",
    ],
    "assembly/simd/up.ts": [
      loads("../gemm/tile"),
      "imports assembly/gemm/tile.ts: imports go down, and in assembly, simd may not know gemm.",
    ],
    "src/tensor/packages.ts": [loads("left-pad"), "imports the package left-pad, which the library does not bundle."],
    "src/ops/lost.ts": [loads("./nowhere.js"), "imports ./nowhere.js, which is not there."],
    "src/rooms/new.ts": ["", ": scripts/check-imports.mjs does not know its floor."],
    "src/data/inner/new.ts": ["", ": scripts/check-imports.mjs does not know its floor."],
    "src/backend/metal/new.ts": ["", ": scripts/check-imports.mjs does not know its floor."],
    "src/autograd/long.ts": ["\n".repeat(501), "has 501 lines; 500 is the most: split it."],
  };
  const targets = [
    "nn/layer",
    "train/fit",
    "data/rows",
    "io/files",
    "cli/tasks/kind",
    "cli/tasks/tag",
    "backend/kernels",
    "backend/webgpu/open",
  ];
  write(folder, Object.fromEntries(targets.map((target) => [`src/${target}.ts`, ""])));
  write(folder, { "assembly/gemm/tile.ts": "", "src/index.ts": loads("./util/disk.js"), "src/util/disk.ts": loads("node:fs") });
  write(folder, Object.fromEntries(Object.entries(faults).map(([path, [code]]) => [path, code])));
  const lines = Object.entries(faults).map(([path, [, fault]]) => (fault.startsWith(":") ? path + fault : `${path} ${fault}`));
  const browser = "src/index.ts reaches node:fs: src/index.ts -> src/util/disk.ts -> node:fs. What needs Node belongs behind src/node.ts.";
  expect(check(folder)).toEqual({ faults: [...lines, browser].sort(), said: "" });
});

test("refuses imports that go in a circle, of types too", async () => {
  const folder = await temporaryFolder();
  writeRooms(folder);
  write(folder, {
    "src/ops/a.ts": loads("./b.js"),
    "src/ops/b.ts": `import type { C } from "./c.js";`,
    "src/ops/c.ts": `export * from "./a.js";`,
  });
  expect(check(folder).faults).toEqual(["imports go in a circle: src/ops/a.ts -> src/ops/b.ts -> src/ops/c.ts -> src/ops/a.ts."]);
});
