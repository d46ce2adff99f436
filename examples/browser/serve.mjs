// Serves dist/ and examples/ of this project on localhost: `node examples/browser/serve.mjs [PORT]`, 8080 unless given, 0 for a free one.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";

const root = new URL("../../", import.meta.url);
const page = "/examples/browser/train.html";
/** With these headers a page may have threads. */
const isolated = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
const types = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
};

/** The file of a path, if it is one to serve. URL has resolved "..", so that no path leaves the two folders. */
async function contentOf(pathname) {
  if (!/^\/(dist|examples)\//.test(pathname) || !(extname(pathname) in types)) throw new Error("not to be served");
  return readFile(new URL(`.${pathname}`, root));
}

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  if (pathname === "/") return response.writeHead(302, { location: page }).end();
  try {
    const content = await contentOf(pathname);
    response.writeHead(200, { "content-type": types[extname(pathname)], "cache-control": "no-store", ...isolated }).end(content);
  } catch {
    response.writeHead(404).end("not found");
  }
});

server.listen(Number(process.argv[2] ?? 8080), "127.0.0.1", () => {
  console.log(`http://localhost:${server.address().port}${page}`);
});
