import { writeFileSync } from "node:fs";
import { join } from "node:path";
import MiniSearch from "minisearch";
import { searchOptions } from "../shell/search-options.js";
import type { Page } from "./page.js";

/** The most characters of a page's text that can be found: names come first on a page, and the index is loaded by every search. */
const LIMIT = 4000;

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

/** The text of HTML, without code and formulas. */
const plain = (html: string) =>
  html
    .replace(/<(script|pre|math|svg)\b[\s\S]*?<\/\1>/g, " ")
    .replace(/<[^>]+>/g, " ")
    .replace(/&(\w+|#\d+);/g, (all, name: string) => entities[name] ?? all)
    .replace(/\{root\}/g, "")
    .replace(/\s+/g, " ")
    .trim();

/** Writes the index of all pages, which the search box loads when it is first used. */
export function writeSearch(out: string, pages: readonly Page[]): void {
  const index = new MiniSearch(searchOptions);
  index.addAll(
    pages.map(({ path, title, description, section, body }) => ({
      id: path,
      title,
      section,
      description,
      headings: [...body.matchAll(/<h[23][^>]*>([\s\S]*?)<\/h[23]>/g)].map(([, text]) => plain(text ?? "")).join(" "),
      text: path.startsWith("docs/api/") ? "" : plain(body).slice(0, LIMIT),
    })),
  );
  writeFileSync(join(out, "search.json"), JSON.stringify(index));
}
