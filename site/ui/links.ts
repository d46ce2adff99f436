/** The address of a page of the site, by its path from the root. */
export const href = (path: string): string => `${document.documentElement.dataset.root ?? "./"}${path}`;
