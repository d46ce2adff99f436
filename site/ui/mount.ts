import { type ComponentChild, render } from "preact";

/** Draws a component into an element of the page. */
export function mount(id: string, node: ComponentChild): void {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no element with the id "${id}". Add it to the page's body.`);
  element.replaceChildren();
  render(node, element);
}
