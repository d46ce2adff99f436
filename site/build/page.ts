/** One page of the site. Parts describe their pages at build time; the shell puts the header, navigation and footer around them. */
export interface Page {
  /** The folder under the site's root, such as "lab/"; ends in "/". "" is the landing page. */
  readonly path: string;
  /** The title of the tab. */
  readonly title: string;
  /** One sentence, for search and for engines. */
  readonly description: string;
  readonly section: "home" | "lab" | "inside" | "notes" | "docs" | "bench";
  /** HTML of `<main>`, readable without JavaScript. `{root}` stands for the relative path of the site's root. */
  readonly body: string;
  /** The module of the page, by its path from the project's root, such as "site/lab/main.tsx". */
  readonly script?: string;
  /** HTML of a column of navigation beside the body. */
  readonly aside?: string;
}

/** The text with the characters escaped that HTML reads as markup. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign] ?? sign);
