import { readFileSync } from "node:fs";

/** package.json, one folder above the bundle of src/cli.ts and two above this file. */
const manifest = (() => {
  for (const path of ["../package.json", "../../package.json"]) {
    try {
      const { name, version, homepage } = JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
      if (name === "seqgrad") return { version: String(version), homepage: String(homepage) };
    } catch {
      // Not there: try the next.
    }
  }
  return { version: "unknown", homepage: "" };
})();

/** The package's version. */
export const version: string = manifest.version;

/** The address of the documentation. */
export const homepage: string = manifest.homepage;
