import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright";
import { afterAll, afterEach, beforeAll, describe, expect } from "vitest";
import { serve } from "../../site/build/serve.mjs";
import { findChromium, noChromium } from "../helpers/chromium.js";

const project = fileURLToPath(new URL("../../", import.meta.url));
export const built = join(project, "build/site");
const launchOptions = findChromium();
const missing = !launchOptions ? noChromium : existsSync(join(project, "dist/index.js")) ? "" : "no dist/: run `npm run build`";

/** The time of the last change below a path. */
function changed(path: string): number {
  const at = statSync(path);
  if (!at.isDirectory()) return at.mtimeMs;
  return Math.max(at.mtimeMs, ...readdirSync(path).map((name) => changed(join(path, name))));
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Builds the site if a file of it has changed since; one test file builds, and the others wait for it. */
async function build(): Promise<void> {
  const lock = join(project, "build/site.lock");
  for (;;)
    try {
      mkdirSync(lock);
      break;
    } catch {
      await sleep(100);
    }
  try {
    const sources = ["site", "docs", "examples", "dist/index.js", "scripts/site.mjs"].map((path) => join(project, path));
    const done = existsSync(join(built, "sw.js")) ? statSync(join(built, "sw.js")).mtimeMs : 0;
    if (Math.max(...sources.map(changed)) > done) execFileSync("node", ["scripts/site.mjs", "--build"], { cwd: project, stdio: "ignore" });
  } finally {
    rmdirSync(lock);
  }
}

/** A visitor of the site, whose faults are noted. */
export interface Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Console errors, uncaught errors, and requests to other origins. */
  readonly faults: string[];
}

/** The site, served on localhost without headers, and a browser. */
export interface Site {
  readonly url: string;
  /** Stops the server, as if the host were gone. */
  stop(): Promise<void>;
  /** Serves the site again, under the same address; another folder's files, if it is given. */
  restart(folder?: string): Promise<void>;
  /** Opens a page of the site, by its path, in a new browser context. */
  open(path: string, options?: BrowserContextOptions): Promise<Visit>;
  browser(): Browser;
}

/** Runs a suite on the built site; skips it, and says why, where there is no Chromium. */
export function describeSite(name: string, suite: (site: Site) => void): void {
  describe.skipIf(missing)(`${name}${missing && ` (${missing})`}`, () => {
    let browser: Browser;
    let server: Awaited<ReturnType<typeof serve>>;
    let contexts: BrowserContext[] = [];
    beforeAll(async () => {
      await build();
      [server, browser] = await Promise.all([serve(built), chromium.launch(launchOptions)]);
    });
    afterEach(async () => {
      for (const context of contexts) await context.close();
      contexts = [];
    });
    afterAll(async () => {
      await browser?.close();
      await server?.stop();
    });
    suite({
      get url() {
        return server.url;
      },
      browser: () => browser,
      stop: () => server.stop(),
      async restart(folder = built) {
        const port = Number(new URL(server.url).port);
        await server.stop().catch(() => {});
        server = await serve(folder, { port });
      },
      async open(path, options = {}) {
        const context = await browser.newContext(options);
        contexts.push(context);
        const page = await context.newPage();
        const faults: string[] = [];
        page.on("console", (message) => message.type() === "error" && faults.push(`${message.text()} (${message.location().url})`));
        page.on("pageerror", (error) => faults.push(String(error)));
        context.on("request", (request) => {
          const { origin, protocol } = new URL(request.url());
          if (/^https?:$/.test(protocol) && origin !== new URL(server.url).origin) faults.push(`a request to ${request.url()}`);
        });
        await page.goto(server.url + path);
        return { context, page, faults };
      },
    });
  });
}

const axe = () => readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Expects that axe finds nothing serious on a page. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(axe());
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[] }> };
    };
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary.slice(0, 300)}`));
  });
  expect(found).toEqual([]);
}

/** Expects that every canvas of a page in view shows more than one color. */
export async function expectDrawn(page: Page): Promise<void> {
  const empty = await page.evaluate(() =>
    [...document.querySelectorAll("canvas")]
      .filter((canvas) => canvas.width > 0 && canvas.height > 0)
      .filter((canvas) => {
        const data = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? new Uint8ClampedArray();
        return new Set(new Uint32Array(data.buffer)).size < 2;
      })
      .map((canvas) => canvas.closest("figure")?.textContent ?? "a canvas"),
  );
  expect(empty).toEqual([]);
}

/** Waits until the service worker has taken the page over, and the page is isolated. */
export async function isolated(page: Page): Promise<void> {
  await page.waitForFunction(() => crossOriginIsolated && navigator.serviceWorker.controller !== null, undefined, { timeout: 60_000 });
  await page.waitForLoadState("load");
}

/** Waits until the browser holds the whole site. */
export async function keptOffline(page: Page): Promise<void> {
  await page.getByText("it works offline").waitFor({ timeout: 120_000 });
}
