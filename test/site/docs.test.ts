import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import * as exporting from "../../src/export/index.js";
import * as sg from "../../src/index.js";
import * as forNode from "../../src/node.js";
import { full } from "../helpers/full.js";
import { built, describeSite, expectAccessible, isolated } from "./site.js";

/** The values of a module by their names, namespaces included: "softmax", "nn.LSTM". */
const namesIn = (module: object, prefix = ""): string[] =>
  Object.entries(module).flatMap(([name, value]) =>
    Object.prototype.toString.call(value) === "[object Module]" ? namesIn(value, `${prefix}${name}.`) : [prefix + name],
  );

const htmlOf = (path: string) => readFileSync(join(built, path, "index.html"), "utf8");
const blocks = (text: string) => Array.from(text.matchAll(/^```js\n([\s\S]*?)^```/gm), ([, code]) => code ?? "");

describeSite("the docs", (site) => {
  describe("as files", () => {
    let pages: string[];
    beforeAll(() => {
      pages = readdirSync(join(built, "docs"), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith("index.html"))
        .map((name) => `docs/${name.replaceAll("\\", "/").replace(/index\.html$/, "")}`);
    });

    test("have a page for every value that the package exports, and the index names it", () => {
      const titles = new Set(
        pages.filter((path) => path.startsWith("docs/api/")).map((path) => /<title>(.*?)(?: · seqgrad)?<\/title>/.exec(htmlOf(path))?.[1]),
      );
      const names = [sg, forNode, exporting].flatMap((module) => namesIn(module));
      expect(names.length).toBeGreaterThan(300);
      expect(names.filter((name) => !titles.has(name))).toEqual([]);
      const index = htmlOf("docs/api/");
      expect(names.filter((name) => !index.includes(`<code>${name}</code>`))).toEqual([]);
    });

    test("link to nothing that is not there", () => {
      const ids = new Map<string, Set<string>>();
      const idsOf = (path: string) => {
        if (!ids.has(path)) ids.set(path, new Set(Array.from(htmlOf(path).matchAll(/ id="([^"]+)"/g), ([, id]) => id ?? "")));
        return ids.get(path) ?? new Set();
      };
      const broken = pages.flatMap((page) =>
        Array.from(htmlOf(page).matchAll(/<a [^>]*href="([^":]*)"/g), ([, link]) => link ?? "").flatMap((link) => {
          const { pathname, hash } = new URL(link, `http://site/${page}`);
          const path = pathname.slice(1);
          const isPage = existsSync(join(built, path, "index.html"));
          const isThere = isPage && (hash === "" || idsOf(path).has(hash.slice(1)));
          return isThere ? [] : [`${page}: ${link}`];
        }),
      );
      expect(broken).toEqual([]);
    });

    test("give language models every page, and only code that the tests run", () => {
      const list = readFileSync(join(built, "llms.txt"), "utf8");
      const linked = Array.from(list.matchAll(/\]\(([^)]+)\):/g), ([, path]) => path ?? "");
      expect(linked.filter((path) => !existsSync(join(built, path, "index.html")))).toEqual([]);
      expect(pages.filter((path) => !linked.includes(path))).toEqual([]);
      // test/node/docs.test.ts runs the code of these files; `npm run hosts` runs that of hosts.md.
      const run = ["README.md", ...readdirSync("docs").map((name) => `docs/${name}`)].filter((path) => path.endsWith(".md"));
      const known = new Set(run.flatMap((path) => blocks(readFileSync(path, "utf8"))));
      const shown = blocks(readFileSync(join(built, "llms-full.txt"), "utf8"));
      expect(shown.length).toBeGreaterThan(20);
      expect(shown.filter((code) => !known.has(code))).toEqual([]);
    });
  });

  test("find a name by the keyboard, and run its example in place", async () => {
    const { page, faults } = await site.open("docs/");
    await isolated(page);
    await page.keyboard.press("/");
    await page.keyboard.type("softmax");
    const options = page.getByRole("option");
    await options.filter({ hasText: /^softmax / }).waitFor();
    const texts = await options.allTextContents();
    const at = texts.findIndex((text) => text.startsWith("softmax "));
    for (let i = 0; i < at; i++) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.waitForURL(/docs\/api\/softmax\/$/);
    await page.getByRole("button", { name: "Run this example" }).first().click();
    await page.locator('.demo[data-state="done"] [role="log"]').waitFor({ timeout: 60_000 });
    await expectAccessible(page);
    expect(faults).toEqual([]);
  });

  full(() => {
    test.each(["docs/", "docs/first-model/", "docs/api/", "docs/api/nn.LSTM/", "docs/examples/gpt/"])(
      "are accessible and fit into 390 pixels: %s",
      async (path) => {
        for (const colorScheme of ["light", "dark"] as const) {
          const { page, faults } = await site.open(path, { viewport: { width: 390, height: 800 }, colorScheme });
          await isolated(page);
          await expectAccessible(page);
          expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
          expect(faults).toEqual([]);
        }
      },
    );

    test("train a first model on a file, in the page that the guide shows", async () => {
      const [, html = ""] = /```html\n([\s\S]*?)```/.exec(readFileSync("docs/first-model.md", "utf8")) ?? [];
      const { page, faults } = await site.open("");
      await isolated(page);
      await page.context().route("**/first-model-test/**", (route) => {
        const isScript = route.request().url().endsWith(".mjs");
        const body = isScript ? readFileSync("dist/seqgrad.min.mjs", "utf8") : html;
        return route.fulfill({ body, contentType: isScript ? "text/javascript" : "text/html" });
      });
      const bare = await page.context().newPage();
      await bare.goto(`${site.url}first-model-test/`);
      const rows = Array.from({ length: 40 }, (_, i) => ["good\ta fine film", "bad\ta dull film"][i % 2]).join("\n");
      await bare.getByText("Choose a file").waitFor();
      await bare.getByLabel("Your file").setInputFiles({ name: "reviews.tsv", mimeType: "text/plain", buffer: Buffer.from(rows) });
      await bare.getByText(/^good, /).waitFor({ timeout: 60_000 });
      await bare.getByLabel("A text").fill("a dull film");
      await bare.getByText(/^bad, /).waitFor();
      expect(faults).toEqual([]);
    });
  });
});
