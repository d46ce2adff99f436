import { describe, expect, test } from "vitest";
import { parseSeries, type SeriesTable, type SeriesTableOptions } from "../../src/data/index.js";
import { expectRejection } from "../helpers/errors.js";

const days = (steps: number, from = "2024-01-01") =>
  Array.from({ length: steps }, (_, t) => new Date(Date.parse(from) + t * 86_400_000).toISOString().slice(0, 10));
const wave = (t: number) => (20 + 5 * Math.sin(t / 2)).toFixed(2);
/** A table of a column of dates and one of numbers, cell by cell. */
const table = (
  cell: (t: number) => string = wave,
  { head = "date,x", steps = 30, time = (day: string, _t: number) => day, sign = "," } = {},
) => `${[head, ...days(steps).map((day, t) => `${time(day, t)}${sign}${cell(t)}`)].join("\n")}\n`;
const usesOf = ({ columns }: SeriesTable) => Object.fromEntries(columns.map(({ name, use, why }) => [name, use === "none" ? why : use]));
const parse = (text: string, options: SeriesTableOptions = {}) => parseSeries(text, { name: "t.csv", ...options });

describe("the series of a table are", () => {
  test("columns of numbers, unless they have no name, are constant, count the rows, or hold dates, times or texts", async () => {
    const rows = days(5).map((day, t) => [t, day, wave(t), 12, 100 + 3 * t, "2024-02-02", "08:00", `note ${t}`, "", ""].join(","));
    const read = await parse([",day,temp,station,id,updated,at,note,none,", ...rows].join("\n"));
    expect(read.series).toMatchObject({ steps: 5, channels: 1, names: ["temp"] });
    expect(read.columns.map(({ column, use, why }) => [column, use, why])).toEqual([
      [1, "none", "it has no name"],
      [2, "time", "a day apart"],
      [3, "series", ""],
      [4, "none", "it is constant, 12"],
      [5, "none", "it counts the rows by whole numbers that rise"],
      [6, "none", "it holds dates"],
      [7, "none", "it holds times of day"],
      [8, "none", 'it holds texts, such as "note 0"'],
      [9, "none", "it is empty"],
      [10, "none", "it is empty"],
    ]);
    expect(read.notes).toEqual([]);
  });

  test("those that are asked for, by name in capitals or not or by number, in that order", async () => {
    const text = "day,temp,station,id\na,1.5,12,1\nb,2.5,12,2\nc,1.5,12,3\n";
    const read = await parse(text, { columns: ["ID", 3, "temp"] });
    expect(read.series.names).toEqual(["id", "station", "temp"]);
    expect([...read.series.values.slice(0, 3)]).toEqual([1, 12, 1.5]);
    await expectRejection(
      "format",
      parse(text, { columns: ["tmp"] }),
      't.csv, line 1: columns: ["tmp"]: no column is named "tmp"; did you mean "temp"?',
    );
    await expectRejection("format", parse(text, { columns: [5] }), "column 5 does not exist; the rows have 4 cells");
    await expectRejection("format", parse(text, { columns: ["day"] }), 't.csv, line 2, column 1 ("day"): "a" is not a number');
    await expectRejection("value", parse(text, { columns: ["id", "id"] }), "names a column twice");
  });

  test("whole numbers that rise, where there is nothing else", async () => {
    const read = await parse('date,"temp\n°C"\nd1,1\nd2,2\nd3,3\n');
    expect(read.series.names).toEqual(["temp °C"]);
    expect([...read.series.values]).toEqual([1, 2, 3]);
    await expectRejection(
      "format",
      parse("a,b\nx,1\ny,1\nz,1\n"),
      'no column is a series: "a" (it holds texts, such as "x"), "b" (it is constant, 1)',
    );
  });

  test("found with semicolons, tabs, Excel's first line, and what spreadsheets leave at the ends", async () => {
    for (const sign of [";", "\t", ","]) {
      const { series } = await parse(`\ufeff${table(undefined, { sign, head: `date${sign}x` })}`.replaceAll("\n", "\r\n"));
      expect([series.names, series.steps, series.values[1]]).toEqual([["x"], 30, 22.4]);
    }
    expect((await parse("sep=;\r\nd;x\r\na;1\r\nb;3\r\n")).series.values).toEqual(Float64Array.of(1, 3));
    expect((await parse("d,x,,\na,1,,\nb,3\n,,,\n,,\n")).series.values).toEqual(Float64Array.of(1, 3));
    expect((await parse("d,x\na,1,\nb,3,\n")).series.values).toEqual(Float64Array.of(1, 3));
    expect((await parse("d|x\na|1\nb|3\n", { delimiter: "|" })).series.values).toEqual(Float64Array.of(1, 3));
    await expectRejection("format", parse("d,x\na,1\nb,3,4\n"), "t.csv, line 3, column 3: the row has 3 cells; expected 2");
    await expectRejection("format", parse("d,x\n"), "t.csv holds no row below its header");
    await expectRejection(
      "format",
      parse("2024-01-01,5\n2024-01-02,6\n"),
      "line 1, column 1: the first row holds numbers; expected a header",
    );
    await expectRejection("format", parse("d,x,X,x\na,1,2,3\nb,2,3,1\n"), 'line 1: columns 2 and 4 are both named "x"');
  });
});

