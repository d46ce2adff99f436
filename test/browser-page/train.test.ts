import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findChromium, noChromium } from "../helpers/chromium.js";
import { thinly } from "../helpers/full.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const launchOptions = findChromium();
const missing = !launchOptions ? noChromium : existsSync(`${root}/dist/index.js`) ? "" : "no dist/: run `npm run build`";

describe.skipIf(missing)(`the pages that train in a tab${missing && ` (${missing})`}`, () => {
  let server: ChildProcess;
  let browser: Browser;
  let page: Page;
  let address: string;
  const strangers: string[] = [];
  const errors: string[] = [];

  beforeAll(async () => {
    server = spawn(process.execPath, ["examples/browser/serve.mjs", "0"], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    const [line] = await once(server.stdout!, "data");
    address = String(line).trim();
    browser = await chromium.launch({ ...launchOptions!, headless: true });
    page = await browser.newPage();
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    page.on("request", (request) => {
      const { protocol, host } = new URL(request.url());
      if (!/^(blob|data):$/.test(protocol) && host !== new URL(address).host) strangers.push(request.url());
    });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    server?.kill();
  });

  const open = async (name: string) => {
    await page.goto(new URL(`${name}.html`, address).href);
    await page.locator("#train:enabled").waitFor();
  };
  const text = (id: string) => page.locator(`#${id}`).textContent();
  const click = (name: string) => page.getByRole("button", { name }).click();
  const ends = (state: string) => page.locator(`body[data-state=${state}]`).waitFor({ timeout: 30_000 });

  test("a text: trains, saves when it is stopped, resumes at the next visit, and writes", { timeout: 60_000 }, async () => {
    await open("train");
    await page.getByLabel("Steps").fill("40");
    await click("Train");
    await page.getByText(/^Step [1-9]/).waitFor();
    await click("Stop");
    await ends("done");
    expect(await text("status")).toContain("Stopped and saved");
    await open("train");
    expect(await text("status")).toContain("resumes");
    expect(await page.getByLabel("Steps").inputValue()).toBe("40");
    const seen = await page.evaluateHandle(`(() => {
      const seen = [];
      new MutationObserver(() => seen.push(document.getElementById("status").textContent)).observe(document.getElementById("status"), { childList: true });
      return seen;
    })()`);
    await click("Train");
    await ends("done");
    expect(await text("status")).toMatch(/^Step 40 of 40, loss \d/);
    // It continued where it was stopped.
    const steps = JSON.stringify(await seen.jsonValue()).match(/Step \d+ of/g) ?? [];
    expect(steps.length).toBeGreaterThan(0);
    expect(steps[0]).not.toBe("Step 1 of");
    expect((await text("output"))!.length).toBeGreaterThan(200);
    await open("train");
    expect(await text("status")).toContain("The saved model writes");
    expect((await text("output"))!.length).toBeGreaterThan(100);
  });

  test("a text that is too short: says so in words", async () => {
    await open("train");
    await page.getByLabel("Text").fill("short");
    await click("Train");
    await ends("failed");
    expect(await text("status")).toMatch(/longer text/);
  });

  test("a table: forecasts, and does so again at the next visit", { timeout: 60_000 }, async () => {
    await open("forecast");
    await click("Train");
    await ends("done");
    const forecast = await text("output");
    expect(forecast!.split("\n")).toHaveLength(5);
    await open("forecast");
    expect(await text("output")).toBe(forecast);
  });

  test("labels: answers as one types, and does so again at the next visit", { timeout: 60_000 }, async () => {
    await open("classify");
    await click("Train");
    await ends("done");
    await page.getByLabel("Your text").fill("I hated it");
    await page.getByText(/^bad: .*good: /s).waitFor();
    await open("classify");
    await page.getByLabel("Your text").fill("I loved it");
    await page.getByText(/^good: .*bad: /s).waitFor();
  });

  thinly(
    ["classify", "forecast"],
    (name) => name === "classify",
    (chosen) =>
      test.each(chosen)("%s: saves when it is stopped, and resumes at the next visit", { timeout: 60_000 }, async (name) => {
        const tab = await (await browser.newContext()).newPage();
        const epochs: number[] = [];
        await tab.exposeFunction("seen", (status: string) => epochs.push(Number(/^Epoch (\d+) of/.exec(status)?.[1] ?? 0)));
        /** Opens the page and trains until it is stopped at an epoch, or to the end. */
        const visit = async (stopAt: number) => {
          await tab.goto(new URL(`${name}.html`, address).href);
          await tab.locator("#train:enabled").waitFor();
          await tab.evaluate(`
            new MutationObserver(() => {
              const status = document.getElementById("status").textContent;
              seen(status);
              if (status.startsWith("Epoch ${stopAt} ")) document.getElementById("train").click();
            }).observe(document.getElementById("status"), { childList: true })`);
          await tab.getByRole("button", { name: "Train" }).click();
          await tab.locator("body[data-state=done]").waitFor();
          return Math.max(...epochs);
        };
        const reached = await visit(3);
        expect(await tab.locator("#status").textContent()).toContain("Stopped and saved");
        epochs.length = 0;
        const last = await visit(0);
        const first = epochs.find((epoch) => epoch > 0);
        expect([reached, reached + 1]).toContain(first);
        expect(last).toBeGreaterThan(reached);
        await tab.goto(new URL(`${name}.html`, address).href);
        await tab.getByText(/saved model/).waitFor();
        await tab.context().close();
      }),
  );

  test("a program that cannot be loaded: says so, and the button stays off", async () => {
    const other = await browser.newPage();
    await other.route("**/dist/index.js", (route) => route.abort());
    await other.goto(address);
    await other.locator("body[data-state=failed]").waitFor();
    expect(await other.getByRole("button", { name: "Train" }).isDisabled()).toBe(true);
    await other.close();
  });

  test.each(["train", "classify", "forecast"])("%s.html is short, has no form to submit, and links to the others", (name) => {
    const html = readFileSync(`${root}/examples/browser/${name}.html`, "utf8");
    expect(html.split("\n").length).toBeLessThanOrEqual(60);
    expect(html).not.toContain("<form");
    const links = Array.from(html.matchAll(/<a href="(\w+)\.html">/g), ([, to]) => to);
    expect([...links, name].sort()).toEqual(["classify", "forecast", "train"]);
  });

  test("asks nothing of any other host, and logs no error", () => {
    expect(strangers).toEqual([]);
    expect(errors).toEqual([]);
  });

  test("the server gives out dist and examples only", async () => {
    const status = async (path: string) => (await fetch(new URL(path, address))).status;
    expect(await status("/")).toBe(200);
    for (const path of [
      "/package.json",
      "/dist/../package.json",
      "/dist/%2e%2e/package.json",
      "/examples/..%2fpackage.json",
      "/dist/none.js",
    ]) {
      expect(await status(path), path).toBe(404);
    }
  });
});
