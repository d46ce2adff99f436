import { existsSync } from "node:fs";
import * as sg from "seqgrad";
import { beforeAll, describe, expect, test } from "vitest";
import { Series } from "../../site/engine/series.js";
import { linkOf, recipeOf } from "../../site/lab/link.js";
import { parseTune } from "../../site/lab/music/abc.js";
import { faultOf } from "../../site/lab/size.js";
import { defaultsOf, type LabTask } from "../../site/lab/task.js";
import { tasks } from "../../site/lab/tasks/index.js";
import { full, thinly } from "../helpers/full.js";

const taskOf = async (id: string): Promise<LabTask> => (await tasks[id]?.()) as unknown as LabTask;

describe("files of a reader's own", () => {
  const rows = (row: (i: number) => string) => Array.from({ length: 40 }, (_, i) => row(i));
  const files: Readonly<Record<string, { name: string; text: string; wrong: readonly number[]; note: RegExp }>> = {
    "language-model": { name: "a.txt", text: `\ufeff${"to be or not to be\r\n".repeat(40)}`, wrong: [], note: /760 characters/ },
    sentiment: {
      name: "a.tsv",
      text: rows((i) => (i === 3 ? "good" : `${i % 2 ? "good" : "bad"}\ta film, number ${i}`)).join("\n"),
      wrong: [4],
      note: /39 rows; column 1 is the label \(bad, good\), column 2 the text/,
    },
    tagging: {
      name: "a.conll",
      text: rows((i) => (i === 5 ? "Sarah\n" : `Sarah\tB-person\nsmiles\tO\n`)).join("\n"),
      wrong: [16],
      note: /39 sentences, 78 words, 2 tags/,
    },
    translation: {
      name: "a.csv",
      text: ["english,french", ...rows((i) => (i === 2 ? "one," : `"a ${i}, b",un ${i}`))].join("\n"),
      wrong: [4],
      note: /39 pairs; column 1 is the source, column 2 the target; the first line names them/,
    },
    forecast: {
      name: "a.csv",
      text: ["day,temp", ...Array.from({ length: 150 }, (_, i) => `${i},${i === 9 ? "warm" : Math.sin(i).toFixed(3)}`)].join("\n"),
      wrong: [11],
      note: /temp: a series/,
    },
    captions: {
      name: "a.csv",
      text: rows((i) => (i === 1 ? "a dot,x,1" : `a dot ${i},${i},1`)).join("\n"),
      wrong: [2],
      note: /39 pictures of 2/,
    },
    music: {
      name: "a.abc",
      text: rows((i) => `X:${i}\nT:A tune\nM:4/4\n${i === 4 ? "" : "K:G\n"}|:"G"GABc d2ef|g4 z4:|\n`).join("\n"),
      wrong: [25],
      note: /characters/,
    },
    sounds: {
      name: "a.tsv",
      text: rows((i) => (i === 0 ? "ab\t1,x" : `ab\t${i},1;2,${i};3,1`)).join("\n"),
      wrong: [1],
      note: /39 recordings of 2/,
    },
  };

  test("are tried for each task", () => {
    expect(Object.keys(files).sort()).toEqual(Object.keys(tasks).sort());
  });

  test.each(Object.entries(files))("%s says what it understood, and which lines it left out", async (id, { name, text, wrong, note }) => {
    const task = await taskOf(id);
    const { data, notes, problems } = await task.read(text, name);
    expect(problems.map(({ line }) => line)).toEqual(wrong);
    for (const { text: problem } of problems) expect(problem).toMatch(/\w{3}/);
    expect(notes.join("; ")).toMatch(note);
    const { columns, rows: shown } = task.preview(data);
    expect(shown.length).toBeGreaterThan(0);
    for (const row of shown) expect(row.length).toBe(columns.length);
  });

  test.each(Object.keys(files))("%s refuses a file of another kind with a message that names it", async (id) => {
    const task = await taskOf(id);
    const refused = Promise.resolve().then(() => task.read("nothing of use", "odd.txt"));
    await expect(refused).rejects.toThrow(/odd|holds|column|line/);
  });
});

test.each(Object.keys(tasks))("%s has settings that fit its own data, and a link that brings them back", async (id) => {
  const task = await taskOf(id);
  const { seed, ...settings } = { ...defaultsOf(task), seed: 1 };
  const [dataset] = task.datasets;
  const data = await dataset?.make();
  const values = { ...settings, seed };
  expect(() => task.check?.(data, values)).not.toThrow();
  expect(faultOf(task.size(data, values))).toBeUndefined();
  expect(task.updates(data, values)).toBeGreaterThan(20);
  const recipe = { data: dataset?.id ?? "", seed: 7, values: settings, changes: [{ step: 3, lr: 0.01 }], deterministic: true };
  expect(recipeOf(linkOf(recipe), task)).toEqual({ recipe, faults: [] });
});

