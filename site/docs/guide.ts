import { existsSync, readFileSync } from "node:fs";
import { renderMarkdown } from "../build/markdown.js";
import type { Page } from "../build/page.js";

/** The guide's pages in their order: files of docs/ without ".md". A file that is not there is left out. */
const order = [
  "install",
  "first-model",
  "guide",
  "language-model",
  "classify",
  "tag",
  "translate",
  "forecast",
  "caption",
  "recognize",
  "training-well",
  "devices-and-threads",
  "worker",
  "take-a-model-into-a-page",
  "export",
  "hosts",
  "troubleshooting",
  "benchmarks",
];

export interface GuidePage {
  readonly name: string;
  readonly title: string;
  /** Markdown. */
  readonly text: string;
}

export function guidePages(): GuidePage[] {
  return order
    .filter((name) => existsSync(`docs/${name}.md`))
    .map((name) => {
      const text = readFileSync(`docs/${name}.md`, "utf8");
      return { name, title: /^# (.+)$/m.exec(text)?.[1] ?? name, text };
    });
}

const { homepage } = JSON.parse(readFileSync("package.json", "utf8")) as { homepage: string };

/** Links of a Markdown page between files become links between pages; files that are not pages are read in the repository. */
const linked = (html: string) =>
  html
    .replace(/href="(?:\.\.\/docs\/|docs\/|\.\/)?([\w-]+)\.md(#[^"]*)?"/g, (_, name: string, hash = "") =>
      name === "api" ? `href="{root}docs/api/${hash}"` : `href="{root}docs/${name}/${hash}"`,
    )
    .replace(/href="\.\.\/examples\/([\w-]+)\.mjs"/g, 'href="{root}docs/examples/$1/"')
    .replace(/href="\.\.\/([^"]+)"/g, `href="${homepage.replace(/#.*/, "")}/blob/main/$1"`);

/** The HTML of a page of the guide. */
export const guidePageOf = ({ name, title, text }: GuidePage, aside: string): Page => ({
  path: `docs/${name}/`,
  title,
  description:
    text
      .split("\n\n")
      .find((part) => /^[A-Z]/.test(part))
      ?.replace(/\s+/g, " ")
      .slice(0, 200) ?? title,
  section: "docs",
  script: "site/docs/main.ts",
  aside,
  body: `<article>${linked(renderMarkdown(text))}</article>`,
});
