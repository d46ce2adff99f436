import { expect, test } from "vitest";
import { cosine, neighbors, project } from "../../site/inside/geometry.js";
import { cellsOf, matches } from "../../site/inside/phrase/search.js";
import { encoding, products } from "../../site/inside/positions/encoding.js";
import { views } from "../../site/inside/views.js";
import * as sg from "../../src/index.js";
import { full } from "../helpers/full.js";
import { describeSite, expectAccessible, expectDrawn, isolated } from "./site.js";

test("cosines and neighbors are those of the vectors", () => {
  const rows = [
    [1, 0],
    [2, 0.1],
    [0, 1],
    [-1, 0],
  ];
  expect(cosine([1, 2], [2, 4])).toBeCloseTo(1, 12);
  expect(cosine([1, 0], [0, 0])).toBe(0);
  expect(neighbors(rows, 0, 2).map(({ row }) => row)).toEqual([1, 2]);
});

test("a projection keeps the directions along which the rows differ most", () => {
  // Rows on a plane in 5 dimensions: 3 along one direction, 1 along another.
  const [a, b] = [
    [0.6, 0.8, 0, 0, 0],
    [0, 0, 0.6, 0, 0.8],
  ];
  const rows = Array.from({ length: 40 }, (_, i) => {
    const [p, q] = [3 * Math.cos(i * 1.7), Math.sin(i * 2.3)];
    return a!.map((x, d) => 5 + p * x + q * b![d]!);
  });
  const { points, directions } = project(rows);
  expect(Math.abs(cosine(directions[0]!, a!))).toBeCloseTo(1, 2);
  expect(Math.abs(cosine(directions[1]!, b!))).toBeCloseTo(1, 2);
  const spread = (c: 0 | 1) => points.reduce((sum, point) => sum + point[c] ** 2, 0);
  expect(spread(0)).toBeGreaterThan(5 * spread(1));
  // From where it stood, it does not turn.
  expect(cosine(project(rows, directions).directions[0]!, directions[0]!)).toBeCloseTo(1, 6);
});

test("the encodings of positions are those of the layer", async () => {
  await sg.init({ device: "wasm" });
  const [T, D] = [20, 8];
  const expected = sg.scope(() => new sg.nn.SinusoidalPositionalEncoding(D).forward(sg.zeros([1, T, D])).dataSync());
  const values = encoding(T, D);
  for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[i]!, 5);
  const cosines = products(values, T, D);
  for (let p = 0; p < T; p++) expect(cosines[p * T + p]).toBeCloseTo(1, 5);
  // The likeness of two positions depends on their distance alone.
  expect(cosines[0 * T + 3]).toBeCloseTo(cosines[10 * T + 13]!, 5);
});

test("a phrase is found again where its cells fire with the same signs", () => {
  const cells = 3;
  const letters = Array.from({ length: 30 }, () => [0.1, -0.1, 0.2]);
  for (const t of [4, 5, 20, 21]) letters[t] = [0.9, -0.8, 0];
  for (const t of [12, 13]) letters[t] = [0.9, 0.8, 0]; // the second cell fires with the other sign
  const states = Float32Array.from(letters.flat());
  expect(cellsOf(states, cells, 4, 6, 0.5)).toEqual([0, 1]);
  const found = matches(states, cells, { start: 4, end: 6 }, 0.5, 2);
  expect(found).toEqual([
    { start: 20, end: 22, score: 1 },
    { start: 12, end: 14, score: 0.5 },
  ]);
  expect(matches(states, cells, { start: 0, end: 2 }, 0.5, 2)).toEqual([]);
});

describeSite("Inside", (site) => {
  const opens = async (name: string) => {
    const { page, faults } = await site.open("");
    await isolated(page);
    await page.goto(`${site.url}inside/${name}/`);
    if (name !== "positions") {
      await page.getByText(/The training has ended/).waitFor({ timeout: 120_000 });
      await page.waitForTimeout(200);
    }
    await expectDrawn(page);
    await expectAccessible(page);
    expect(faults).toEqual([]);
    return page;
  };

  test("shows the gates of each letter, by the pointer and by the keyboard", async () => {
    const page = await opens("gates");
    const summary = await page.locator(".for-readers").textContent();
    const [first, last] = /from ([\d.]+) to ([\d.]+)/
      .exec(summary ?? "")!
      .slice(1)
      .map(Number);
    expect(last).toBeLessThan(first! / 2);
    await page.getByRole("button", { name: "T", exact: true }).first().focus();
    await page.keyboard.press("ArrowRight");
    await page.getByText("Letter 2, “h”").waitFor();
  });

  full(() =>
    test.each(views.map(({ name }) => name))("draws the view %s while its network trains, without a fault", async (name) => {
      const page = await opens(name);
      if (name === "connectivity") {
        await page.getByRole("button", { pressed: true }).focus();
        await page.keyboard.press("ArrowRight");
        await page.getByText(/number 32, a probability of [\d.]+ %/).waitFor();
        expect(await page.locator('.letters button[style*="--weight: 100"], .letters button[style*="--weight:100"]').count()).toBe(1);
      }
      if (name === "translator") {
        const rows = await page.locator("tbody tr").allTextContents();
        expect(rows[0]!.replace("with attention", "")).toBe(rows[2]!.replace("reference", ""));
        await page.getByRole("button", { name: "Write it again, word by word" }).click();
        await page.getByRole("button", { name: "Next word" }).click();
      }
      if (name === "heads") {
        await page.getByLabel("Matrix").selectOption({ index: 1 });
        await page.getByRole("button", { name: "dog" }).focus();
        await page.getByLabel("Matrix").selectOption({ index: 0 });
        await page.getByRole("textbox", { name: "Phrase" }).fill("");
        await page.getByText("The phrase has no words.").waitFor();
      }
      if (name === "embeddings") expect(await page.locator("tbody tr").first().textContent()).toMatch(/^(queen|prince|princess)/);
      if (name === "phrase") expect(await page.locator(".matches li").count()).toBe(8);
      await expectAccessible(page);
    }),
  );
});