describe("numbers are", () => {
  const cell = (text: string) => `d,x\n${["a", "b", "c", "d"].map((day, t) => `${day},"${t === 1 ? text : t}"`).join("\n")}`;
  const all = (text: string) => `d,x\n${["a", "b", "c", "d"].map((day, t) => `${day},"${text}${t}"`).join("\n")}`;

  test.each([
    ["2,000", 'thousands: "," reads it as 2000, decimal: "," reads it as 2.'],
    ["20,1", 'decimal: "," reads it as 20.1'],
    ["1.234,5", 'decimal: "," with thousands: "." reads it as 1234.5'],
    ["1 234,5", 'decimal: "," with thousands: " " reads it as 1234.5'],
    ["1'234.5", `thousands: "'" reads it as 1234.5`],
    ["12,34,567", 'thousands: "," reads it as 1234567'],
    ["$20.1", 'strip: ["$"] reads it as 20.1'],
    ["-20,1 €", 'decimal: "," with strip: ["€"] reads it as -20.1'],
    ["5 %", 'strip: ["%"] reads it as 5'],
    ["0x1F", "write it as 31"],
    ["(5.5)", "write -5.5"],
    ["1e999", '"1e999" is not a number'],
    ...["", "NA", "null", "NaN", "-", "#N/A"].map((text) => [text, `"${text}" is a missing value; fill it in, or give fill: "previous"`]),
  ])("refused by cell, with what reads them: %j", async (text, advice) => {
    await expectRejection("format", parse(cell(text!)), `t.csv, line 3, column 2 ("x"): ${JSON.stringify(text)} is`, advice!);
  });

  test("named by their own cell where the whole column is so", async () => {
    await expectRejection(
      "format",
      parse(all("2,08")),
      "line 2, column 2",
      'thousands: "," reads it as 2080, decimal: "," reads it as 2.08',
    );
    const mixed = 'd,x\na,"2,083"\nb,"2,1"\nc,"2,2"\n';
    await expectRejection("format", parse(mixed), 'line 2, column 2 ("x"): "2,083" is not a plain number; decimal: "," reads it as 2.083.');
  });

  test.each([
    [["1.234,5", "-2,25", "3"], { decimal: ",", thousands: "." }, [1234.5, -2.25, 3]],
    [["1\u202f234,5", "1 234 567", ",5"], { decimal: ",", thousands: " " }, [1234.5, 1234567, 0.5]],
    [["12,34,567", "1,000.5", "7"], { thousands: "," }, [1234567, 1000.5, 7]],
    [["$20.1", "-$3", "US$ 4"], { strip: ["US$", "$"] }, [20.1, -3, 4]],
    [["\u22125", "+1e-6", " .5 "], {}, [-5, 1e-6, 0.5]],
  ] as [string[], SeriesTableOptions, number[]][])("read as the options say: %j", async (cells, options, values) => {
    const { series } = await parse(`d;x\n${cells.map((text, t) => `d${t};${text}`).join("\n")}`, options);
    expect([...series.values]).toEqual(values);
  });

  test("filled where that is asked for", async () => {
    const text = "d,x,y\na,1,5\nb,NA,\nc,,5\nd,7,9\n";
    expect([...(await parse(text, { fill: "previous" })).series.values]).toEqual([1, 5, 1, 5, 1, 5, 7, 9]);
    expect([...(await parse(text, { fill: "linear" })).series.values]).toEqual([1, 5, 3, 5, 5, 5, 7, 9]);
    await expectRejection("format", parse("d,x\na,\nb,2\nc,3\n", { fill: "previous" }), "line 2, column 2", "no value stands before it");
    await expectRejection("format", parse("d,x\na,1\nb,2\nc,\n", { fill: "linear" }), "line 4, column 2", "no value follows");
    expect([...(await parse("x\n1\n\n4\n", { fill: "linear" })).series.values]).toEqual([1, 2.5, 4]);
    await expectRejection("format", parse("x\n1\n\n4\n"), "line 3, column 1", "the line is empty");
  });
});

