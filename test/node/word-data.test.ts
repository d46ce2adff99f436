import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("src/text/word-data.ts is what scripts/make-word-data.mjs makes", async () => {
  const script = "../../scripts/make-word-data.mjs";
  const { path, wordData } = await import(script);
  expect(readFileSync(path, "utf8")).toBe(await wordData());
});
