import { readFile } from "node:fs/promises";
import type { BrowserContext, Page } from "playwright";
import { expect, test } from "vitest";
import { findFirefox, noFirefox } from "../helpers/firefox.js";
import { full, thinly } from "../helpers/full.js";
import { describeSite, expectAccessible, expectDrawn, isolated, keptOffline, type Site } from "./site.js";

/** A short run of each card, by its link. */
const short: Readonly<Record<string, string>> = {
  "language-model": "data=almanac&steps=60&hidden=32",
  sentiment: "data=reviews&epochs=3",
  tagging: "data=names&epochs=2",
  translation: "data=french&epochs=2&hidden=32",
  forecast: "data=tides&epochs=2",
  captions: "data=one&epochs=2&hidden=32",
  music: "data=walks&steps=60&hidden=32",
  sounds: "data=melodies&epochs=4",
};

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const fact = async (page: Page, name: string) => (await page.locator(`[data-fact="${name}"]`).textContent()) ?? "";
const done = (page: Page) => page.getByText("It is done.").waitFor();
const hashOf = (page: Page) => page.locator("[data-hash]").getAttribute("data-hash");
const stepOf = async (page: Page) => Number((await fact(page, "update")).replaceAll(",", "").split(" ")[0]);

/** Waits until a run has made some updates. */
const updates = (page: Page, count: number) =>
  page.waitForFunction(
    (least) => Number((document.querySelector('[data-fact="update"]')?.textContent ?? "").replaceAll(",", "").split(" ")[0]) >= least,
    count,
  );

/** Opens a card by the link of a run. */
async function opened(site: Site, id: string, link = short[id] ?? "", options = {}) {
  const visit = await site.open(`lab/${id}/#${link}`, options);
  await isolated(visit.page);
  await button(visit.page, "Train").waitFor();
  return visit;
}

/** Opens a card in a context that the site knows already. */
async function again(context: BrowserContext, address: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(address);
  return page;
}

/** The losses at the ends of a run's curve, as the chart's summary for screen readers has them. */
async function ends(page: Page): Promise<[number, number]> {
  const summary = (await page.locator("figure.chart", { hasText: "Loss by update" }).locator(".for-readers").textContent()) ?? "";
  const [, first, last] = /loss: \d+ points, from ([\d.e+-]+) to ([\d.e+-]+)/.exec(summary) ?? [];
  return [Number(first), Number(last)];
}

async function crash(context: BrowserContext, page: Page): Promise<void> {
  const gone = page.waitForEvent("crash");
  const session = await context.newCDPSession(page);
  session.send("Page.crash").catch(() => {}); // no answer comes from a tab that has crashed
  await gone;
  await page.close();
}

const LONG = "data=almanac&steps=120&hidden=24&context=24&batch=8&dropout=0.2";
/** The hash of the run of LONG that nobody interrupts. */
let whole: Promise<string | null> | undefined;
const wholeHash = (site: Site, context: BrowserContext) =>
  (whole ??= (async () => {
    const page = await again(context, `${site.url}lab/language-model/#${LONG}`);
    await button(page, "Train").click();
    await done(page);
    return hashOf(page);
  })());

