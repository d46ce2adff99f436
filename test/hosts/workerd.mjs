// A Cloudflare Worker: Wrangler (of the last version for Node 20) builds it, and Miniflare runs what it built on workerd, without a
// configuration.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { bin, run } from "../../scripts/host-tools.mjs";

export const tools = { wrangler: "4.86.0" };
/** It has no workers. */
export const places = ["main"];

const program = `import { train } from "./train.js";
export default { fetch: async () => Response.json({ main: await train() }) };
`;

export async function answers(folder) {
  writeFileSync(join(folder, "worker.js"), program);
  const date = "2026-04-01";
  await run(
    folder,
    bin(folder, "wrangler"),
    "deploy",
    "worker.js",
    "--dry-run",
    "--outdir",
    "dist",
    "--name",
    "train",
    "--compatibility-date",
    date,
  );
  const { Miniflare } = createRequire(join(folder, "node_modules/wrangler/package.json"))("miniflare");
  const modulesRules = [
    { type: "CompiledWasm", include: ["**/*.wasm"] },
    { type: "ESModule", include: ["**/*.js"] },
  ];
  const server = new Miniflare({ modules: true, modulesRules, scriptPath: join(folder, "dist/worker.js"), compatibilityDate: date });
  try {
    const response = await server.dispatchFetch("http://localhost/");
    return { worker: await response.text() };
  } finally {
    await server.dispose();
  }
}
