import { escapeHtml, type Page } from "../build/page.js";
import { views } from "./views.js";

const asideOf = (current?: string) =>
  `<p>Views</p><ul>${views
    .map(
      ({ name, title }) =>
        `<li><a href="{root}inside/${name}/"${name === current ? ' aria-current="page"' : ""}>${escapeHtml(title)}</a></li>`,
    )
    .join("")}</ul>`;

/** The views of what happens inside a network, and their index. */
export async function pages(): Promise<Page[]> {
  const cards = views.map(
    ({ name, title, description }) =>
      `<li class="card"><h2><a href="{root}inside/${name}/">${escapeHtml(title)}</a></h2><p>${escapeHtml(description)}</p></li>`,
  );
  const index: Page = {
    path: "inside/",
    title: "Inside",
    description: "See gates, gradients and attention while a network trains.",
    section: "inside",
    aside: asideOf(),
    body: `<h1>Inside a network</h1><p class="lead">See what happens in a network while it trains in this tab.</p><ul class="cards">${cards.join("")}</ul>`,
  };
  return [
    index,
    ...views.map(
      ({ name, title, description, text }): Page => ({
        path: `inside/${name}/`,
        title,
        description,
        section: "inside",
        aside: asideOf(name),
        script: `site/inside/${name}/main.tsx`,
        body: `<h1>${escapeHtml(title)}</h1>${text}<div id="view"></div>`,
      }),
    ),
  ];
}
