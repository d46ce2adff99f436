import MiniSearch from "minisearch";
import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { href } from "../ui/links.js";
import { searchOptions } from "./search-options.js";

interface Found {
  readonly id: string;
  readonly title: string;
  readonly section: string;
  readonly description: string;
}

const SHOWN = 8;

let index: Promise<MiniSearch> | undefined;

/** The index, loaded once, when the box is first used. */
function load(): Promise<MiniSearch> {
  index ??= fetch(href("search.json"))
    .then((response) => response.text())
    .then((text) => MiniSearch.loadJSON(text, searchOptions));
  index.catch(() => {
    index = undefined;
  });
  return index;
}

/** A box that finds pages. "/" leads to it; arrow keys choose, Enter opens, Escape closes. */
function Search() {
  const [query, setQuery] = useState("");
  const [found, setFound] = useState<readonly Found[]>([]);
  const [chosen, setChosen] = useState(0);
  const [open, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      const { target } = event;
      const writes = target instanceof HTMLElement && (/^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable);
      if (event.key !== "/" || writes || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    document.addEventListener("keydown", focus);
    return () => document.removeEventListener("keydown", focus);
  }, []);
  const find = async (text: string) => {
    setQuery(text);
    setChosen(0);
    setOpen(text.trim() !== "");
    const pages = (await load()).search(text) as unknown as Found[];
    if (input.current?.value === text) setFound(pages.slice(0, SHOWN));
  };
  const go = (page: Found | undefined) => {
    if (page) location.href = href(page.id);
  };
  const keys: Record<string, () => void> = {
    ArrowDown: () => setChosen((chosen + 1) % Math.max(1, found.length)),
    ArrowUp: () => setChosen((chosen + found.length - 1) % Math.max(1, found.length)),
    Enter: () => go(found[chosen]),
    Escape: () => setOpen(false),
  };
  return (
    <div class="search">
      <input
        ref={input}
        type="search"
        // biome-ignore lint/a11y/noRedundantRoles: the list is not a datalist, so that the element alone is a search field
        role="combobox"
        placeholder="Search  /"
        list={undefined}
        aria-label="Search the site"
        aria-expanded={open}
        aria-controls="found"
        aria-activedescendant={open && found.length > 0 ? `found-${chosen}` : undefined}
        value={query}
        onFocus={() => void load()}
        onInput={(event) => void find(event.currentTarget.value)}
        onBlur={() => setTimeout(() => setOpen(false), 200)}
        onKeyDown={(event) => {
          const act = keys[event.key];
          if (!act) return;
          event.preventDefault();
          act();
        }}
      />
      <div id="found" role="listbox" aria-label="Pages" class="found" hidden={!open}>
        {found.map(({ id, title, section, description }, i) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the box, which names the chosen option
          // biome-ignore lint/a11y/useKeyWithClickEvents: Enter in the box opens the chosen option
          <div key={id} id={`found-${i}`} role="option" aria-selected={i === chosen} onClick={() => go(found[i])}>
            <strong>{title}</strong> <span class="hint">{section}</span>
            <span class="hint line">{description}</span>
          </div>
        ))}
        {found.length === 0 && <p class="hint">Nothing has these words.</p>}
      </div>
    </div>
  );
}

/** Starts the search box in an element of the header. */
export const startSearch = (element: HTMLElement): void => render(<Search />, element);
