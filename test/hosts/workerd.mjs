// A Cloudflare Worker, built and run on workerd by Wrangler (of the last version for Node 20) and its Miniflare. Nothing says how the files of
// kernels are to be loaded.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bin, withServer } from "../../scripts/host-tools.mjs";

export const tools = { wrangler: "4.86.0" };
/** It has no workers. */
export const places = ["main"];

const program = `import { createDevice, worker } from "seqgrad";
import { train } from "./train.js";
async function answer() {
  const { variant, info } = await createDevice();
  if (variant !== "relaxed") throw new Error("The default device is " + info);
  const error = await worker.start().catch((error) => error);
  if (error.code !== "state") throw new Error("worker.start() throws " + error);
  return Response.json({ main: await train() });
}
export default { fetch: () => answer().catch(({ stack }) => new Response(stack)) };
`;

export async function answers(folder) {
  writeFileSync(join(folder, "worker.js"), program);
  const trains = (...flags) => {
    const argsOf = (port) => ["dev", "worker.js", "--compatibility-date", "2026-04-01", "--ip", "127.0.0.1", "--port", port, ...flags];
    return withServer(folder, bin(folder, "wrangler"), argsOf, async (address) => (await fetch(address)).text());
  };
  return { plain: await trains(), "with nodejs_compat": await trains("--compatibility-flags", "nodejs_compat") };
}
