import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const root = new URL("../../", import.meta.url);

/** Why the built package cannot be served; "" where it can. */
export const noDist = existsSync(new URL("dist/index.js", root)) ? "" : "no dist/: run `npm run build`";

/** Serves dist/ and files of a test, by their paths, on localhost. */
export async function serveDist(files: Readonly<Record<string, string>>): Promise<{ readonly address: string; close(): void }> {
  const server = createServer(async ({ url = "/" }, response) => {
    const isBuilt = /^\/dist\/[\w./-]+\.m?js$/.test(url) && !url.includes("..");
    const content = files[url] ?? (isBuilt ? await readFile(new URL(`.${url}`, root)).catch(() => undefined) : undefined);
    const type = /js$/.test(url) ? "text/javascript" : "text/html";
    response.writeHead(content === undefined ? 404 : 200, { "content-type": type }).end(content);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { address: `http://localhost:${(server.address() as AddressInfo).port}/`, close: () => void server.close() };
}
