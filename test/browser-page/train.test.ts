import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findChromium, noChromium } from "../helpers/chromium.js";
import { full } from "../helpers/full.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const launchOptions = findChromium();
const missing = !launchOptions ? noChromium : existsSync(`${root}/dist/index.js`) ? "" : "no dist/: run `npm run build`";

describe.skipIf(missing)(`the page that trains in a tab${missing && ` (${missing})`}`, () => {
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
    page.on("request", (request) => new URL(request.url()).host !== new URL(address).host && strangers.push(request.url()));
    await page.goto(address);
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    server?.kill();
  });

  const text = (id: string) => page.locator(`#${id}`).textContent();

  test("trains the model and prints its loss, which falls, and then a text", { timeout: 120_000 }, async () => {
    await page.locator("#device", { hasText: "WebAssembly" }).waitFor();
    await page.getByLabel("Hidden units").fill("64");
    await page.getByLabel("Steps").fill("60");
    const losses = await page.evaluateHandle(() => {
      const shown: number[] = [];
      const loss = document.getElementById("loss")!;
      new MutationObserver(() => shown.push(Number(loss.textContent))).observe(loss, { childList: true });
      return shown;
    });
    await page.getByRole("button", { name: "Train" }).click();
    await page.locator("body[data-state=done]").waitFor({ timeout: 100_000 });
    const shown = await losses.jsonValue();
    expect(shown.length).toBe(60);
    expect(shown.at(-1)).toBeLessThan(0.8 * shown[0]!);
    expect(await text("step")).toBe("60 of 60");
    expect(await text("speed")).toMatch(/^[1-9]/);
    expect((await text("output"))!.length).toBeGreaterThan(400);
  });

  test("reads a table, whose reader is loaded when it is asked for", async () => {
    const cells = await page.evaluate(`import("/dist/index.js").then((sg) => sg.data.parseCsv('a,"b,c"')).then(([row]) => row.cells)`);
    expect(cells).toEqual(["a", "b,c"]);
  });

  test("says in words what is wrong with the text", async () => {
    await page.getByLabel("Text").fill("too short");
    await page.getByRole("button", { name: "Train" }).click();
    await page.locator("body[data-state=failed]").waitFor();
    expect(await text("message")).toMatch(/longer text/);
  });

  /** Opens the page with one of its files answered otherwise, and reads what it says. */
  async function opened(file: string, answer: "hangs" | "fails" | string, act: (page: Page) => Promise<void>) {
    const other = await browser.newPage();
    const asked: string[] = [];
    try {
      other.on("request", (request) => asked.push(request.url()));
      await other.route(file, async (route) => {
        if (answer === "fails") await route.abort();
        else if (answer !== "hangs") await route.fulfill({ contentType: "text/javascript", body: answer });
      });
      await other.goto(address, { waitUntil: "commit" });
      await act(other);
      // Neither a click, nor Enter, nor a script submits the form.
      await other.getByLabel("Text").fill("my secret");
      await other.getByRole("button", { name: "Train" }).click({ force: true });
      await other.getByLabel("Steps").press("Enter");
      await other.evaluate(`document.querySelector("form").submit()`);
      await other.waitForTimeout(200);
      expect(new URL(other.url()).search).toBe("");
      expect(asked.filter((url) => url.includes("secret"))).toEqual([]);
    } finally {
      await other.close();
    }
  }

  full(() => {
    test("submits no form while its program loads, and none after it could not be loaded", async () => {
      await opened("**/dist/index.js", "hangs", async (page) => {
        await page.getByText("Loading …").waitFor();
        expect(await page.getByRole("button", { name: "Train" }).isDisabled()).toBe(true);
      });
      await opened("**/dist/index.js", "fails", async (page) => {
        await page.getByText("This page cannot train").waitFor();
        expect(await page.getByRole("button", { name: "Train" }).isDisabled()).toBe(true);
      });
    });
  });

  test("shows the message of init() where that fails", async () => {
    const failing = `export const data = { sampleText: "" }; export const init = async () => { throw new Error("no WebAssembly here"); };`;
    await opened("**/dist/index.js", failing, async (page) => {
      await page.getByText("no WebAssembly here").waitFor();
      expect(await page.getByRole("button", { name: "Train" }).isDisabled()).toBe(true);
    });
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
