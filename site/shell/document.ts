import { escapeHtml, type Page } from "../build/page.js";

const sections = [
  ["lab", "Lab"],
  ["inside", "Inside"],
  ["notes", "Notes"],
  ["docs", "Docs"],
  ["bench", "Bench"],
] as const;

/** Sets the chosen theme before anything is drawn. */
const earlyTheme = `document.documentElement.dataset.theme = localStorage.seqgradTheme ?? "auto";`;

/** The HTML document of a page: `tags` are the scripts and styles of its head, `present` the sections that the site has. */
export function documentOf(page: Page, tags: string, present: ReadonlySet<string>): string {
  const root = "../".repeat(page.path.split("/").length - 1) || "./";
  const links = sections
    .filter(([name]) => present.has(name))
    .map(([name, text]) => `<a href="${root}${name}/"${page.section === name ? ' aria-current="page"' : ""}>${text}</a>`)
    .join("\n        ");
  const aside = page.aside
    ? `<nav class="aside" id="pages" aria-label="Pages of this part">${page.aside.replaceAll("{root}", root)}</nav>\n    `
    : "";
  return `<!doctype html>
<html lang="en" data-root="${root}">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${escapeHtml(page.section === "home" ? page.title : `${page.title} · seqgrad`)}</title>
    <meta name="description" content="${escapeHtml(page.description)}" />
    <meta name="color-scheme" content="light dark" />
    <link rel="icon" href="${root}icon.svg" type="image/svg+xml" />
    <link rel="manifest" href="${root}app.webmanifest" />
    <script>${earlyTheme}</script>
    ${tags.replaceAll("./assets/", `${root}assets/`)}
  </head>
  <body>
    <a class="skip" href="#main">Skip to the content</a>
    <header class="header">
      <a class="brand" href="${root}">seqgrad</a>
      <nav class="sections" aria-label="Parts of the site">
        ${links}
      </nav>
      <div id="search" class="search-slot"></div>
      <button id="theme" class="button plain" type="button" hidden></button>
    </header>
    <div class="notice" id="notice" role="status"></div>
    <div class="page${aside ? " with-aside" : ""}">
    ${aside}<main id="main" class="main ${page.section}">${aside && '<a class="to-aside" href="#pages">All pages of this part</a>'}${page.body.replaceAll("{root}", root)}</main>
    </div>
    <footer class="footer">
      <p>Everything runs in this browser. No text, model or number leaves it. <span id="offline"></span></p>
    </footer>
  </body>
</html>
`;
}
