import katex from "katex";
import MarkdownIt from "markdown-it";
import { createHighlighter } from "shiki";
import { escapeHtml } from "./page.js";

const highlighter = await createHighlighter({
  themes: ["github-light", "github-dark"],
  langs: ["javascript", "typescript", "html", "json", "bash"],
});

/** Colors of the themes that have too little contrast on the site's surfaces, and what stands for them: names, and comments. */
const colorReplacements = { "github-light": { "#e36209": "#b34f00" }, "github-dark": { "#6a737d": "#949da8" } };

/** Code with its colors, for both themes. A language that is not known is plain text. */
export function highlight(code: string, language: string): string {
  const names: Record<string, string> = { js: "javascript", mjs: "javascript", ts: "typescript", sh: "bash" };
  const lang = names[language] ?? language;
  if (!highlighter.getLoadedLanguages().includes(lang)) return `<pre><code>${escapeHtml(code)}</code></pre>`;
  const themes = { light: "github-light", dark: "github-dark" };
  return highlighter.codeToHtml(code.trimEnd(), { lang, themes, defaultColor: false, colorReplacements });
}

const math = (formula: string, displayMode: boolean) =>
  katex.renderToString(formula, { displayMode, output: "mathml", throwOnError: true });

const markdown = new MarkdownIt({ html: true, typographer: false, highlight: (code, language) => highlight(code, language) });

markdown.inline.ruler.before("escape", "math", (state, silent) => {
  if (state.src[state.pos] !== "$") return false;
  const mark = state.src.startsWith("$$", state.pos) ? "$$" : "$";
  const begin = state.pos + mark.length;
  const end = state.src.indexOf(mark, begin);
  if (end <= begin) return false;
  if (!silent) state.push("html_inline", "", 0).content = math(state.src.slice(begin, end), mark === "$$");
  state.pos = end + mark.length;
  return true;
});

const slug = (text: string) =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");

markdown.core.ruler.push("anchors", (state) => {
  for (const [i, token] of state.tokens.entries())
    if (token.type === "heading_open") token.attrSet("id", slug(state.tokens[i + 1]?.content ?? ""));
});

/** Markdown as HTML: headings have ids, `$...$` and `$$...$$` are formulas in MathML, code has colors. */
export const renderMarkdown = (text: string): string => markdown.render(text);

/** A text that begins with a JSON object between two lines `---`: the object, and the text after it. */
export function splitFrontMatter<T>(text: string, file: string): { readonly data: T; readonly rest: string } {
  const match = /^---\n([\s\S]*?)\n---\n/.exec(text);
  if (!match?.[1]) throw new Error(`${file}: expected JSON between two lines "---" at the start of the file.`);
  try {
    return { data: JSON.parse(match[1]) as T, rest: text.slice(match[0].length) };
  } catch (error) {
    throw new Error(`${file}: its first lines are not JSON: ${(error as Error).message}`);
  }
}
