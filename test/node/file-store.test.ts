import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fileStore } from "../../src/io/file-store.js";
import { expectRejection } from "../helpers/errors.js";
import { badStoreNames } from "../helpers/store-names.js";
import { transpile } from "../helpers/transpiled.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "seqgrad-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const some = new Uint8Array([1, 2, 3]);

describe("fileStore", () => {
  test("reads what was written, lists it and forgets it; the folder is made", async () => {
    const folder = join(root, "a", "b");
    const store = fileStore(folder);
    expect(await store.read("x")).toBeUndefined();
    expect(await store.list()).toEqual([]);
    await store.delete("x");
    expect(readdirSync(root)).toEqual([]); // looking makes nothing

    await store.write("x.bin", some);
    await store.write("empty", new Uint8Array(0));
    await store.write("x.bin", some.subarray(1));
    expect(await store.read("x.bin")).toEqual(some.subarray(1));
    expect(await fileStore(folder).read("empty")).toEqual(new Uint8Array(0));
    expect(await store.list()).toEqual(["empty", "x.bin"]);
    expect(readdirSync(folder)).toEqual(["empty", "x.bin"]);
    await store.delete("x.bin");
    expect(readdirSync(folder)).toEqual(["empty"]);
  });

  test("gives plain bytes, whose slice() is a copy", async () => {
    const store = fileStore(root);
    await store.write("x", some);
    const bytes = (await store.read("x"))!;
    expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
  });

  test("lists neither folders nor what is not its own", async () => {
    mkdirSync(join(root, "folder"));
    for (const name of [".hidden", "a b", ".x.1.0.tmp"]) writeFileSync(join(root, name), "");
    symlinkSync(join(root, "a b"), join(root, "link"));
    expect(await fileStore(root).list()).toEqual(["link"]);
  });

  test.each(badStoreNames)("refuses the name %j", async (name) => {
    const store = fileStore(join(root, "store"));
    await expectRejection("io", store.read(name), JSON.stringify(name));
    await expectRejection("io", store.write(name, some), JSON.stringify(name));
    await expectRejection("io", store.delete(name), JSON.stringify(name));
    expect(readdirSync(root)).toEqual([]);
  });

  test("many writes at once, of one name and of several, leave one whole file each", async () => {
    const stores = [fileStore(root), fileStore(root)];
    const writes = Array.from({ length: 40 }, (_, i) => stores[i % 2]!.write(`file${i % 3}`, new Uint8Array(50_000 + i).fill(i)));
    await Promise.all(writes);
    expect(readdirSync(root)).toEqual(["file0", "file1", "file2"]);
    for (const name of await stores[0]!.list()) {
      const bytes = (await stores[0]!.read(name))!;
      expect(bytes.every((byte) => byte === bytes.length - 50_000)).toBe(true);
    }
  });

  test("removes temporaries of processes that have ended, and keeps the ones of running processes", async () => {
    const { pid: gone } = spawnSync(process.execPath, ["-e", ""]);
    for (const pid of [gone, process.pid, process.ppid]) writeFileSync(join(root, `.x.${pid}.7.tmp`), "");
    await fileStore(root).write("x", some);
    expect(readdirSync(root)).toEqual([`.x.${process.ppid}.7.tmp`, "x"]);
  });
});

/** What reached the disk, in order: `sync` of the file or the folder, `rename`. */
const events: string[] = [];
const temporaries: string[] = [];
/** What happens once between the writing of a temporary and its renaming. */
let meanwhile: (() => Promise<void>) | undefined;
const real = { ...promises };
beforeEach(() => {
  Object.assign(promises, {
    async open(path: string, ...rest: [string]) {
      const file = await real.open(path, ...rest);
      const sync = file.sync.bind(file);
      const isFolder = (await file.stat()).isDirectory();
      file.sync = async () => {
        events.push(isFolder ? "sync the folder" : `sync ${(await file.stat()).size} bytes`);
        await sync();
      };
      return file;
    },
    async rename(...paths: [string, string]) {
      events.push("rename");
      temporaries.push(paths[0]);
      const act = meanwhile;
      meanwhile = undefined;
      await act?.();
      await real.rename(...paths);
    },
  });
  syncBuiltinESMExports();
});
afterEach(() => {
  Object.assign(promises, real);
  syncBuiltinESMExports();
});

