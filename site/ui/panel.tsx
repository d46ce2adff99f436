import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";

export interface PanelProps {
  readonly title: string;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A titled part of a page. */
export function Panel({ title, actions, children }: PanelProps) {
  const id = useId();
  return (
    <section class="panel" aria-labelledby={id}>
      <div class="panel-head">
        <h2 id={id}>{title}</h2>
        {actions && <div class="actions">{actions}</div>}
      </div>
      {children}
    </section>
  );
}

export interface TabsProps {
  readonly label: string;
  readonly tabs: readonly { readonly id: string; readonly title: string; readonly content: ComponentChildren }[];
}

/** Panels of which one is shown; arrow keys move between their tabs. */
export function Tabs({ label, tabs }: TabsProps) {
  const prefix = useId();
  const [chosen, setChosen] = useState(0);
  const move = (to: number) => {
    const next = (to + tabs.length) % tabs.length;
    setChosen(next);
    document.getElementById(`${prefix}-tab-${next}`)?.focus();
  };
  const steps: Record<string, () => void> = {
    ArrowRight: () => move(chosen + 1),
    ArrowLeft: () => move(chosen - 1),
    Home: () => move(0),
    End: () => move(tabs.length - 1),
  };
  return (
    <div class="tabs">
      <div role="tablist" aria-label={label}>
        {tabs.map(({ id, title }, i) => (
          <button
            key={id}
            id={`${prefix}-tab-${i}`}
            type="button"
            role="tab"
            aria-selected={i === chosen}
            aria-controls={`${prefix}-panel`}
            tabIndex={i === chosen ? 0 : -1}
            onClick={() => setChosen(i)}
            onKeyDown={(event) => {
              const step = steps[event.key];
              if (!step) return;
              event.preventDefault();
              step();
            }}
          >
            {title}
          </button>
        ))}
      </div>
      <div id={`${prefix}-panel`} role="tabpanel" aria-labelledby={`${prefix}-tab-${chosen}`}>
        {tabs[chosen]?.content}
      </div>
    </div>
  );
}

export interface DataTableProps {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** A table that scrolls by itself where it is wider than the page. */
export function DataTable({ caption, columns, rows }: DataTableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reached by the keyboard
    <section class="table" tabIndex={0} aria-label={caption}>
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={`${i}:${row[0]}`}>
              {row.map((cell, c) => (
                <td key={columns[c]} class={typeof cell === "number" ? "number" : undefined}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
