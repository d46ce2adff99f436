import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "vite";
import { documentOf } from "../shell/document.js";
import { writeLlms } from "./llms.js";
import { writeOffline } from "./offline.js";
import type { Page } from "./page.js";
import { writeSearch } from "./search.js";

/** A part of the site: its pages, found at build time. */
export interface Part {
  readonly pages: () => Promise<Page[]>;
}

const shell = "site/shell/shell.ts";

/**
 * Builds the site of these parts into `build/site`, from the project's root `project`. Vite bundles one template a page script; all pages
 * of that script get the template's scripts and styles. Pages of the same script cost no more than their text.
 */
export async function buildSite(project: string, parts: readonly Part[]): Promise<Page[]> {
  const pages = (await Promise.all(parts.map((part) => part.pages()))).flat();
  const paths = pages.map(({ path }) => path);
  const twice = paths.find((path, i) => paths.indexOf(path) !== i);
  if (twice !== undefined) throw new Error(`Two pages of the site have the path "${twice}". Give one of them another path.`);

  const [templates, out] = [join(project, "build/site-templates"), join(project, "build/site")];
  rmSync(templates, { recursive: true, force: true });
  mkdirSync(templates, { recursive: true });
  const scripts = [...new Set(pages.map(({ script }) => script ?? ""))];
  const nameOf = (script: string) => `template-${scripts.indexOf(script)}.html`;
  for (const script of scripts) {
    const tags = [shell, script].filter(Boolean).map((path) => `<script type="module" src="../../${path}"></script>`);
    writeFileSync(join(templates, nameOf(script)), `<!doctype html><html><head>${tags.join("")}</head><body></body></html>`);
  }
  await build({
    root: templates,
    base: "./",
    configFile: false,
    logLevel: "warn",
    resolve: {
      alias: [
        { find: /^seqgrad$/, replacement: join(project, "dist/index.js") },
        { find: /^seqgrad\/(seqgrad\.min\.mjs)/, replacement: join(project, "dist/$1") },
      ],
    },
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    worker: { format: "es" },
    build: {
      outDir: out,
      emptyOutDir: true,
      target: "es2022",
      chunkSizeWarningLimit: 1000,
      rolldownOptions: { input: Object.fromEntries(scripts.map((script) => [nameOf(script), join(templates, nameOf(script))])) },
    },
  });
  const built = new Map(
    scripts.map((script) => {
      const html = readFileSync(join(out, nameOf(script)), "utf8");
      rmSync(join(out, nameOf(script)));
      return [script, /<head>([\s\S]*)<\/head>/.exec(html)?.[1]?.trim() ?? ""];
    }),
  );
  const present = new Set(pages.map(({ section }) => section));
  for (const page of pages) {
    mkdirSync(join(out, page.path), { recursive: true });
    writeFileSync(join(out, page.path, "index.html"), documentOf(page, built.get(page.script ?? "") ?? "", present));
  }
  writeSearch(out, pages);
  writeLlms(project, out, pages);
  await writeOffline(project, out, ["", "lab/", "inside/", "notes/", "docs/"]);
  return pages;
}

/** Copies files beside the pages as they are, under `path`. */
export function copyFiles(project: string, from: string, path: string): void {
  for (const name of readdirSync(from)) cpSync(join(from, name), join(project, "build/site", path, name), { recursive: true });
}
