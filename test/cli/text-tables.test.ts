import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, test, vi } from "vitest";
import { cli, jsonLines, refuse } from "../helpers/cli.js";
import { temporaryFolder } from "../helpers/temporary-folder.js";

const texts = {
  bad: ["poor acting here", "the music is awful", "slow and empty plot"],
  good: ["the music is wonderful", "a great story", "a lovely film"],
};
/** Labels and texts in turn, some of them often. */
const rows = Array.from(
  { length: 24 },
  (_, i) => (i % 2 === 0 ? ["bad", texts.bad[(i / 2) % 3]!] : ["good", texts.good[((i - 1) / 2) % 3]!]) as [string, string],
);
const tsv = (head: string | undefined, row: (label: string, text: string, i: number) => string) =>
  `${[...(head === undefined ? [] : [head]), ...rows.map(([label, text], i) => row(label, text, i))].join("\n")}\n`;

async function trained(text: string, name: string, ...options: (string | number)[]) {
  const folder = await temporaryFolder();
  const [data, out] = [join(folder, name), join(folder, "run")];
  await writeFile(data, text);
  const small = ["--hidden", 4, "--embed", 4, "--epochs", 1, "--min-count", 1, "--validation", 0];
  const outcome = await cli("train", "classify", "--data", data, "--out", out, ...small, ...options);
  return { folder, data, out, ...outcome };
}
const argsIn = async (out: string) => JSON.parse(await readFile(join(out, "training_args.json"), "utf8"));
const configIn = async (out: string) => JSON.parse(await readFile(join(out, "config.json"), "utf8"));

describe("a table of labels and texts is read", () => {
  const tables: [string, string, string, unknown, string][] = [
    ["in this order", "t.tsv", tsv(undefined, (label, text) => `${label}\t${text}`), { labelColumn: "1", textColumn: "2" }, ""],
    ["by their names", "t.tsv", tsv("Text\tLabel", (label, text) => `${text}\t${label}`), { labelColumn: "Label", textColumn: "Text" }, ""],
    [
      "by other words for them",
      "t.csv",
      tsv("review,sentiment", (label, text) => `"${text}",${label}`),
      { labelColumn: "sentiment", textColumn: "review" },
      '"sentiment" is taken for the label, "review" is taken for the text',
    ],
    [
      "by a header of any words",
      "t.tsv",
      tsv("humor\tnota", (label, text) => `${label}\t${text}`),
      { labelColumn: "humor", textColumn: "nota" },
      'line 1 is taken for a header, which names "humor", "nota"; --header no',
    ],
    [
      "by a header over numbers",
      "t.tsv",
      tsv("grade given\tthe note", (label, text) => `${label.length}\t${text}`),
      { labelColumn: "grade given" },
      "line 1 is taken for a header",
    ],
    [
      "text first",
      "t.tsv",
      tsv(undefined, (label, text) => `${text}\t${label}`),
      { labelColumn: "2", textColumn: "1" },
      "column 1 is taken for the text and column 2, which has few different cells, for the label; --label-column 1 and --text-column 2",
    ],
    [
      "without pandas' row numbers",
      "t.csv",
      tsv(",mood,note", (label, text, i) => `${i},${label},"${text}"`),
      { labelColumn: "mood", textColumn: "note" },
      "column 1 is left out: it has no name",
    ],
    [
      "without row numbers and a header",
      "t.tsv",
      tsv(undefined, (label, text, i) => `${i}\t${label}\t${text}`),
      { labelColumn: "2", textColumn: "3" },
      "column 1 is left out: it counts the rows",
    ],
    [
      "as a spreadsheet leaves it",
      "t.csv",
      tsv("v1;v2;;", (label, text) => `${label};${text};;`),
      { labelColumn: "v1", textColumn: "v2" },
      "column 3 is left out: it has no name",
    ],
  ];
  test.each(tables)("%s", async (_, name, text, reading, said) => {
    const { status, stderr, out } = await trained(text, name);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    if (said === "") expect(stderr).toBe("");
    else expect(stderr).toContain(said);
    expect(await argsIn(out)).toMatchObject(reading as object);
    expect((await configIn(out)).labels).toHaveLength(2);
  });

  test("as options say, by name or number", async () => {
    const text = tsv("id\tmood\tnote\tmore", (label, words, i) => `${i}\t${label}\t${words}\tx`);
    const named = await trained(text, "t.tsv", "--label-column", "mood", "--text-column", "3");
    expect([named.status, named.stderr, (await configIn(named.out)).labels]).toEqual([0, "", ["bad", "good"]]);
    const none = await trained(text, "t.tsv", "--label-column", "mod");
    expect(none.stderr).toContain('line 1: --label-column mod: no column is named "mod"; did you mean "mood"?');
    expect((await trained(text, "t.tsv")).stderr).toContain(
      'column 3: the row has 4 cells ("id", "mood", "note", "more"); expected label, text, or a header that names them; --label-column 2 says where the label stands.',
    );
    const row = await trained(
      tsv("humor\tnota", (label, words) => `${label}\t${words}`),
      "t.tsv",
      "--header",
      "no",
    );
    expect((await configIn(row.out)).labels).toEqual(["bad", "good", "humor"]);
    const sign = await trained(
      tsv(undefined, (label, words) => `${label}|${words}`),
      "t.txt",
      "--delimiter",
      "|",
    );
    expect((await configIn(sign.out)).labels).toEqual(["bad", "good"]);
  });

  test("and does not take a row with a rare label for a header", async () => {
    const { stderr, out } = await trained(`fair\tneither of the two\n${tsv(undefined, (label, text) => `${label}\t${text}`)}`, "t.tsv");
    expect([stderr, (await configIn(out)).labels]).toEqual(["", ["bad", "fair", "good"]]);
  });
});