describe("times", () => {
  test.each([
    ["days", (day: string) => day, "a day apart"],
    ["days without signs", (day: string) => day.replaceAll("-", ""), "a day apart"],
    ["days in front", (day: string) => day.split("-").reverse().join("/"), "a day apart"],
    ["German days", (day: string) => day.split("-").reverse().join("."), "a day apart"],
    ["American days", (day: string) => day.replace(/(\d+)-(\d+)-(\d+)/, "$2/$3/$1"), "a day apart"],
    ["months", (_: string, t: number) => `${2020 + Math.floor(t / 12)}-${String((t % 12) + 1).padStart(2, "0")}`, "a month apart"],
    ["quarters", (_: string, t: number) => `${2000 + (t >> 2)}-Q${(t & 3) + 1}`, "3 months apart"],
    ["hours of a zone", (_: string, t: number) => new Date(3.6e6 * t).toISOString().replace("Z", "+02:00"), "an hour apart"],
    ["seconds since 1970", (_: string, t: number) => String(1_700_000_000 + 60 * t), "a minute apart"],
    ["milliseconds since 1970", (_: string, t: number) => String(1_700_000_000_000 + 250 * t), "250 milliseconds apart"],
  ] as [string, (day: string, t: number) => string, string][])("of %s are known", async (_, time, step) => {
    const read = await parse(table(undefined, { time }));
    expect(usesOf(read)).toEqual({ date: "time", x: "series" });
    expect([read.columns[0]!.why, read.notes]).toEqual([step, []]);
    expect(read.series.values[1]).toBe(22.4);
  });

  test("that are out of order are sorted, which is said", async () => {
    const rows = table().trim().split("\n");
    const turned = [rows[0], ...rows.slice(1).reverse()].join("\n");
    const read = await parse(turned);
    expect(read.series).toEqual((await parse(table())).series);
    expect(read.notes).toEqual(['the newest rows stand first; they were put in the order of "date"']);
    [rows[3], rows[7]] = [rows[7]!, rows[3]!];
    const swapped = await parse(rows.join("\n"));
    expect(swapped.series).toEqual(read.series);
    expect(swapped.notes).toEqual(['the rows were sorted by "date": line 5 is the first out of order']);
    expect([...(await parse(rows.join("\n"), { time: false, columns: ["x"] })).series.values.slice(2, 3)]).toEqual([Number(wave(6))]);
  });

  test("that skip steps are named, and filled where that is asked for; weekends are none", async () => {
    const rows = table().trim().split("\n");
    rows.splice(11, 2); // 11 and 12 January
    const gap = await parse(rows.join("\n"));
    expect(gap.series.steps).toBe(28);
    expect(gap.notes).toEqual([
      '"date" skips 2 steps of a day: after line 11 (2024-01-10); the rows are taken as evenly spaced; fill: "previous" or fill: "linear" fills them',
    ]);
    const filled = await parse(rows.join("\n"), { fill: "linear" });
    expect(filled.series.steps).toBe(30);
    const [from, to] = [Number(wave(9)), Number(wave(12))];
    expect(filled.series.values[10]).toBeCloseTo(from + (to - from) / 3, 12);
    const weekdays = table(undefined, { steps: 60 })
      .trim()
      .split("\n")
      .filter((row, r) => r === 0 || ![0, 6].includes(new Date(row.slice(0, 10)).getUTCDay()));
    const business = await parse(weekdays.join("\n"));
    expect([business.columns[0]!.why, business.notes]).toEqual(["business days", []]);
    weekdays.splice(5, 1);
    expect((await parse(weekdays.join("\n"))).notes[0]).toContain('"date" skips 1 step of a business day: after line 5 (2024-01-04)');
  });

  test("that stand twice, are none, or keep to no step are refused by line", async () => {
    await expectRejection(
      "format",
      parse("date,x\n2024-01-01,1\n2024-01-02,3\n2024-01-01,2\n"),
      't.csv, line 4, column 1 ("date"): "2024-01-01" stands in line 2 too; keep one row for each time',
    );
    const long = `date,station,x\n${days(6)
      .flatMap((day, t) => [`${day},1,${wave(t)}`, `${day},2,${wave(t + 1)}`])
      .join("\n")}`;
    await expectRejection(
      "format",
      parse(long),
      "line 3, column 1",
      "6 rows have a time that stands before",
      '"station" seems to distinguish several series',
    );
    await expectRejection(
      "format",
      parse("date,x\n2023-02-28,1\n2023-02-29,3\n2023-03-01,2\n"),
      'line 3, column 1 ("date"): "2023-02-29" is not a date',
    );
    await expectRejection("format", parse("date,x\n2023-02-28,1\n,3\n2023-03-01,2\n"), "line 3, column 1", "the time is missing");
    expect((await parse("date,x\n2024-02-28,1\n2024-02-29,3\n2024-03-01,2\n")).notes).toEqual([]);
    const wild = [1, 2, 40, 41, 300, 337, 338, 900].map(
      (s, t) => `2024-01-01 00:${String(Math.floor(s / 60)).padStart(2, "0")}:${String(s % 60).padStart(2, "0")},${wave(t)}`,
    );
    await expectRejection("format", parse(["date,x", ...wild].join("\n")), "the times do not rise evenly", "time: false");
    await expectRejection(
      "format",
      parse(table(undefined, { steps: 12, time: (_, t) => `01/${String(t + 1).padStart(2, "0")}/2024` })),
      "line 2, column 1",
      "may have its day first or its month; write dates as 2024-01-01",
    );
  });

  test("may stand in two columns, of days and times of day", async () => {
    const rows = Array.from(
      { length: 60 },
      (_, t) => `${10 + Math.floor(t / 24)}/03/2004;${String(t % 24).padStart(2, "0")}.00.00;${wave(t)};;`,
    );
    const read = await parse(["Date;Time;CO;;", ...rows, ";;;;", ";;;;"].join("\n"));
    expect([read.columns[0]!.why, read.series.steps, read.notes]).toEqual(["an hour apart", 60, []]);
  });
});

test("parseSeries refuses options that it does not know, or of another kind", async () => {
  const text = table();
  await expectRejection("value", parse(text, { decimals: "," } as object), '"decimals" is not an option. Did you mean "decimal"?');
  for (const [options, message] of [
    [{ decimal: ";" }, 'decimal is ";"; give "." or ","'],
    [{ thousands: "x" }, 'thousands is "x"'],
    [{ thousands: "." }, 'thousands is "."; it is the decimal sign too; give decimal: "," with it'],
    [{ strip: "$" }, 'strip is "$"; give a list'],
    [{ columns: "x" }, 'columns is "x"; give a list'],
    [{ columns: [{}] }, "columns have an object"],
    [{ time: true }, "time is true"],
    [{ fill: "zero" }, 'fill is "zero"'],
    [{ delimiter: "ab" }, 'delimiter is "ab"; give one sign'],
    [{ name: 5 }, "name is a number"],
  ] as [object, string][])
    await expectRejection("value", parseSeries(text, options), `parseSeries: ${message}`);
  await expectRejection("value", parseSeries(null as unknown as string), "the text is null");
});
