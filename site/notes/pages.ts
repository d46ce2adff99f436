import { renderMarkdown } from "../build/markdown.js";
import { escapeHtml, type Page } from "../build/page.js";
import { type Chapter, chaptersOf } from "./chapter.js";

const json = (value: unknown) => JSON.stringify(value).replaceAll("<", "\\u003c");

/** Navigation over all chapters by topic. */
function asideOf(chapters: readonly Chapter[], current?: Chapter): string {
  const topics = [...new Set(chapters.map(({ topic }) => topic))];
  return topics
    .map((topic) => {
      const items = chapters
        .filter((chapter) => chapter.topic === topic)
        .map(
          ({ name, title }) =>
            `<li><a href="{root}notes/${name}/"${name === current?.name ? ' aria-current="page"' : ""}>${Number(name.slice(0, 2))}. ${escapeHtml(title)}</a></li>`,
        );
      return `<p>${escapeHtml(topic)}</p><ul>${items.join("")}</ul>`;
    })
    .join("");
}

function bodyOf(chapter: Chapter, previous: Chapter | undefined, next: Chapter | undefined): string {
  const { title, text, code, control, question, api, name } = chapter;
  const [before = "", after = ""] = text.split(/^\{\{demo\}\}$/m);
  const link = (to: Chapter | undefined, word: string) =>
    to ? `<a href="{root}notes/${to.name}/">${word}: ${escapeHtml(to.title)}</a>` : "<span></span>";
  const names = api.map((each) => `<a href="{root}docs/api/${each}/"><code>${escapeHtml(each)}</code></a>`);
  return `<article class="chapter">
<div class="above"><p class="number">Chapter ${Number(name.slice(0, 2))}</p><div id="present"></div></div>
<h1>${escapeHtml(title)}</h1>
${renderMarkdown(before)}
<div id="demo" class="demo-slot"><pre><code>${escapeHtml(code)}</code></pre></div>
${renderMarkdown(after)}
<h2 id="question">Question</h2>
<p>${escapeHtml(question.text)}</p>
<div id="answer"></div>
<p>In the API: ${names.join(", ")}.</p>
<p class="turn">${link(previous, "Before")}${link(next, "Next")}</p>
</article>
<script type="application/json" id="chapter">${json({ code, control, question })}</script>`;
}

/** The chapters of the notes, and their index. */
export async function pages(): Promise<Page[]> {
  const chapters = chaptersOf("site/notes");
  const list = chapters.map(
    ({ name, title, description }) =>
      `<li class="card"><h3><a href="{root}notes/${name}/">${Number(name.slice(0, 2))}. ${escapeHtml(title)}</a></h3><p>${escapeHtml(description)}</p></li>`,
  );
  const index: Page = {
    path: "notes/",
    title: "The notes, alive",
    description: "How sequence models work, with a network that trains on every page.",
    section: "notes",
    aside: asideOf(chapters),
    body: `<h1>The notes, alive</h1>
<p class="lead">How sequence models work. On every page a small network trains as you read. Change its code, and run it again.</p>
<ul class="cards">${list.join("")}</ul>`,
  };
  return [
    index,
    ...chapters.map(
      (chapter, i): Page => ({
        path: `notes/${chapter.name}/`,
        title: chapter.title,
        description: chapter.description,
        section: "notes",
        aside: asideOf(chapters, chapter),
        script: "site/notes/main.tsx",
        body: bodyOf(chapter, chapters[i - 1], chapters[i + 1]),
      }),
    ),
  ];
}
