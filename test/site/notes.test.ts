import { describe, expect, test } from "vitest";
import { chaptersOf } from "../../site/notes/chapter.js";
import * as sg from "../../src/index.js";
import { full } from "../helpers/full.js";
import { describeSite, expectAccessible, expectDrawn, isolated } from "./site.js";

type Chapter = ReturnType<typeof chaptersOf>[number];
type Code = (library: typeof sg, show: object, control: (name: string) => unknown) => Promise<void>;
const AsyncFunction = (async () => {}).constructor as new (...texts: string[]) => Code;

const chapters = chaptersOf("site/notes");

/** Runs the code of a chapter in this process; returns its lines, its matrices and its last answer. */
async function run({ code, control }: Chapter, seed = 1, value = control.value) {
  const lines = new Map<string, number[]>();
  const matrices = new Map<string, readonly (readonly number[])[]>();
  let answer: unknown;
  const show = {
    line(chart: string, values: Readonly<Record<string, number>>) {
      for (const [name, y] of Object.entries(values)) lines.set(`${chart}: ${name}`, [...(lines.get(`${chart}: ${name}`) ?? []), y]);
    },
    matrix: (title: string, { values }: { values: number[][] }) => matrices.set(title, values),
    text() {},
    table() {},
    answer(choice: unknown) {
      answer = choice;
    },
    frame: () => new Promise((resolve) => setImmediate(resolve)),
  };
  const text = code.replace('import * as sg from "seqgrad";\n', "").replace("const seed = 1;", `const seed = ${seed};`);
  await new AsyncFunction("sg", "show", "control", text)(sg, show, (name) => (name === control.name ? value : undefined));
  return { lines, matrices, answer };
}

const mean = (numbers: readonly number[]) => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
/** How much a line falls: the mean of its first tenth less that of its last. */
function fall(ys: readonly number[]): number {
  const tenth = Math.ceil(ys.length / 10);
  return mean(ys.slice(0, tenth)) - mean(ys.slice(-tenth));
}

/** Of each chapter the answer at its first setting, and at others. */
const answers: Readonly<Record<string, readonly (readonly [value: number | string, answer: string])[]>> = {
  "01-shapes-of-problem": [
    ["recurrent", "yes"],
    ["each word alone", "no"],
  ],
  "02-recurrence": [[8, "yes"]],
  "03-bptt": [
    [12, "yes"],
    [6, "no"],
  ],
  "04-vanishing-and-exploding": [
    [1.4, "it holds"],
    [0.5, "it vanishes"],
    [3, "it explodes"],
  ],
  "05-clipping-and-identity": [
    ["clipping", "yes"],
    ["identity", "yes"],
  ],
  "06-lstm": [
    [3, "yes"],
    [0, "no"],
  ],
  "07-gru": [
    [3, "yes"],
    [0, "no"],
  ],
  "08-bidirectional": [
    ["both", "yes"],
    ["forward only", "no"],
  ],
  "09-encoder-decoder": [[16, "yes"]],
  "10-teacher-forcing": [
    [1, "yes"],
    [0, "no"],
  ],
  "11-reversing-and-depth": [
    ["reversed", "yes"],
    ["in order", "no"],
  ],
  "12-bottleneck": [[32, "only the short ones"]],
  "13-attention": [
    ["additive", "red"],
    ["none", "nowhere"],
  ],
  "14-window": [
    [3, "yes"],
    [1, "no"],
    [15, "no"],
  ],
  "15-self-attention": [
    ["on", "yes"],
    ["off", "no"],
  ],
  "16-queries-keys-values": [[64, "divided"]],
  "17-heads": [
    [2, "yes"],
    [1, "no"],
  ],
  "18-masks": [
    ["on", "yes"],
    ["off", "no"],
  ],
  "19-positions": [
    [1, "yes"],
    [0, "no"],
  ],
  "20-transformer": [
    [8, "norm first"],
    [2, "both"],
  ],
  "21-words-into-numbers": [
    [2, "yes"],
    [1, "no"],
  ],
  "22-word-vectors": [[3, "yes"]],
  "23-writing": [[0.5, "1"]],
};

describe("the chapters of the notes", () => {
  test("ask what one of their choices answers, and name what the package exports", () => {
    expect(chapters.map(({ name }) => name)).toEqual(Object.keys(answers));
    for (const { name, control, question, api, code } of chapters) {
      expect(answers[name]?.[0]?.[0], name).toBe(control.value);
      for (const [, answer] of answers[name] ?? []) expect(question.choices, name).toContain(answer);
      expect(code, name).toContain(`control("${control.name}")`);
      for (const path of api)
        expect(
          path.split(".").reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], sg),
          `${name}: ${path}`,
        ).toBeDefined();
    }
  });

  test("distinguish a bank of money from one of a river by self-attention alone", async () => {
    const chapter = chapters.find(({ name }) => name === "15-self-attention");
    const { lines, answer } = await run(chapter as Chapter);
    expect(fall(lines.get("Loss: money or river") ?? [])).toBeGreaterThan(0.5);
    expect(answer).toBe("yes");
  });
});