test("a label of the held-back part alone is counted as missed, and said", async () => {
  const text = tsv(undefined, (label, words) => `${label}\t${words}`);
  const folder = await temporaryFolder();
  const held = join(folder, "held.tsv");
  await writeFile(held, "good\ta lovely film\nfair\tneither of the two\nfair\tso so\n");
  const { status, stderr, stdout } = await trained(text, "t.tsv", "--validation-file", held, "--json");
  expect(status).toBe(0);
  expect(stderr).toContain(
    `warning: ${held}: the model does not know the label "fair" (line 2, 2 in all); every such example counts as missed.\n`,
  );
  expect(jsonLines(stdout).find(({ type }) => type === "evaluation").measures.accuracy).toBeLessThanOrEqual(1 / 3);
});

describe("predict", () => {
  const trainedCsv = () =>
    trained(
      tsv("mood,note", (label, text) => `${label},"${text}"`),
      "t.csv",
    );

  test("reads tables as train does, and answers every row in its place", async () => {
    const { folder, out, data } = await trainedCsv();
    const inputsOf = async (name: string, text: string, ...options: string[]) => {
      const file = join(folder, name);
      await writeFile(file, text);
      const { status, stdout, stderr } = await cli("predict", "--model", out, file, "--json", ...options);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      return jsonLines(stdout).map(({ input }) => input);
    };
    expect(await inputsOf("a.csv", 'note\n"dull, slow film"\n"fine, lovely\nfilm"\n')).toEqual(["dull, slow film", "fine, lovely\nfilm"]);
    expect(await inputsOf("b.csv", "id,note,mood\r\n1,dull film,bad\r\n2,,good\r\n")).toEqual(["dull film", ""]);
    expect(await inputsOf("c.tsv", "text\ndull, slow film\n\nfine film\n")).toEqual(["dull, slow film", "", "fine film"]);
    expect(await inputsOf("d.tsv", "dull film\nfine film")).toEqual(["dull film", "fine film"]);
    expect(await inputsOf("e.tsv", "x\ty\n1\tdull film\n", "--text-column", "y")).toEqual(["dull film"]);
    expect(await inputsOf("f.csv", "a;b\n1;dull film\n", "--text-column", "2", "--header", "yes")).toEqual(["dull film"]);
    expect(await inputsOf("g.txt", "note, mood\n\nfine film\n\n")).toEqual(["note, mood", "", "fine film", ""]);
    expect(await inputsOf("h.csv", await readFile(data, "utf8"))).toEqual(rows.map(([, text]) => text));
    await refuse(["predict", "--model", out, "--input", "x", "--decimal", ","], "--decimal is not an option for a model of classify");
  });

  test("decodes stdin as it decodes files", async () => {
    const { out } = await trainedCsv();
    const ask = async (bytes: Uint8Array) => {
      const stdin = vi.spyOn(process, "stdin", "get").mockReturnValue(Readable.from([bytes]) as unknown as typeof process.stdin);
      try {
        return await cli("predict", "--model", out, "--json");
      } finally {
        stdin.mockRestore();
      }
    };
    const { stdout } = await ask(new TextEncoder().encode("\ufeffa fine film\r\n\r\nso dull\r\n"));
    expect(jsonLines(stdout).map(({ input }) => input)).toEqual(["a fine film", "", "so dull"]);
    expect((await ask(Uint8Array.of(0x61, 0xff, 0x0a))).stderr).toContain("stdin: byte 1 (0xff) is not UTF-8");
    expect((await ask(Uint8Array.of(0xff, 0xfe, 0x61, 0))).stderr).toContain("UTF-16");
  });
});
