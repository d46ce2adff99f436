import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright";
import { expect, test } from "vitest";
import { full } from "../helpers/full.js";
import { temporaryFolder } from "../helpers/temporary-folder.js";
import { built, describeSite, expectAccessible, expectDrawn, isolated, keptOffline } from "./site.js";

/** The pages that stand at the root of each part. */
const roots = [
  "",
  ...readdirSync("site").flatMap((part) => (["lab", "inside", "notes", "docs", "bench"].includes(part) ? [`${part}/`] : [])),
];

const train = async (page: Page) => {
  await page.getByRole("button", { name: "Train it here" }).click();
  await page.getByText(/^Step (?:[2-9]\d|1\d\d|200) of 200/).waitFor();
};

describeSite("the shell of the site", (site) => {
  test("isolates its pages by the service worker, trains, and sends nothing to another origin", async () => {
    const { page, faults } = await site.open("");
    await isolated(page);
    await train(page);
    await expectDrawn(page);
    await expectAccessible(page);
    expect(faults).toEqual([]);
  });

  test("loads at most 350 kB, compressed, until the landing page and the Lab have made a first step", async () => {
    for (const [path, button] of [
      ["", "Train it here"],
      ["lab/language-model/", "Train"],
    ] as const) {
      const { page } = await site.open(path, { serviceWorkers: "block" });
      const files = new Set<string>();
      page.context().on("request", (request) => {
        // A worker's text comes from memory, by the address of a blob.
        if (request.url().startsWith(site.url))
          files.add(
            request
              .url()
              .slice(site.url.length)
              .replace(/^$|\/$/, "$&index.html"),
          );
      });
      await page.reload();
      await page.getByRole("button", { name: button, exact: true }).click();
      await page.locator("figure.chart .for-readers", { hasText: "points" }).first().waitFor({ state: "attached" });
      const sizes = [...files].map((file) => gzipSync(readFileSync(join(built, file)), { level: 9 }).length);
      const total = sizes.reduce((sum, size) => sum + size, 0);
      expect(total).toBeLessThan(350_000);
      expect(total).toBeGreaterThan(100_000);
    }
  });

  test("works with the server stopped after the first visit, on pages that nobody has visited", async () => {
    const { page, faults } = await site.open("");
    await isolated(page);
    await keptOffline(page);
    await site.stop();
    try {
      await page.reload();
      await train(page);
      for (const path of roots) {
        await page.goto(site.url + path);
        expect(await page.locator("h1").first().textContent()).not.toBe("");
      }
      expect(faults).toEqual([]);
    } finally {
      await site.restart();
    }
  });

  test("leads by the keyboard from the top of the page into the content and through the parts", async () => {
    const { page } = await site.open("");
    await isolated(page);
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to the content");
    await page.keyboard.press("Enter");
    expect(new URL(page.url()).hash).toBe("#main");
    await page.getByRole("button", { name: /^Theme/ }).focus();
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe("light");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe("dark");
    await expectAccessible(page);
  });

  test("finds a page by the keyboard, offline too", async () => {
    const { page, context, faults } = await site.open("");
    await isolated(page);
    await keptOffline(page);
    await context.setOffline(true);
    await page.keyboard.press("/");
    await page.keyboard.type("lstm cell");
    await page.getByRole("option", { name: /nn\.LSTMCell/ }).waitFor();
    await expectAccessible(page);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "nn.LSTMCell", level: 1 }).waitFor();
    expect(faults).toEqual([]);
  });

  full(() =>
    test("offers a new version, and keeps the old one until the page reloads", async () => {
      const { page } = await site.open("");
      await isolated(page);
      await keptOffline(page);
      const next = join(await temporaryFolder(), "next");
      mkdirSync(next);
      cpSync(built, next, { recursive: true });
      const index = join(next, "index.html");
      writeFileSync(index, readFileSync(index, "utf8").replace(/<h1>[^<]*/, "<h1>The next version"));
      const worker = join(next, "sw.js");
      const hash =
        /"index\.html":"(\w+)"/.exec(readFileSync(worker, "utf8"))?.[1] ??
        /index\.html["']?:["'](\w+)/.exec(readFileSync(worker, "utf8"))?.[1];
      expect(hash).toBeDefined();
      const [version] = /version:["'](\w+)/.exec(readFileSync(worker, "utf8"))?.slice(1) ?? [];
      const text = readFileSync(worker, "utf8").replaceAll(hash!, "0123456789abcdef").replaceAll(version!, "fedcba9876543210");
      writeFileSync(worker, text);
      await site.restart(next);
      try {
        await page.reload();
        expect(await page.locator("h1").textContent()).not.toBe("The next version");
        await page.getByRole("button", { name: "Reload" }).click();
        await page.getByRole("heading", { name: "The next version" }).waitFor();
      } finally {
        await site.restart();
      }
    }),
  );

  full(() =>
    test.each(roots)("shows %j wide and narrow, light and dark, without a serious finding or a part that is cut off", async (path) => {
      for (const width of [1280, 390])
        for (const colorScheme of ["light", "dark"] as const) {
          const { page, faults } = await site.open(path, { viewport: { width, height: 800 }, colorScheme });
          await isolated(page);
          await expectAccessible(page);
          expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
          expect(faults).toEqual([]);
        }
    }),
  );
});
