// Parcel without a configuration.
import { join } from "node:path";
import { bin, run, titleOf, withFiles } from "../../scripts/host-tools.mjs";

export const tools = { parcel: "2.16.4" };

export async function answers(folder) {
  await run(folder, bin(folder, "parcel"), "build", "index.html", "--no-cache", "--cache-dir", "cache");
  return { build: await withFiles(join(folder, "dist"), titleOf) };
}
