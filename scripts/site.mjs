// Builds the site into build/site, and serves it: `npm run site [-- PORT]`; `npm run site:build` only builds. The package must be built before.
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const project = fileURLToPath(new URL("..", import.meta.url));
process.chdir(project);

const parts = readdirSync("site").filter((name) => existsSync(join("site", name, "pages.ts")));
const entry = `import { buildSite } from "./site/build/build.ts";
${parts.map((name, i) => `import * as part${i} from "./site/${name}/pages.ts";`).join("\n")}
export default (project) => buildSite(project, [${parts.map((_, i) => `part${i}`).join(", ")}]);`;

mkdirSync("build", { recursive: true });
const outfile = join(project, "build/site-build.mjs");
await build({
  stdin: { contents: entry, resolveDir: project, loader: "ts" },
  bundle: true,
  platform: "node",
  format: "esm",
  packages: "external",
  outfile,
  logLevel: "error",
});
const { default: buildSite } = await import(pathToFileURL(outfile).href);
const begin = performance.now();
const pages = await buildSite(project);
console.log(`build/site: ${pages.length} pages in ${((performance.now() - begin) / 1000).toFixed(1)} s`);

if (!process.argv.includes("--build")) {
  const { serve } = await import("../site/build/serve.mjs");
  console.log(await serve(join(project, "build/site"), { port: Number(process.argv[2] ?? 8080) }).then(({ url }) => url));
}