describe("a file of a fileStore survives a machine that halts", () => {
  test("a write brings the bytes to the disk, then renames, then brings the folder to the disk", async () => {
    const store = fileStore(root);
    for (let i = 0; i < 2; i++) {
      events.length = 0;
      await store.write("x", some);
      expect(events).toEqual(["sync 3 bytes", "rename", "sync the folder"]);
    }
  });

  test("a removal brings the folder to the disk", async () => {
    const store = fileStore(root);
    await store.write("x", some);
    events.length = 0;
    await store.delete("x");
    expect(events).toEqual(["sync the folder"]);
  });

  test("a second store on the folder leaves alone what the first is writing", async () => {
    const large = new Uint8Array(4_000_000).fill(1);
    for (let i = 0; i < 5; i++) {
      await Promise.all([fileStore(root).write("x", large), fileStore(root).write("y", some), fileStore(root).write("z", some)]);
    }
    expect(Buffer.compare((await fileStore(root).read("x"))!, large)).toBe(0);
    meanwhile = () => fileStore(root).write("w", some);
    await fileStore(root).write("x", some);
    expect(readdirSync(root)).toEqual(["w", "x", "y", "z"]);
    expect(await fileStore(root).read("x")).toEqual(some);
  });

  test("a link that someone put where the temporary file goes is not followed", async () => {
    const victim = join(root, "victim");
    writeFileSync(victim, "precious");
    const folder = join(root, "store");
    const store = fileStore(folder);
    await store.write("x", some);
    // Temporaries are numbered one after another.
    const last = Number(/\.(\d+)\.tmp$/.exec(temporaries.at(-1)!)![1]);
    for (let next = last + 1; next < last + 50; next++) symlinkSync(victim, join(folder, `.y.${process.pid}.${next}.tmp`));
    await expectRejection("io", store.write("y", some), "a file is where");
    expect(readFileSync(victim, "utf8")).toBe("precious");
    expect(await store.read("y")).toBeUndefined();
  });
});

describe("fileStore says what is in the way", () => {
  test("a file where the folder should be", async () => {
    const path = join(root, "file");
    writeFileSync(path, "");
    await expectRejection("io", fileStore(path).write("x", some), path, "a file is where", "choose another folder");
    await expectRejection("io", fileStore(join(path, "below")).write("x", some), "a file is where");
    await expectRejection("io", fileStore(path).read("x"), "a file is where");
    await expectRejection("io", fileStore(path).list(), "a file is where");
    await expectRejection("io", fileStore(path).delete("x"), "a file is where");
  });

  test("a folder where the file should be, and no temporary is left", async () => {
    mkdirSync(join(root, "x"));
    await expectRejection("io", fileStore(root).write("x", some), join(root, "x"), "a folder is where");
    await expectRejection("io", fileStore(root).read("x"), "a folder is where");
    await expectRejection("io", fileStore(root).delete("x"), "a folder is where");
    expect(readdirSync(root)).toEqual(["x"]);
  });

  test("a path that is too long", async () => {
    await expectRejection("io", fileStore(join(root, "x".repeat(300))).write("x", some), "too long");
  });

  const mayAll = process.getuid?.() === 0;
  test.skipIf(mayAll)(`no permission${mayAll ? " (cannot run: the superuser has every permission)" : ""}`, async () => {
    await fileStore(root).write("x", some);
    chmodSync(root, 0o500);
    await expectRejection("io", fileStore(root).write("x", some), join(root, "x"), "permission");
    await expectRejection("io", fileStore(join(root, "below")).write("x", some), "permission");
    chmodSync(join(root, "x"), 0);
    await expectRejection("io", fileStore(root).read("x"), "permission");
    chmodSync(root, 0o700);
  });
});

describe("a process killed while it writes", () => {
  const writer = `
    import { fileStore } from "./io/file-store.js";
    const store = fileStore(process.argv[2]);
    for (let i = 1; ; i = (i % 250) + 1) {
      await store.write("checkpoint", new Uint8Array(200_000 + i).fill(i));
      if (i === 1) process.stdout.write(".");
    }`;

  test("leaves the old file or the new one, whole, and the next process cleans up", { timeout: 60_000 }, async () => {
    transpile(["io", "util"], root);
    writeFileSync(join(root, "writer.js"), writer);
    const folder = join(root, "store");
    for (let round = 0; round < 6; round++) {
      await killAfter(spawn(process.execPath, [join(root, "writer.js"), folder], { stdio: ["ignore", "pipe", "inherit"] }), 3 + 7 * round);
      const bytes = readFileSync(join(folder, "checkpoint"));
      const value = bytes.length - 200_000;
      expect(value).toBeGreaterThanOrEqual(1);
      expect(bytes.every((byte) => byte === value)).toBe(true);
    }
    await fileStore(folder).write("other", some);
    expect(readdirSync(folder)).toEqual(["checkpoint", "other"]);
  });

  /** Kills the child that many milliseconds after its first file exists. */
  function killAfter(child: ChildProcess, delay: number): Promise<void> {
    return new Promise((done, fail) => {
      child.once("error", fail);
      child.once("exit", (status, signal) =>
        signal === "SIGKILL" ? done() : fail(new Error(`the writer ended with ${status ?? signal}`)),
      );
      child.stdout!.once("data", () => setTimeout(() => child.kill("SIGKILL"), delay));
    });
  }
});
