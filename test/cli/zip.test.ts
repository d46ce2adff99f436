import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fileStore } from "../../src/io/file-store.js";
import { toZip } from "../../src/io/zip.js";
import { refuse, succeed, workplace } from "../helpers/cli.js";

test("every command reads a zip of a model as it reads the folder, and refuses one that is damaged", async () => {
  const { train, out } = await workplace();
  await succeed(...train, "--steps", 2);
  const zip = join(out, "..", "packed.zip");
  const bytes = await toZip(fileStore(out));
  await writeFile(zip, bytes);
  for (const command of [
    ["generate", "--prompt", "The ", "--max-tokens", 9, "--seed", 1],
    ["info", "--json"],
  ])
    expect(await succeed(command[0]!, "--model", zip, ...command.slice(1))).toBe(
      await succeed(command[0]!, "--model", out, ...command.slice(1)),
    );
  expect((await succeed("report", "--model", zip)).trim()).toBe(join(out, "..", "packed-report.html"));
  await writeFile(zip, bytes.subarray(0, -30));
  await refuse(["generate", "--model", zip, "--prompt", "The "], "fromZip", "cut short");
  await refuse(["generate", "--model", join(out, "none.zip"), "--prompt", "The "], "none.zip", "or its zip");
});
