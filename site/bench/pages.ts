import { readFileSync } from "node:fs";
import { renderMarkdown } from "../build/markdown.js";
import type { Page } from "../build/page.js";

/** The parts of the page of benchmarks that compare with others, as they are recorded. */
const published = readFileSync("docs/benchmarks.md", "utf8")
  .split(/^(?=## )/m)
  .filter((part) => /^## (?:A training step, compared|Beside other)/.test(part))
  .join("");

/** The bench page. */
export async function pages(): Promise<Page[]> {
  return [
    {
      path: "bench/",
      title: "Bench",
      description: "Products, memory and training steps, measured in this browser, beside the figures of other libraries.",
      section: "bench",
      script: "site/bench/main.tsx",
      body: `<h1>Bench</h1>
<p class="lead">How fast seqgrad is in this browser: products of matrices, memory, and whole training steps, by device and threads.</p>
<div id="bench"></div>
<h2>Recorded beside others</h2>
${renderMarkdown(published.replace(/^## /gm, "### ").replace(/\(\.\.\/[^)]*\)/g, "({root}docs/benchmarks/)"))}
<p>All recorded figures, with commands and machines, are on the page of <a href="{root}docs/benchmarks/">benchmarks</a>.</p>`,
    },
  ];
}