full(() => {
  for (const chapter of chapters)
    for (const [value, expected] of answers[chapter.name] ?? [])
      test.each([1, 2, 3])(`${chapter.name} answers "${expected}" at ${value}, with seed %i`, async (seed) => {
        const { lines, matrices, answer } = await run(chapter, seed, value);
        expect(answer).toBe(expected);
        for (const values of matrices.values())
          for (const row of values) {
            expect(row).toHaveLength(values[0]?.length ?? 0);
            expect(row.every(Number.isFinite)).toBe(true);
          }
        const losses = [...lines].filter(([name]) => name.startsWith("Loss"));
        // Other settings may learn nothing: that is what some chapters show.
        if (value === chapter.control.value) expect(losses.some(([, ys]) => fall(ys) > 0.4 || fall(ys) > ys[0]! / 2)).toBe(true);
        for (const [, ys] of lines) expect(ys.every(Number.isFinite)).toBe(true);
      });
});

full(() =>
  describeSite("the sandbox of a chapter", (site) => {
    const runs = async (code: string) => {
      const { page } = await site.open("notes/02-recurrence/");
      await isolated(page);
      await page.evaluate(() => {
        localStorage.secret = "of the page";
      });
      const editor = page.getByRole("textbox", { name: "Code of this page" });
      await editor.fill(code);
      await editor.press("Control+Enter");
      return page;
    };

    test("keeps its code from the page, its storage and the network, and lets it compute", async () => {
      const page = await runs(`import * as sg from "seqgrad";
await sg.init();
console.log("sum", sg.sum(sg.ones([3])).dataSync()[0]);
for (const [name, reach] of Object.entries({
  document: () => document.body,
  parent: () => parent.document.body,
  localStorage: () => localStorage.secret,
  indexedDB: () => new Promise((resolve, reject) => { const open = indexedDB.open("x"); open.onsuccess = resolve; open.onerror = () => reject(new Error("refused")); }),
  fetch: () => fetch("${site.url}").then((response) => response.text()),
})) console.log(name, await Promise.resolve().then(reach).then(() => "reached", () => "refused"));
console.log("end");`);
      await page.getByText("The code has ended.").waitFor();
      const log = await page.getByRole("log").textContent();
      expect(log).toBe("sum 3\ndocument refused\nparent refused\nlocalStorage refused\nindexedDB refused\nfetch refused\nend");
    });

    test("stops an endless loop, and says at which line the code failed", async () => {
      const page = await runs("console.warn('before');\nfor (;;);");
      await page.getByRole("button", { name: "Stop", exact: true }).click();
      await page.getByText("Stopped.").waitFor();
      const editor = page.getByRole("textbox", { name: "Code of this page" });
      await editor.fill("const a = 1;\nmissing(a);");
      await editor.press("Control+Enter");
      await page.getByText("Line 2: ReferenceError: missing is not defined").waitFor();
    });

    test("gives a lecture large type, and the chapter alone", async () => {
      const { page } = await site.open("notes/02-recurrence/");
      await isolated(page);
      const size = () =>
        page.evaluate(() => Number.parseFloat(getComputedStyle(document.querySelector(".chapter p:nth-of-type(2)")!).fontSize));
      const before = await size();
      await page.getByRole("button", { name: "Present" }).click();
      expect(await size()).toBeGreaterThan(1.4 * before);
      expect(await page.locator(".aside").isVisible()).toBe(false);
      await expectAccessible(page);
    });
  }),
);

full(() =>
  describeSite("the chapters of the notes, in a page", (site) => {
    test.each(chapters)("$name trains, draws, answers, and restarts by the keyboard", async ({ name, control }) => {
      const { page, faults } = await site.open(`notes/${name}/`);
      await isolated(page);
      await page.locator(".demo").scrollIntoViewIfNeeded();
      const ended = () => page.locator('.demo[data-state="done"]').waitFor({ timeout: 120_000 });
      await ended();
      await expectDrawn(page);
      const summary = await page.locator("figure.chart", { hasText: "Loss" }).first().locator(".for-readers").textContent();
      const fell = [...(summary ?? "").matchAll(/from ([\d.e+-]+) to ([\d.e+-]+)/g)].some(
        ([, first, last]) => Number(last) < 0.9 * Number(first),
      );
      expect(fell, summary ?? "").toBe(true);
      await page.locator("#answer button").first().focus();
      await page.keyboard.press("Enter");
      await page.getByText("The model answers:").waitFor();
      await expectAccessible(page);
      await page.emulateMedia({ colorScheme: "dark" });
      await page.setViewportSize({ width: 390, height: 844 });
      await expectAccessible(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);

      const field = page.getByLabel(control.label);
      await field.focus();
      await page.keyboard.press("ArrowDown");
      await page.locator('.demo[data-state="running"]').waitFor();
      await ended();
      expect(faults).toEqual([]);
    });
  }),
);
