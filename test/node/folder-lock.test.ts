import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkUnlocked, lockFolder } from "../../src/io/folder-lock.js";
import { expectRejection } from "../helpers/errors.js";
import { transpile } from "../helpers/transpiled.js";

let folder: string;
let lock: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "seqgrad-lock-")), "run");
  lock = join(folder, ".lock");
});
afterEach(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

const write = (content: string) => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(lock, content);
};

describe("lockFolder", () => {
  test("makes the folder, refuses a second lock, and gives the folder back", async () => {
    await checkUnlocked(folder);
    expect(existsSync(folder)).toBe(false);
    const first = await lockFolder(folder);
    await expectRejection("state", lockFolder(folder), "in use by another run", String(process.pid));
    await expectRejection("state", checkUnlocked(folder), "in use");
    await first.release();
    expect(existsSync(lock)).toBe(false);
    await (await lockFolder(folder)).release();
  });

  test("of two at once, one gets the lock", async () => {
    write(JSON.stringify({ pid: spawnSync(process.execPath, ["-e", ""]).pid, host: hostname(), start: "1" }));
    const outcomes = await Promise.allSettled([lockFolder(folder), lockFolder(folder), lockFolder(folder)]);
    expect(outcomes.filter(({ status }) => status === "fulfilled").length).toBe(1);
  });

  test("passes over the lock of a process that has ended, of an earlier one with an id that is used again, and an empty one", async () => {
    const ended = spawnSync(process.execPath, ["-e", ""]).pid;
    const dead = [ended, process.pid, ...(process.platform === "linux" ? [process.ppid] : [])];
    for (const content of [...dead.map((pid) => JSON.stringify({ pid, host: hostname(), start: "1" })), "", "{"]) {
      write(content);
      await checkUnlocked(folder);
      const taken = await lockFolder(folder);
      expect(JSON.parse(readFileSync(lock, "utf8")).pid).toBe(process.pid);
      await taken.release();
    }
  });

  test("does not pass over a lock of another machine, and says which file to remove", async () => {
    write(JSON.stringify({ pid: 1, host: "elsewhere", start: "1" }));
    await expectRejection("state", lockFolder(folder), "elsewhere", lock);
    expect(JSON.parse(readFileSync(lock, "utf8")).host).toBe("elsewhere");
  });

  test("renew() takes the lock again after the folder was removed, unless another process has it", async () => {
    const first = await lockFolder(folder);
    rmSync(folder, { recursive: true });
    await first.renew();
    expect(existsSync(lock)).toBe(true);
    await first.release();
  });

  test("holds against another process while it lives, and no longer", async () => {
    const code = join(folder, "..");
    transpile(["io", "util"], code);
    const script = `import { lockFolder } from "./io/folder-lock.js"; await lockFolder("run"); console.log("locked"); setInterval(() => {}, 1000);`;
    writeFileSync(join(code, "holder.js"), script);
    const child = spawn(process.execPath, ["holder.js"], { cwd: code, stdio: ["ignore", "pipe", "inherit"] });
    try {
      await once(child.stdout!, "data");
      await expectRejection("state", lockFolder(folder), String(child.pid));
    } finally {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    await (await lockFolder(folder)).release();
  });
});
