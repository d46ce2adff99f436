import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { chart, ticksOf } from "../../src/cli/page/chart.js";
import { escaped, html } from "../../src/cli/page/html.js";
import { contents, refuse, succeed, temporaryFolder, workplace } from "../helpers/cli.js";

const hostile = `<script>alert(1)</script> "quotes" & 'more' \u0007`;
const small = ["--hidden", 4, "--batch", 8, "--min-count", 1, "--epochs", 2];

/** A trained model, and the page about it. */
async function pageOf(kind: string, text: string, ...options: (string | number)[]) {
  const folder = await temporaryFolder();
  const [data, out] = [join(folder, "data<b>.tsv"), join(folder, "run")];
  await writeFile(data, text);
  await succeed(
    "train",
    kind,
    "--data",
    data,
    "--out",
    out,
    ...small,
    ...(options.includes("transformer") ? [] : ["--embed", 4]),
    ...options,
  );
  expect(await succeed("report", "--model", out)).toBe(`${join(out, "report.html")}\n`);
  return { folder, out, page: await readFile(join(out, "report.html"), "utf8") };
}

const reviews = Array.from({ length: 40 }, (_, i) => `${i % 2 ? "<i>good</i>" : "bad & dull"}\tword${i % 4} ${hostile}`).join("\n");

describe("report", () => {
  test("shows measures, confusion, errors, data and layers, and no text of the user's is markup", async () => {
    const { page } = await pageOf("classify", reviews, "--validation", 0.25);
    for (const part of [
      "<h2>Curves</h2>",
      "Confusion",
      "<h2>Validation</h2>",
      "TF-IDF with logistic regression",
      "weight_ih_l0 [12, 4]",
      "SHA-256",
      "--min-count",
    ])
      expect(page).toContain(part);
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt; &quot;quotes&quot; &amp; &#39;more&#39;");
    expect(page).toContain("&lt;i&gt;good&lt;/i&gt;");
    expect(page).toContain("data&lt;b&gt;.tsv");
    expect(page).not.toMatch(/<script|<i>|<b>\.tsv/);
    expect(page).not.toContain("\u0007");
  });

  test("loads nothing, and forbids to", async () => {
    const { page } = await pageOf("classify", reviews, "--validation", 0.25);
    expect(page).toContain("default-src &#39;none&#39;".replaceAll("&#39;", "'"));
    expect(page).not.toMatch(/\b(src|href)=|url\(|@import|https?:/);
  });

  test.each([
    [["--arch", "gru"], "attention of the decoder"],
    [["--arch", "transformer", "--heads", 2], "decoder.layers.0.multihead_attn"],
  ])("draws where a translator %j looks", async (options, title) => {
    const pairs = Array.from({ length: 20 }, (_, i) => `go ${i % 5} on\tva ${i % 5} donc`).join("\n");
    const { page } = await pageOf("translate", pairs, "--unit", "words", ...options);
    expect(page).toContain("<h2>Attention</h2>");
    expect(page).toContain(title);
    expect(page.match(/title="&lt;eos&gt;"/g)!.length).toBeGreaterThan(1);
  });

  test("of a language model shows its curves, what it writes and, of a transformer, where it looks", async () => {
    const { train, out, folder } = await workplace();
    const page = join(folder, "page.html");
    await succeed(
      ...train.slice(0, 5),
      out,
      "--arch",
      "transformer",
      "--layers",
      1,
      "--hidden",
      8,
      "--heads",
      2,
      "--context",
      8,
      "--steps",
      4,
      "--evaluate-every",
      2,
    );
    expect(await succeed("report", "--model", out, "--out", page, "--json")).toContain(JSON.stringify(page));
    const text = await readFile(page, "utf8");
    for (const part of ["<h2>Curves</h2>", "What it writes", "self_attn: mean of the heads", "perplexity, last"])
      expect(text).toContain(part);
  });

  test("says so where the folder has no history, and refuses what cannot be", async () => {
    const { out, folder } = await pageOf("classify", reviews);
    await writeFile(join(out, "history.jsonl"), "not json\n");
    await succeed("report", "--model", out);
    expect(await readFile(join(out, "report.html"), "utf8")).toContain("has no history.jsonl");
    await refuse(["report", "--model", join(folder, "nothing")], "the folder does not exist");
    await refuse(["report", "--model", out, "--out", join(folder, "nowhere", "a.html")], "--out", "the folder does not exist");
    await refuse(["report", "--model", out, "--out", folder], "--out", "it is a folder");
    await refuse(["report", "--model", out, "--out", " "], "--out is empty");
  });
});

describe("the page's parts", () => {
  test("every value of a template is escaped, but HTML", () => {
    expect(html`<p title="${'a"b'}">${html`<b>${"<x>"}</b>`}${["&", 1]}${false}${undefined}</p>`.text).toBe(
      '<p title="a&quot;b"><b>&lt;x&gt;</b>&amp;1</p>',
    );
    expect(escaped("a\ud800b\u0000")).toBe("a\ufffdb\ufffd");
  });

  test.each([
    [0, 10, [0, 2, 4, 6, 8, 10]],
    [0.31, 0.69, [0.4, 0.5, 0.6]],
    [-1e-6, 1e-6, [-1e-6, -5e-7, 0, 5e-7, 1e-6]],
    [5, 5, [5]],
  ])("ticks from %d to %d are round", (low, high, ticks) => {
    expect(ticksOf(low, high, 5)).toEqual(ticks);
  });

  test("a chart holds its curves, of one point too, and none of what is not finite", () => {
    const { text } = chart("Loss", "update", [
      { name: "a", points: [[1, 2]] },
      {
        name: "b",
        points: [
          [1, Number.NaN],
          [2, Number.POSITIVE_INFINITY],
        ],
      },
    ]);
    expect(text.match(/<polyline/g)).toHaveLength(1);
    expect(text).not.toMatch(/NaN|Infinity/);
    expect(chart("Loss", "update", []).text).toBe("");
  });
});

test("the history of a language model that was resumed is the same as of one that was not", async () => {
  const { train, out, folder, data } = await workplace();
  const whole = join(folder, "whole");
  const options = ["--evaluate-every", 4, "--checkpoint-every", 3];
  await succeed(...train, ...options, "--out", whole, "--steps", 12);
  await succeed(...train, ...options, "--steps", 6); // whose end brings an evaluation that no longer run has
  await succeed("train", "lm", "--data", data, "--out", out, "--resume", "--steps", 12);
  const linesOf = async (folder: string) =>
    (await contents(folder))!
      ["history.jsonl"]!.trim()
      .split("\n")
      .map((line) => JSON.parse(line))
      .filter(({ type }) => type !== "resume" && type !== "run")
      .map(({ seconds: _, ...line }) => line);
  const lines = await linesOf(out);
  expect(lines).toEqual(await linesOf(whole));
  expect(lines.map(({ type, step }) => `${type} ${step}`)).toEqual([
    ...[
      "training 3",
      "training 4",
      "evaluation 4",
      "training 6",
      "training 8",
      "evaluation 8",
      "training 9",
      "training 12",
      "evaluation 12",
    ],
    "end 12",
  ]);
});
