import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { guidePages } from "../docs/guide.js";
import type { Page } from "./page.js";

/**
 * Writes what language models read of the site: `llms.txt`, a list of the pages, and `llms-full.txt`, the README and the guide as text. Their
 * code is that of the README and of docs/, which the tests run.
 */
export function writeLlms(project: string, out: string, pages: readonly Page[]): void {
  const { description } = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as { description: string };
  const isName = (path: string) => /^docs\/(?:api|examples)\/./.test(path);
  const list = (title: string, chosen: readonly Page[]) =>
    `## ${title}\n\n${chosen.map((page) => `- [${page.title}](${page.path}): ${page.description}`).join("\n")}\n`;
  const of = (section: Page["section"]) => pages.filter((page) => page.section === section && !isName(page.path));
  const head = `# seqgrad\n\n> ${description}\n`;
  const sections = [
    list("Docs", of("docs")),
    list("Notes", of("notes")),
    list(
      "API",
      pages.filter(({ path }) => path.startsWith("docs/api/") && isName(path)),
    ),
    list(
      "Examples",
      pages.filter(({ path }) => path.startsWith("docs/examples/") && isName(path)),
    ),
  ];
  writeFileSync(join(out, "llms.txt"), [head, ...sections].join("\n"));
  const texts = [readFileSync(join(project, "README.md"), "utf8"), ...guidePages().map(({ text }) => text)];
  writeFileSync(join(out, "llms-full.txt"), texts.map((text) => text.trim()).join("\n\n---\n\n"));
}
