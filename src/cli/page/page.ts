import { perplexity } from "../../metrics/language.js";
import { isRecord } from "../../util/check.js";
import { formatNumber } from "../../util/format.js";
import { nth } from "../../util/nth.js";
import { flagOf } from "../../util/schema.js";
import { writtenOf } from "../flags.js";
import type { HistoryLine } from "../history.js";
import type { Baseline, Measures, Sample, Table } from "../judges/judge.js";
import { type Curve, chart, type Matrix, matrix, style } from "./chart.js";
import { type Html, html } from "./html.js";

/** The content of the page, without the history. */
export interface PageFacts {
  readonly name: string;
  readonly kind: string;
  /** The layers, as a table of text. */
  readonly summary: string;
  readonly written: readonly { readonly prompt: string; readonly text: string }[];
  readonly attention: readonly Matrix[];
}

/** An evaluation as the history keeps it. */
interface Judged {
  readonly examples: number;
  readonly measures: Measures;
  readonly tables?: readonly Table[];
  readonly notes?: readonly string[];
  readonly confusion?: { readonly labels: readonly string[]; readonly counts: readonly (readonly number[])[] };
  readonly errors?: readonly Sample[];
  readonly right?: readonly Sample[];
  readonly baselines?: readonly Baseline[];
  readonly better?: string;
}

const isMeasures = (value: unknown): value is Measures => isRecord(value) && Object.values(value).every((x) => typeof x === "number");

const lists = ["tables", "notes", "errors", "right", "baselines"];

/** True for a line of the history that is an evaluation; a person may have changed the file. */
const isJudged = (line: object): line is Judged =>
  "examples" in line &&
  typeof line.examples === "number" &&
  "measures" in line &&
  isMeasures(line.measures) &&
  Object.entries(line).every(([name, value]) => !lists.includes(name) || Array.isArray(value)) &&
  (!("confusion" in line) || isRecord(line.confusion));

/** The measures during training, and the steps where they were the best. */
const evaluationsIn = (history: readonly HistoryLine[]) =>
  history.flatMap(({ type, step, measures, best }) =>
    type === "evaluation" && step !== undefined && isMeasures(measures) ? [{ step, measures, best: best === true }] : [],
  );

/** The whole page, in one file that loads nothing. */
export function pageOf(history: readonly HistoryLine[], facts: PageFacts): string {
  const of = (event: string) => history.filter((line) => line.type === event);
  const [run = { type: "run" }] = of("run");
  const [validation, test] = ["validation", "test"].map((event) => of(event).flatMap((line) => (isJudged(line) ? [line] : []))[0]);
  const warnings = of("warning").map(({ message }) => html`<p class="note">${sentence(String(message))}</p>`);
  const title = `${facts.name}: ${String(run.command ?? facts.kind)}`;
  const body = html`<h1>${title}</h1>
<p class="soft">${facts.kind}</p>
${history.length === 0 && html`<p class="note">The folder has no history.jsonl: it was trained by an older version, or elsewhere. Curves and measures are missing.</p>`}
${warnings}
${curves(history)}
${validation && judged("Validation", validation)}
${test && judged("Test", test)}
${facts.written.length > 0 && html`<h2>What it writes</h2>${facts.written.map(({ prompt, text }) => html`<pre><b>${prompt}</b>${text}</pre>`)}`}
${facts.attention.length > 0 && html`<h2>Attention</h2><p class="soft">How much each row attends to each column: the stronger the color, the more.</p>${facts.attention.map(matrix)}`}
<h2>Model</h2><div class="scroll"><pre class="layers">${facts.summary}</pre></div>
<h2>Run</h2>${runFacts(history, run)}`;
  const csp = html`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">${csp}<meta name="viewport" content="width=device-width,initial-scale=1"><title>${title}</title>${style}</head>
<body><main>${body}</main></body></html>
`.text;
}

/** Loss, then each group of measures that are of one size. */
function curves(history: readonly HistoryLine[]): Html {
  const evaluations = evaluationsIn(history);
  const training = history.flatMap(({ type, step, loss }) =>
    (type === "epoch" || type === "training") && step !== undefined && typeof loss === "number" ? [[step, loss] as const] : [],
  );
  const best = evaluations.filter((line) => line.best).at(-1)?.step;
  const of = (name: string): Curve => ({
    name,
    points: evaluations.map(({ step, measures }) => [step, measures[name] ?? Number.NaN] as const),
  });
  const names = [...new Set(evaluations.flatMap(({ measures }) => Object.keys(measures)))].filter((name) => name !== "loss");
  const shares = names.filter((name) => evaluations.every(({ measures: { [name]: value = -1 } }) => value >= 0 && value <= 1));
  const rest = names.filter((name) => !shares.includes(name));
  const isError = (name: string) => /^(mae|persistence|seasonalNaive)/.test(name);
  const groups = [
    shares.filter((name) => !isError(name)),
    names.filter(isError),
    ...rest.filter((name) => !isError(name)).map((name) => [name]),
  ];
  const loss = chart(
    "Loss",
    "update",
    [
      { name: "training", points: training },
      { ...of("loss"), name: "validation" },
    ],
    best,
  );
  const charts = groups
    .filter((group) => group.length > 0)
    .map((group) =>
      chart(
        group.length > 1 ? (isError(nth(group, 0)) ? "Mean absolute errors" : "Measures") : nth(group, 0),
        "update",
        group.map(of),
        best,
      ),
    );
  if (training.length + evaluations.length === 0) return html``;
  return html`<h2>Curves</h2><div class="charts">${loss}${charts}</div>`;
}

