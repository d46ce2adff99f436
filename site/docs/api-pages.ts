import { transformSync } from "esbuild";
import { highlight, renderMarkdown } from "../build/markdown.js";
import { escapeHtml, type Page } from "../build/page.js";
import type { ApiEntry, ApiMember, ApiSignature } from "./api.js";
import { withUsual } from "./usual.js";

/** The page of each name. Where names differ in case alone, as `tensor` and `Tensor`, the later one gets its kind as well. */
export function pathsOf(entries: readonly ApiEntry[]): Map<string, string> {
  const taken = new Set<string>();
  const paths = new Map<string, string>();
  for (const { name, kind } of entries) {
    const path = taken.has(name.toLowerCase()) ? `${name}-${kind}` : name;
    taken.add(path.toLowerCase());
    paths.set(name, `docs/api/${path}/`);
  }
  return paths;
}

/** Links the names of the API in a text of types. A short name means the one export that has it. */
function linker(paths: ReadonlyMap<string, string>): (html: string) => string {
  const short = new Map<string, string>();
  for (const [name, path] of paths) {
    const last = name.slice(name.lastIndexOf(".") + 1);
    if (/^[A-Z]/.test(last)) short.set(last, path);
  }
  return (html) =>
    html.replace(/\b[A-Z]\w+/g, (word) => {
      const path = short.get(word);
      return path ? `<a href="{root}${path}">${word}</a>` : word;
    });
}

/** The example as a program of its own that prints what its comments say. */
function runnable(code: string): string | undefined {
  if (/seqgrad\/(?:node|export)|process\.|readFile|fileStore|httpStore|localhost/.test(code)) return undefined;
  const printed = withUsual(code).replace(/^( *)(.+); \/\/ = (.+)$/gm, "$1console.log(await ($2)); // = $3");
  const whole = `${/from "seqgrad"/.test(printed) ? "" : 'import * as sg from "seqgrad";\n'}await sg.init();\n\n${printed}`;
  return transformSync(whole, { loader: "ts", target: "es2022" }).code.trimEnd();
}

/** The items by a key, in the order in which the keys come first. */
function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

const section = (title: string, body: string) => (body ? `<h2 id="${title.toLowerCase()}">${title}</h2>${body}` : "");

function parametersOf({ parameters }: ApiSignature, link: (html: string) => string): string {
  if (parameters.length === 0) return "";
  const rows = parameters.map(
    ({ name, type, text, optional }) =>
      `<dt><code>${escapeHtml(name)}</code>${optional ? " <span>optional</span>" : ""} <code class="type">${link(escapeHtml(type))}</code></dt><dd>${renderMarkdown(text)}</dd>`,
  );
  return `<dl class="parameters">${rows.join("")}</dl>`;
}

function membersOf(members: readonly ApiMember[], link: (html: string) => string): string {
  const own = members.filter(({ from }) => from === undefined);
  const inherited = grouped(
    members.filter(({ from }) => from !== undefined),
    ({ from }) => from ?? "",
  );
  const rows = own.map(({ signature, text }) => `<dt><code>${link(escapeHtml(signature))}</code></dt><dd>${renderMarkdown(text)}</dd>`);
  const others = [...inherited].map(
    ([from, list]) => `<p>From ${link(escapeHtml(from))}: ${list.map(({ name }) => `<code>${escapeHtml(name)}</code>`).join(", ")}</p>`,
  );
  return (rows.length > 0 ? `<dl class="parameters">${rows.join("")}</dl>` : "") + others.join("");
}

function bodyOf(entry: ApiEntry, link: (html: string) => string): string {
  const { name, module, kind, summary, signatures, throws, see, examples, members } = entry;
  const calls = signatures.map(({ text }) => `<pre class="signature"><code>${link(escapeHtml(text))}</code></pre>`).join("");
  const from = module === "seqgrad" ? `<code>sg.${escapeHtml(name)}</code>` : `from <code>${module}</code>`;
  const codes = examples.map((code) => {
    const program = runnable(code);
    const data = program ? ` data-program="${escapeHtml(program)}"` : "";
    return `<div class="example"${data}>${highlight(code, "ts")}</div>`;
  });
  const list = (items: readonly string[]) =>
    items.length > 0 ? `<ul>${items.map((item) => `<li>${renderMarkdown(item)}</li>`).join("")}</ul>` : "";
  return `<article class="api">
<p class="number">${kind}, ${from}</p>
<h1>${escapeHtml(name)}</h1>
${renderMarkdown(summary)}
${calls}
${section("Arguments", signatures.map((signature) => parametersOf(signature, link)).join(""))}
${section("Returns", signatures[0]?.returns ? renderMarkdown(signatures[0].returns) : "")}
${section("Throws", list(throws))}
${section("Example", codes.join(""))}
${section(kind === "interface" ? "Fields" : "Members", membersOf(members, link))}
${section("Sources", list(see))}
</article>`;
}

const groupOf = ({ name, module }: ApiEntry) => (module !== "seqgrad" ? module : name.includes(".") ? (name.split(".")[0] ?? "") : "flat");
const titleOf = (group: string) => (group === "flat" ? "Flat on sg" : group.startsWith("seqgrad") ? group : `sg.${group}`);

/** The first sentence of a docstring, as plain text. */
export const firstSentence = (text: string): string =>
  (/^[\s\S]*?[.!?](?=\s|$)/.exec(text.replace(/`/g, "").replace(/\s+/g, " "))?.[0] ?? text).trim();

/** A page for every name, and the index. `aside` is the navigation of the docs. */
export function apiPages(entries: readonly ApiEntry[], aside: string): Page[] {
  const paths = pathsOf(entries);
  const link = linker(paths);
  const groups = grouped(entries, groupOf);
  const namesOf = (group: string, list: readonly ApiEntry[]) =>
    `<h2 id="${group}">${titleOf(group)}</h2><dl class="names">${list
      .map(
        ({ name, summary }) =>
          `<dt><a href="{root}${paths.get(name)}"><code>${escapeHtml(name)}</code></a></dt><dd>${escapeHtml(firstSentence(summary))}</dd>`,
      )
      .join("")}</dl>`;
  const inGroups = [...groups].map(([group]) => `<li><a href="{root}docs/api/#${group}">${titleOf(group)}</a></li>`).join("");
  const index: Page = {
    path: "docs/api/",
    title: "API reference",
    description: "Every name that seqgrad exports, by namespace.",
    section: "docs",
    aside,
    body: `<h1>API reference</h1><p class="lead">Every name that seqgrad exports. <code>sg</code> is <code>import * as sg from "seqgrad"</code>.</p><ul class="groups">${inGroups}</ul>${[
      ...groups,
    ]
      .map(([group, list]) => namesOf(group, list))
      .join("")}`,
  };
  const pages = entries.map(
    (entry): Page => ({
      path: paths.get(entry.name) ?? "",
      title: entry.name,
      description: firstSentence(entry.summary),
      section: "docs",
      script: "site/docs/api-main.tsx",
      aside: `${aside}<p>API</p><ul>${inGroups}</ul>`,
      body: bodyOf(entry, link),
    }),
  );
  return [index, ...pages];
}
