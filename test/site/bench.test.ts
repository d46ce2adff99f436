import { expect, test } from "vitest";
import { measure } from "../../site/bench/measure.js";
import * as sg from "../../src/index.js";
import { full } from "../helpers/full.js";
import { describeSite, expectAccessible, isolated } from "./site.js";

test("measures products, memory and steps, and says what it used", async () => {
  const figures: { name: string; value: number; unit: string }[] = [];
  const info = await measure(sg as never, { device: "wasm", threads: 1, round: 1 }, (figure) => figures.push(figure));
  expect(figures.map(({ unit }) => unit)).toEqual([..."1234"].map(() => "GFLOP/s").concat("GB/s", "ms", "ms", "ms", "ms"));
  expect(figures.every(({ value }) => value > 0 && Number.isFinite(value))).toBe(true);
  expect(info).toMatch(/WebAssembly/);
});

full(() => {
  describeSite("the bench page", (site) => {
    test("measures each number of threads, and gives the figures as JSON", async () => {
      const { page, faults } = await site.open("bench/");
      await isolated(page);
      // A GPU in software says nothing of speed.
      await page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, "gpu"));
      await page.reload();
      await page.getByRole("button", { name: "Measure" }).focus();
      await page.keyboard.press("Enter");
      await page.getByText("Done.").waitFor({ timeout: 240_000 });
      await page.getByText("The figures as JSON").click();
      const { runs } = JSON.parse((await page.locator("#json").textContent()) ?? "") as {
        runs: { figures: { value: number }[]; info: string }[];
      };
      expect(runs.length).toBeGreaterThan(0);
      for (const { figures, info } of runs) {
        expect(figures.map(({ value }) => value > 0)).toEqual(Array(9).fill(true));
        expect(info).not.toBe("");
      }
      await expectAccessible(page);
      expect(faults).toEqual([]);
    });
  });
});
