import "./tokens.css";
import "./style.css";
import { startOffline } from "./offline.js";
import { startSearch } from "./search.js";
import { startTheme } from "./theme.js";

const theme = document.getElementById("theme");
if (theme) startTheme(theme);

const search = document.getElementById("search");
if (search) startSearch(search);

function say(text: string): void {
  const line = document.getElementById("offline");
  if (line) line.textContent = text;
}

function offer(change: () => void): void {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = "Reload";
  button.addEventListener("click", change);
  document.getElementById("notice")?.replaceChildren("A new version of this site is ready. ", button);
}

// A browser without service workers, or a private window: the site works, online.
startOffline(say, offer).catch(() => {});
