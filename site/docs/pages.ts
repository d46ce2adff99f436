import { readdirSync, readFileSync } from "node:fs";
import { highlight, renderMarkdown } from "../build/markdown.js";
import { escapeHtml, type Page } from "../build/page.js";
import { readApi } from "./api.js";
import { apiPages } from "./api-pages.js";
import { guidePageOf, guidePages } from "./guide.js";

interface Example {
  readonly name: string;
  /** The comment at its head, as Markdown. */
  readonly text: string;
  readonly code: string;
}

function examples(): Example[] {
  return readdirSync("examples")
    .filter((name) => name.endsWith(".mjs"))
    .sort()
    .map((file) => {
      const code = readFileSync(`examples/${file}`, "utf8");
      const head = /^(?:#!.*\n)?((?:\/\/.*\n)+)/.exec(code)?.[1] ?? "";
      return { name: file.replace(".mjs", ""), text: head.replace(/^\/\/ ?/gm, ""), code };
    });
}

const item = (path: string, title: string) => `<li><a href="{root}${path}">${escapeHtml(title)}</a></li>`;

/** The guide, the API reference, and the examples. */
export async function pages(): Promise<Page[]> {
  const guide = guidePages();
  const shown = examples();
  const aside = `<p>Guide</p><ul>${guide.map(({ name, title }) => item(`docs/${name}/`, title)).join("")}</ul><ul>${item("docs/api/", "API reference")}${item("docs/examples/", "Examples")}</ul>`;
  const marked = (html: string, path: string) => html.replace(`href="{root}${path}"`, `href="{root}${path}" aria-current="page"`);
  const index: Page = {
    path: "docs/",
    title: "Docs",
    description: "Install seqgrad, train a first model, and look up every name.",
    section: "docs",
    script: "site/docs/main.ts",
    aside,
    body: `<h1>Docs</h1><pre><code>npm install seqgrad</code></pre><ul class="cards">${guide
      .map(({ name, title }) => `<li class="card"><h2><a href="{root}docs/${name}/">${escapeHtml(title)}</a></h2></li>`)
      .join(
        "",
      )}<li class="card"><h2><a href="{root}docs/api/">API reference</a></h2></li><li class="card"><h2><a href="{root}docs/examples/">Examples</a></h2></li></ul>`,
  };
  const examplePages = shown.map(
    ({ name, text, code }): Page => ({
      path: `docs/examples/${name}/`,
      title: `Example: ${name}`,
      description: text.split("\n")[0] ?? name,
      section: "docs",
      script: "site/docs/main.ts",
      aside: marked(aside, "docs/examples/"),
      body: `<h1>${escapeHtml(name)}</h1>${renderMarkdown(text)}<p>Run it: <code>node examples/${name}.mjs</code></p>${highlight(code, "js")}`,
    }),
  );
  const exampleIndex: Page = {
    path: "docs/examples/",
    title: "Examples",
    description: "Programs that run in Node, from word vectors to a small GPT.",
    section: "docs",
    script: "site/docs/main.ts",
    aside: marked(aside, "docs/examples/"),
    body: `<h1>Examples</h1><dl class="names">${shown
      .map(
        ({ name, text }) => `<dt><a href="{root}docs/examples/${name}/">${name}</a></dt><dd>${escapeHtml(text.split("\n")[0] ?? "")}</dd>`,
      )
      .join("")}</dl>`,
  };
  const api = apiPages(await readApi(), aside).map((page) => ({ ...page, script: page.script ?? "site/docs/main.ts" }));
  return [index, ...guide.map((page) => guidePageOf(page, marked(aside, `docs/${page.name}/`))), ...api, exampleIndex, ...examplePages];
}
