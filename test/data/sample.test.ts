import { expect, test } from "vitest";
import { sampleText } from "../../src/data/sample.js";

test("the sample is short, plain and ends with a line", () => {
  expect(sampleText.length).toBeGreaterThan(12_000);
  expect(sampleText.length).toBeLessThan(16_000);
  expect([...new Set(sampleText)].sort().join("")).toBe("\n ,.;ADFHIJMNOSTWabcdefghiklmnopqrstuvwxyz");
  expect(sampleText.endsWith(".\n")).toBe(true);
});

test("its days are those of a year that begins on a Monday, five a month, in order", () => {
  const ordinals = ["", ..."first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth".split(" ")];
  const date = new Intl.DateTimeFormat("en", { weekday: "long", month: "long", timeZone: "UTC" });
  const days = Array.from({ length: 365 }, (_, i) => new Date(Date.UTC(2001, 0, 1 + i))).map((day) => {
    const { weekday, month } = Object.fromEntries(date.formatToParts(day).map(({ type, value }) => [type, value]));
    return `${weekday}, the ${ordinals[day.getUTCDate()]} of ${month}.`;
  });
  const found = sampleText.split("\n").filter((line) => /^[A-Z][a-z]*day, the /.test(line));
  const positions = found.map((line) => days.indexOf(line));
  expect(found.length).toBe(60);
  expect(positions).not.toContain(-1);
  expect(positions).toEqual(positions.toSorted((a, b) => a - b));
});

test("every entry has five lines, and what went out came home", () => {
  const entries = sampleText.split("\n\n").filter((part) => part.includes("day, the "));
  for (const entry of entries) {
    const [, wind, tide, , evening, ...rest] = entry.trimEnd().split("\n");
    expect(wind).toMatch(/^(Wind from|No wind at all)/);
    expect(tide).toMatch(/^High tide at/);
    expect(evening).toMatch(/^In the evening, /);
    expect(rest).toEqual([]);
    const boats = /; (\w+) boats? out, (\w+) boats? home/.exec(tide!);
    if (boats) expect(boats[1]).toBe(boats[2]);
  }
});
