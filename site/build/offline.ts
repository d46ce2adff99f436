import { createHash } from "node:crypto";
import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import type { Manifest } from "../shell/offline.js";

const hashOf = (content: Buffer | string) => createHash("sha256").update(content).digest("hex").slice(0, 16);

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort();

/** Scripts and styles that a page of the built site names. */
const namedBy = (html: string) => [...html.matchAll(/(?:src|href)="[./]*(assets\/[^"]+)"/g)].map(([, file]) => file ?? "");

/**
 * Writes the service worker and what makes the site installable into the built site in `out`. The pages `first`, with what they load, are
 * kept before all others.
 */
export async function writeOffline(project: string, out: string, first: readonly string[]): Promise<void> {
  cpSync(join(project, "site/shell/icon.svg"), join(out, "icon.svg"));
  const app = {
    name: "seqgrad",
    short_name: "seqgrad",
    description: "Train sequence models in the browser, offline.",
    start_url: "./",
    display: "standalone",
    background_color: "#faf9f6",
    theme_color: "#17695a",
    icons: [{ src: "icon.svg", sizes: "any", type: "image/svg+xml", purpose: "any" }],
  };
  writeFileSync(join(out, "app.webmanifest"), JSON.stringify(app));
  const roots = first.map((path) => `${path}index.html`);
  const packed = filesIn(out).filter((file) => file.endsWith(".html") && !roots.includes(file));
  const pages = Object.fromEntries(packed.map((file) => [file, readFileSync(join(out, file), "utf8")]));
  writeFileSync(join(out, "pages.json"), JSON.stringify(pages));
  const files = Object.fromEntries(
    filesIn(out)
      .filter((file) => file !== "sw.js" && !(file in pages))
      .map((file) => [file, hashOf(readFileSync(join(out, file)))]),
  );
  const needed = new Set(
    roots.filter((file) => file in files).flatMap((page) => [page, ...namedBy(readFileSync(join(out, page), "utf8"))]),
  );
  const kept = [...needed].filter((file) => file in files);
  const manifest: Manifest = { version: hashOf(JSON.stringify(files)), files, packed, first: kept };
  await build({
    entryPoints: [join(project, "site/shell/sw.ts")],
    outfile: join(out, "sw.js"),
    bundle: true,
    minify: true,
    format: "iife",
    define: { MANIFEST: JSON.stringify(manifest) },
    logLevel: "error",
  });
}
