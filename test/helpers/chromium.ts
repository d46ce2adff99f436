import { existsSync } from "node:fs";

/** Playwright's launch options for the system's Chromium (CHROMIUM_PATH, or where systems install it); undefined where there is none. */
export function findChromium(): { executablePath: string; args: string[] } | undefined {
  const places = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  ];
  const executablePath = process.env.CHROMIUM_PATH ?? places.find((path) => existsSync(path));
  if (!executablePath || !existsSync(executablePath)) return undefined;
  const offline = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];
  return { executablePath, args: ["--no-sandbox", "--enable-unsafe-webgpu", ...offline] };
}

export const noChromium = "no Chromium found: install it, or set CHROMIUM_PATH";
