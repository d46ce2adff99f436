// Takes pictures of pages of the built site, wide and narrow, light and dark, into site/screenshots: `npm run site:screenshots [-- PATH..]`, such as
// "lab/"; without a path of all pages but those of single names. `--wait 8000` waits 8 seconds before each, `--click NAME` presses a button first.
import { mkdirSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright";
import { serve } from "../site/build/serve.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { wait: { type: "string", default: "2500" }, click: { type: "string" }, out: { type: "string", default: "site/screenshots" } },
});

const all = () =>
  readdirSync("build/site", { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => name.endsWith("index.html") && !/^docs\/(?:api|examples)\/./.test(name))
    .map((name) => name.replace("index.html", ""));

const paths = positionals.length > 0 ? positionals.map((path) => (path === "." ? "" : path)) : all();
mkdirSync(values.out, { recursive: true });
const { url, stop } = await serve("build/site");
const executablePath = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-background-networking"] });
for (const width of [1280, 390])
  for (const colorScheme of ["light", "dark"]) {
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
    page.on("console", (message) => message.type() === "error" && console.log(`${page.url()}: ${message.text()}`));
    page.on("pageerror", (error) => console.log(`${page.url()}: ${error.message}`));
    await page.goto(url);
    await page.waitForFunction(() => crossOriginIsolated);
    for (const path of paths) {
      await page.goto(url + path);
      if (values.click) await page.getByRole("button", { name: values.click }).first().click();
      await page.waitForTimeout(Number(values.wait));
      await page.screenshot({ path: `${values.out}/${path.replaceAll("/", "_") || "home_"}${width}-${colorScheme}.png`, fullPage: true });
    }
    await page.close();
  }
await browser.close();
await stop();
console.log(`${values.out}: ${paths.length} pages, four pictures of each`);
