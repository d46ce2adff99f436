// Next: a page that trains in the browser, and a route that trains on the server.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bin, run, titleOf, withServer } from "../../scripts/host-tools.mjs";

export const tools = { next: "16.4.6", react: "19.2.0", "react-dom": "19.2.0" };

const files = {
  // This folder lies in another project.
  "next.config.js": "export default { turbopack: { root: import.meta.dirname } };\n",
  "app/layout.js": "export default ({ children }) => <html><body>{children}</body></html>;\n",
  "app/page.js": `"use client";
import { useEffect } from "react";
import { answer } from "../train.js";
export default function Page() {
  useEffect(() => {
    answer().then(
      (losses) => (document.title = losses),
      (error) => (document.title = String(error)),
    );
  }, []);
  return null;
}
`,
  "app/train/route.js": `import { answer } from "../../train.js";
export const dynamic = "force-dynamic";
export const GET = async () => new Response(await answer());
`,
};

export async function answers(folder) {
  mkdirSync(join(folder, "app/train"), { recursive: true });
  for (const [name, code] of Object.entries(files)) writeFileSync(join(folder, name), code);
  const next = bin(folder, "next");
  await run(folder, next, "build");
  return await withServer(
    folder,
    next,
    (port) => ["start", "--hostname", "127.0.0.1", "--port", port],
    async (address) => ({
      "the browser": await titleOf(address),
      "the server": await (await fetch(`${address}/train`)).text(),
    }),
  );
}
