import { existsSync } from "node:fs";

/** The system's Firefox (FIREFOX_PATH, or where systems install it); undefined where there is none. */
export function findFirefox(): string | undefined {
  const places = ["/usr/bin/firefox-esr", "/usr/bin/firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"];
  const path = process.env.FIREFOX_PATH ?? places.find((place) => existsSync(place));
  return path && existsSync(path) ? path : undefined;
}

export const noFirefox = "no Firefox found: install it, or set FIREFOX_PATH";