function numbers(measures: Measures): Html {
  return html`<div class="numbers">${Object.entries(measures).map(([name, value]) => html`<div><b>${formatNumber(value)}</b><span>${name}</span></div>`)}</div>`;
}

function judged(
  title: string,
  { examples, measures, tables = [], notes = [], confusion, errors = [], right = [], baselines = [], better }: Judged,
): Html {
  const compared =
    baselines.length > 0 &&
    html`<h3>Beside baselines</h3><div class="scroll"><table class="names"><thead><tr><th></th>${Object.keys(nth(baselines, 0).measures).map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${baselines.map(({ name, measures: own }) => html`<tr><th scope="row" title="${name}">${name}</th>${Object.values(own).map((value) => html`<td>${formatNumber(value)}</td>`)}</tr>`)}</tbody></table></div>`;
  const shown =
    confusion &&
    matrix({
      title: "Confusion",
      rows: confusion.labels,
      columns: confusion.labels,
      values: confusion.counts,
      counts: true,
      axes: ["right", "answered"],
    });
  return html`<h2>${title}</h2><p class="soft">${examples} examples, by the model that was kept.</p>${numbers(measures)}
${better && html`<p class="note">${better}</p>`}${compared}
${tables.map(tableOf)}${notes.length > 0 && html`<pre>${notes.join("\n")}</pre>`}${shown}
${errors.length > 0 && html`<h3>Errors</h3>${samples(errors)}`}
${right.length > 0 && html`<h3>Right answers</h3>${samples(right.slice(0, 6))}`}`;
}

function tableOf({ title, columns, rows }: Table): Html {
  const body = rows.map(
    ([name, ...values]) =>
      html`<tr><th scope="row" title="${name}">${name}</th>${values.map((value) => html`<td>${typeof value === "number" ? formatNumber(value) : value}</td>`)}</tr>`,
  );
  return html`<h3>By ${title}</h3><div class="scroll"><table><thead><tr><th></th>${columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${body}</tbody></table></div>`;
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function samples(list: readonly Sample[]): Html {
  const items = list.map(({ input, expected, answer, right, confidence }) => {
    const sure = confidence === undefined ? "" : ` (${formatNumber(confidence)})`;
    const reply = answer === "" ? html`<i>nothing</i>` : answer;
    const answers = right
      ? html`<span class="good">${reply}${sure}</span>`
      : html`<span class="bad">${reply}${sure}</span> <span class="soft right">right:</span> <span class="good">${expected}</span>`;
    return html`<li><div class="in" dir="auto">${input}</div><div dir="auto"><span class="soft">answered:</span> ${answers}</div></li>`;
  });
  return html`<ul class="samples">${items}</ul>`;
}

/** The origin of the model. */
function runFacts(history: readonly HistoryLine[], run: HistoryLine): Html {
  const { data, files, examples, options, ...rest } = run;
  const entriesOf = (value: unknown) => (isRecord(value) ? Object.entries(value) : []);
  const fileOf = (file: unknown) => (isRecord(file) ? `${file.name}, SHA-256 ${file.sha256}` : String(file));
  const end = history.find(({ type }) => type === "end");
  const final = evaluationsIn(history).at(-1)?.measures;
  const rows: (readonly [string, string])[] = [
    ...(data ? [["data", fileOf(data)] as const] : []),
    ...entriesOf(files).map(([name, file]) => [name, fileOf(file)] as const),
    ...entriesOf(examples).map(([name, n]) => [`examples: ${name}`, String(n)] as const),
    ...(["parameters", "seed", "seqgrad", "node", "device"] as const).flatMap((name) =>
      rest[name] === undefined ? [] : [[name, String(rest[name])] as const],
    ),
    ...(end
      ? [["ended", `after ${end.step} updates, ${Math.round(Number(end.seconds))} seconds of training: ${end.reason}`] as const]
      : []),
    ...(end?.chosenBy ? [["kept by", String(end.chosenBy)] as const] : []),
    ...(run.command === "train lm" && final?.loss !== undefined
      ? [["perplexity, last", formatNumber(perplexity(final.loss))] as const]
      : []),
    ...history
      .filter(({ type }) => type === "resume")
      .map((line) => [`resumed after ${line.step}`, `seqgrad ${line.seqgrad}, node ${line.node}, ${line.device}`] as const),
  ];
  const table = (list: readonly (readonly [string, string])[]) =>
    html`<table class="facts"><tbody>${list.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>`;
  const chosen = entriesOf(options).filter(([, value]) => value !== "");
  return html`${table(rows)}${chosen.length > 0 && html`<details><summary>Options</summary>${table(chosen.map(([name, value]) => [flagOf(name), writtenOf(value)]))}</details>`}`;
}
