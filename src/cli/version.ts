import { readFileSync } from "node:fs";

/** The package's version. package.json lies one folder above both src/cli.ts's bundle and, two above, this file. */
export const version: string = (() => {
  for (const path of ["../package.json", "../../package.json"]) {
    try {
      const manifest = JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")) as { name: string; version: string };
      if (manifest.name === "seqgrad") return manifest.version;
    } catch {
      // Not there: the next.
    }
  }
  return "unknown";
})();
