// Vite: its development server, and a build. Neither has a configuration; the server forgets the package of an earlier run.
import { join } from "node:path";
import { ownBin, run, titleOf, withFiles, withServer } from "../../scripts/host-tools.mjs";

export async function answers(folder) {
  const vite = ownBin("vite");
  const dev = await withServer(folder, vite, (port) => ["--force", "--host", "127.0.0.1", "--port", port], titleOf);
  await run(folder, vite, "build");
  return { dev, build: await withFiles(join(folder, "dist"), titleOf) };
}