full(() => {
  test.each(Object.keys(tasks))("%s draws the same data each time, and all of them fit its settings", async (id) => {
    const task = await taskOf(id);
    const values = { ...defaultsOf(task), seed: 1 };
    for (const dataset of task.datasets) {
      const data = await dataset.make();
      expect(await dataset.make()).toEqual(data);
      expect(() => task.check?.(data, values)).not.toThrow();
    }
  });
});

thinly(
  Object.keys(tasks),
  (id) => id === "language-model" || id === "captions",
  (chosen) =>
    test.each(chosen)("%s estimates its weights to a factor of two", async (id) => {
      const task = await taskOf(id);
      const values = { ...defaultsOf(task), seed: 1 };
      const data = await task.datasets[0]?.make();
      const trainer = await sg.worker.start({ device: "wasm", threads: 1, seed: 1 });
      const model = await task.create(trainer, data, values);
      const summary = await model.summary();
      trainer.close();
      const parameters = Math.max(...(summary.match(/\d[\d,]*/g) ?? []).map((text) => Number(text.replaceAll(",", ""))));
      const estimate = task.size(data, values).parameters;
      expect(estimate / parameters).toBeGreaterThan(0.5);
      expect(estimate / parameters).toBeLessThan(2);
    }),
);

describe("the losses of a run", () => {
  const series = (losses: readonly number[]) => {
    const made = new Series();
    for (const [i, loss] of losses.entries()) made.put(i + 1, loss);
    return made;
  };

  test("have a hash that each bit decides, and that a cut brings back", () => {
    const a = series([3, 2, 1]);
    expect(a.hash()).not.toBe(series([3, 2, 1 + 2 ** -23]).hash());
    expect(a.hash()).not.toBe(series([2, 3, 1]).hash());
    expect(a.hash(2)).toBe(series([3, 2]).hash());
    a.put(2, 5);
    expect(a.length).toBe(2);
    a.put(2, 2);
    a.put(3, 1);
    expect(a.hash()).toBe(series([3, 2, 1]).hash());
  });

  test("come back from a file, up to the update of its checkpoint", () => {
    const a = series(Array.from({ length: 700 }, (_, i) => 1 / (i + 1)));
    a.measured.push({ step: 300, measures: { loss: 0.5 } }, { step: 600, measures: { loss: 0.25 } });
    const b = Series.decode(a.encode(400));
    expect(b.length).toBe(400);
    expect(b.hash()).toBe(a.hash(400));
    expect(b.measured).toEqual([{ step: 300, measures: { loss: 0.5 } }]);
    expect(Series.decode(undefined).length).toBe(0);
  });

  test("make a curve of their means", () => {
    const { xs, ys } = series([4, 2, 3, 1, 5]).curve(3);
    expect(xs).toEqual([2, 4, 5]);
    expect(ys).toEqual([3, 2, 5]);
  });
});

describe("a tune in ABC notation", () => {
  const pitches = (text: string) => parseTune(text).notes.map(({ pitch }) => pitch);
  const lengths = (text: string) => parseTune(text).notes.map(({ length }) => length);

  test("has the pitches of its octaves, its key, and accidentals to the end of the bar", () => {
    expect(pitches("K:C\nC,CcC'c'")).toEqual([48, 60, 72, 72, 84]);
    expect(pitches("K:D\nFCc")).toEqual([66, 61, 73]);
    expect(pitches("K:F\nB")).toEqual([70]);
    expect(pitches("K:Edor\nFcG")).toEqual([66, 73, 67]);
    expect(pitches("K:C\n^FF|F=F_B")).toEqual([66, 66, 65, 65, 70]);
  });

  test("has the lengths of its unit, dotted pairs, triplets, ties and rests", () => {
    expect(lengths("M:4/4\nK:C\nC C2 C/ C3/2")).toEqual([0.5, 1, 0.25, 0.75]);
    expect(lengths("L:1/4\nK:C\nC>C C<C")).toEqual([1.5, 0.5, 0.5, 1.5]);
    expect(lengths("L:1/4\nK:C\n(3CDE F")).toEqual([2 / 3, 2 / 3, 2 / 3, 1]);
    const tied = parseTune("L:1/4\nK:C\nC-C z D");
    expect(tied.notes.map(({ start, length }) => [start, length])).toEqual([
      [0, 2],
      [3, 1],
    ]);
    expect(tied.length).toBe(4);
  });

  test("has the bars of its lines, and leaves out chords' names and ornaments", () => {
    const { notes, bars, length } = parseTune('M:4/4\nL:1/4\nK:C\n|:"Am"CD!trill!EF|{g}G4:|');
    expect(notes.length).toBe(5);
    expect(bars).toEqual([0, 4, 8]);
    expect(length).toBe(8);
  });
});

beforeAll(async () => {
  expect(existsSync("dist/index.js"), "run `npm run build` first").toBe(true);
});
