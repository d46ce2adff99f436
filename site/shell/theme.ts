/** The switch of the header: the system's theme, light, or dark. The choice is kept in this browser. */
const themes = ["auto", "light", "dark"] as const;
const texts = { auto: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" };

const isTheme = (name: string | undefined): name is (typeof themes)[number] => themes.some((theme) => theme === name);

/** Starts the switch, and reports each change by the event `themechange` of the window. */
export function startTheme(button: HTMLElement): void {
  const root = document.documentElement;
  const current = () => (isTheme(root.dataset.theme) ? root.dataset.theme : "auto");
  const changed = () => window.dispatchEvent(new Event("themechange"));
  const show = () => {
    button.textContent = texts[current()];
  };
  button.addEventListener("click", () => {
    const next = themes[(themes.indexOf(current()) + 1) % themes.length] ?? "auto";
    root.dataset.theme = next;
    localStorage.seqgradTheme = next;
    show();
    changed();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  show();
  button.hidden = false;
}