describeSite("the Lab", (site) => {
  test("trains by the keyboard, rests, makes one update, changes its rate, and a link repeats all of it bit for bit", async () => {
    const { page, context, faults } = await opened(site, "language-model", "data=almanac&steps=80&hidden=32");
    await page.getByLabel("Slow motion").focus();
    for (let i = 0; i < 20; i++) await page.keyboard.press("ArrowRight");
    await button(page, "Train").focus();
    await page.keyboard.press("Enter");
    await updates(page, 3);
    await button(page, "Pause").focus();
    await page.keyboard.press("Space");
    await button(page, "Step once").and(page.locator(":enabled")).waitFor();
    const rests = await stepOf(page);
    expect(rests).toBeLessThan(80);
    await button(page, "Step once").press("Enter");
    await updates(page, rests + 1);
    expect(await stepOf(page)).toBe(rests + 1);
    await page.getByLabel("Learning rate now").fill("0.001");
    await page.getByLabel("Slow motion").fill("0");
    await button(page, "Resume").press("Enter");
    await done(page);
    const [first, last] = await ends(page);
    expect(last).toBeLessThan(0.9 * first);
    await expectDrawn(page);
    await expectAccessible(page);
    await button(page, "Copy link").click();
    const link = new URL(page.url()).hash.slice(1);
    expect(link).toContain(`rates=${rests + 1}%3A0.001`);
    expect(faults).toEqual([]);
    const other = await again(context, `${site.url}lab/language-model/#${link}`);
    await other.getByLabel("Threads").selectOption("1");
    await button(other, "Train").click();
    await other.getByText("The same bits as in the link, after 80 updates.").waitFor();
    expect(await hashOf(other)).toBe(await hashOf(page));
  });

  const moments = Array.from({ length: 40 }, (_, i) => ({
    i,
    end: i % 2 === 0 ? "the tab crashes" : "its worker is terminated",
    after: 1 + ((i * 29) % 115),
    wait: (i * 7) % 13,
  }));
  thinly(
    moments,
    (_, i) => i === 2,
    (chosen) =>
      test.each(chosen)("a run ends in the same bits after $end, $wait ms after update $after", async ({ end, after, wait }) => {
        const visit = await site.open("lab/");
        await visit.context.addInitScript(() => {
          const workers: Worker[] = [];
          const Own = globalThis.Worker;
          Object.assign(globalThis, {
            workers,
            Worker: class extends Own {
              constructor(...args: ConstructorParameters<typeof Worker>) {
                super(...args);
                workers.push(this);
              }
            },
          });
        });
        await isolated(visit.page);
        let page = await again(visit.context, `${site.url}lab/language-model/#${LONG}`);
        await button(page, "Train").click();
        await updates(page, after);
        await page.waitForTimeout(wait);
        if (end === "the tab crashes") {
          await crash(visit.context, page);
          page = await again(visit.context, `${site.url}lab/language-model/`);
          await button(page, "Resume the run")
            .or(page.locator("td", { hasText: /^done$/ }))
            .waitFor();
          if (await button(page, "Resume the run").isVisible()) await button(page, "Resume the run").click();
          else await button(page, "Show").click();
        } else {
          await page.evaluate(() => (globalThis as unknown as { workers: Worker[] }).workers[0]?.terminate());
          await button(page, "Resume").or(page.getByText("It is done.")).waitFor();
          if (await button(page, "Resume").isVisible()) await button(page, "Resume").click();
        }
        await done(page);
        expect(await stepOf(page)).toBe(120);
        expect(await hashOf(page)).toBe(await wholeHash(site, visit.context));
      }),
  );

  full(() => {
    test.skipIf(!findFirefox())(`Firefox trains to the bits of Chromium${findFirefox() ? "" : ` (${noFirefox})`}`, async () => {
      const { page } = await opened(site, "forecast");
      await button(page, "Train").click();
      await done(page);
      const { launch } = await import("puppeteer-core");
      const firefox = await launch({ browser: "firefox", executablePath: findFirefox()!, headless: true });
      try {
        const other = await firefox.newPage();
        await other.goto(`${site.url}lab/forecast/#${short.forecast}`);
        await other.waitForFunction("crossOriginIsolated && document.querySelector('.run-actions .primary:enabled') !== null");
        await other.evaluate("document.querySelector('.run-actions .primary').click()");
        await other.waitForFunction("document.body.textContent.includes('It is done.')", { timeout: 120_000 });
        expect(await other.evaluate("document.querySelector('[data-hash]').dataset.hash")).toBe(await hashOf(page));
      } finally {
        await firefox.close();
      }
    });

    test.each(Object.keys(short))("%s trains, its loss falls, and it shows what it can do", async (id) => {
      const { page, faults } = await opened(site, id);
      await button(page, "Train").click();
      await done(page);
      const [first, last] = await ends(page);
      expect(last).toBeLessThan(0.95 * first);
      await page.getByText(/by a copy of the model in a second worker/).waitFor();
      await button(page, "Evaluate").click();
      await page.getByText("On data that were held back").waitFor();
      await page.waitForTimeout(200);
      await expectDrawn(page);
      await expectAccessible(page);
      const act = page.locator(".try button.primary").first();
      await act.click();
      await page.waitForTimeout(300);
      await expect.poll(() => act.isEnabled()).toBe(true);
      expect(await page.locator(".try .status.error").count()).toBe(0);
      expect(faults).toEqual([]);
    });

    test.each(Object.keys(short))("a link of %s repeats its run bit for bit, on other threads", async (id) => {
      const hashes = [];
      for (const threads of ["1", "2"]) {
        const { page } = await opened(site, id);
        await page.getByLabel("Threads").selectOption(threads);
        await button(page, "Train").click();
        await done(page);
        hashes.push(await hashOf(page));
      }
      expect(hashes[0]).toMatch(/^[0-9a-f]{8}$/);
      expect(hashes[1]).toBe(hashes[0]);
    });

    test("trains and resumes with the network cut and the server stopped", async () => {
      const { page, context, faults } = await opened(site, "language-model", LONG);
      await keptOffline(page);
      await site.stop();
      await context.setOffline(true);
      try {
        await page.reload();
        await button(page, "Train").click();
        await updates(page, 40);
        await page.reload();
        await button(page, "Resume the run").click();
        await done(page);
        const hash = await hashOf(page);
        expect(faults).toEqual([]);
        await context.setOffline(false);
        await site.restart();
        expect(hash).toBe(await wholeHash(site, context));
      } finally {
        await context.setOffline(false);
        await site.restart();
      }
    });

    test("keeps runs: names, compares, exports, imports and deletes them", async () => {
      const { page, faults } = await opened(site, "sentiment", "data=reviews&epochs=1");
      await button(page, "Train").click();
      await done(page);
      const name = page.getByLabel("Name of the run");
      await name.fill("first");
      await name.blur();
      const downloading = page.waitForEvent("download");
      await button(page, "Export").click();
      const zip = await readFile(await (await downloading).path());
      await page.getByText("Import a run").click();
      await page.locator('input[accept=".zip"]').setInputFiles({ name: "first.zip", mimeType: "application/zip", buffer: zip });
      await expect.poll(() => name.count()).toBe(2);
      for (const box of await page.getByLabel("Compare first").all()) await box.check();
      await page.getByText("Losses of the runs that are marked", { exact: true }).waitFor();
      await page.waitForTimeout(200);
      await expectDrawn(page);
      await button(page, "Delete").first().click();
      await expect.poll(() => name.count()).toBe(1);
      await page.reload();
      expect(await name.inputValue()).toBe("first");
      await button(page, "Show").click();
      await done(page);
      await page.locator(".try button.primary").first().click();
      await page.locator(".bars").waitFor();
      expect(faults).toEqual([]);
    });

    test("moves a run to other threads while it trains, to the same bits, and stops and resets it", async () => {
      const { page, context } = await opened(site, "language-model", LONG);
      await button(page, "Train").click();
      await updates(page, 20);
      await page.getByLabel("Threads").selectOption("1");
      await done(page);
      expect(await hashOf(page)).toBe(await wholeHash(site, context));
      await button(page, "Reset").click();
      await page.getByLabel("Slow motion").fill("10");
      await button(page, "Train").click();
      await updates(page, 2);
      await button(page, "Stop").click();
      await page.getByText("It has stopped, with a checkpoint.").waitFor();
      await page.getByLabel("Slow motion").fill("0");
      await button(page, "Resume").click();
      await done(page);
      expect(await hashOf(page)).toBe(await wholeHash(site, context));
    });

    test("refuses what does not fit the memory, and settings of a link that are out of their limits", async () => {
      const { page } = await opened(site, "language-model", "data=none&steps=60&hidden=5000&arch=cnn&seed=1");
      expect(await page.locator(".status.error").first().textContent()).toMatch(
        /data "none".*Network is "cnn".*Units of a layer is 5000|cnn.*5000.*none/s,
      );
      for (const [label, value] of Object.entries({
        "Units of a layer": "1024",
        Layers: "8",
        "Windows of an update": "256",
        "Tokens of a window": "512",
      }))
        await page.getByLabel(label).fill(value);
      await page.getByText(/This run needs about \d+ MB; this page takes at most/).waitFor();
      expect(await button(page, "Train").isDisabled()).toBe(true);
      await page.getByLabel("Layers").fill("99");
      await page.getByText("Expected a whole number from 1 to 8.").waitFor();
    });

    test("trains on a file of the reader's own, shows rows that are wrong, and a link says which file is missing", async () => {
      const { page } = await opened(site, "sentiment");
      const rows = Array.from({ length: 60 }, (_, i) => (i % 2 ? `good,a fine film ${i}` : `bad,"a dull film, ${i}"`));
      rows.splice(7, 0, "good");
      rows.splice(20, 0, ",nothing");
      const buffer = Buffer.from(["label,text", ...rows].join("\n"));
      await page.getByText("Use my file").click();
      await page.locator('input[accept=".csv,.tsv"]').setInputFiles({ name: "mine.csv", mimeType: "text/csv", buffer });
      await page.getByText("2 rows were left out").waitFor();
      const problems = page.getByRole("table", { name: "Rows that were left out" });
      expect(await problems.locator("tbody tr").allTextContents()).toEqual([
        expect.stringMatching(/^9.*1 cell; expected 2/),
        expect.stringMatching(/^22.*label is empty/),
      ]);
      await button(page, "Train").click();
      await done(page);
      await button(page, "Copy link").click();
      const link = new URL(page.url()).hash.slice(1);
      const other = await site.open(`lab/sentiment/#${link}`);
      await other.page.getByText(/a file of its author's: mine\.csv, with the hash [0-9a-f]{16}/).waitFor();
      await isolated(other.page);
      await other.page.locator('input[accept=".csv,.tsv"]').setInputFiles({ name: "mine.csv", mimeType: "text/csv", buffer });
      await button(other.page, "Train").click();
      await other.page.getByText("The same bits as in the link").waitFor();
    });
  });
});
