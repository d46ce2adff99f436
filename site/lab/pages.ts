import { escapeHtml, type Page } from "../build/page.js";
import { cards } from "./cards.js";

const script = "site/lab/main.tsx";
const waiting = `<p class="hint">The Lab needs JavaScript. It loads …</p>`;

const index: Page = {
  path: "lab/",
  title: "Lab",
  description:
    "Train language models, classifiers, taggers, translators, forecasters and more in this tab, on data that ship or on a file of your own.",
  section: "lab",
  script,
  body: `
      <h1>Lab</h1>
      <p class="lead">Choose a task. Each trains in this tab in seconds, on data that are here or on a file of your own, which stays in this browser.</p>
      <ul class="cards">
${cards.map(({ id, title, short }) => `        <li class="card"><h2><a href="{root}lab/${id}/">${escapeHtml(title)}</a></h2><p>${escapeHtml(short)}</p></li>`).join("\n")}
      </ul>
      <div id="lab">${waiting}</div>`,
};

/** The pages of the Lab: the cards, and a page for each. */
export async function pages(): Promise<Page[]> {
  const own = cards.map(
    ({ id, title, short, lead }): Page => ({
      ...{ path: `lab/${id}/`, title: `${title} · Lab`, description: short, section: "lab", script },
      body: `
      <p class="crumbs"><a href="{root}lab/">Lab</a></p>
      <h1>${escapeHtml(title)}</h1>
      <p class="lead">${escapeHtml(lead)}</p>
      <div id="lab" data-task="${id}">${waiting}</div>`,
    }),
  );
  return [index, ...own];
}
