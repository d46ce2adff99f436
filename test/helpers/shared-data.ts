import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = new URL("../../../shared/data/", import.meta.url);

/** The path of a data file that lies beside the project, in ../shared/data; undefined in a clone without it. */
export function sharedData(name: string): string | undefined {
  const path = fileURLToPath(new URL(name, folder));
  return existsSync(path) ? path : undefined;
}
