import { defineCommand } from "citty";
import { SeqgradError } from "../util/errors.js";
import { formatNumber } from "../util/format.js";
import { evaluateLM, lmLines } from "./evaluate-lm.js";
import { betterBaseline, confusionLines, errorsOf, oneLine, tableLines } from "./judges/judge.js";
import { holdsLM } from "./lm.js";
import { warn } from "./notes.js";
import { deviceOptions, initDevice, numberOption } from "./options.js";
import { formatMeasures } from "./task-report.js";
import { openTask, searchOf, searchOptions } from "./tasks/kinds.js";
import { readingOf, readingOptions } from "./tasks/reading.js";
import { modelStore, readText } from "./training-run.js";

const args = {
  model: { type: "string", required: true, description: "The folder of a trained model", valueHint: "DIR" },
  data: { type: "string", required: true, description: "A file as for training; for a language model a text", valueHint: "FILE" },
  errors: { type: "string", description: "Wrong answers to print, the most confident first (Default: 5)", valueHint: "N" },
  baseline: {
    type: "string",
    description: "The file that the model was trained on, to compare the model with a baseline of it",
    valueHint: "FILE",
  },
  ...searchOptions,
  ...readingOptions,
  json: { type: "boolean", description: "Print one JSON object" },
  ...deviceOptions,
} as const;

/** The options that do not apply to a language model. */
const ofTasks = ["errors", "baseline", ...Object.keys(searchOptions), ...Object.keys(readingOptions)] as (keyof typeof args & string)[];

export const evaluate = defineCommand({
  meta: { name: "evaluate", description: "Measure a trained model on examples" },
  args,
  async run({ args }) {
    const most = numberOption("errors", args.errors ?? "5", { low: 0, integer: true });
    const text = await readText("--data", args.data);
    await initDevice(args);
    const print = (line: string) => process.stdout.write(`${line}\n`);
    const store = await modelStore(args.model);
    if (await holdsLM(store)) {
      const stray = ofTasks.find((name) => args[name] !== undefined);
      if (stray) throw new SeqgradError("value", `--${stray} is not an option for a language model; leave it out.`);
      const evaluation = await evaluateLM(store, text, args.data);
      if (args.json) print(JSON.stringify({ type: "end", ...evaluation }));
      else for (const line of lmLines(evaluation)) print(line);
      return;
    }
    const { task, kind, trained } = await openTask(args.model);
    const { judge } = kind;
    const search = searchOf(kind, args);
    const reading = readingOf(kind, args, trained);
    const examples = await kind.examples(task, text, args.data, reading);
    if (examples.length === 0) throw new SeqgradError("value", `${args.data} holds no example; give one at least.`);
    const train =
      args.baseline === undefined
        ? undefined
        : await kind.examples(task, await readText("--baseline", args.baseline), args.baseline, reading);
    const evaluation = await judge.evaluate(task, examples, search);
    const { measures, tables, lines = [], confusion, json } = evaluation;
    const baselines = await judge.baselines(train, examples, measures);
    const criterion = judge.best.find(({ name }) => name === trained.best) ?? judge.best[0]!;
    const better = betterBaseline(judge, criterion, measures, baselines);
    const errors = errorsOf(evaluation, most);
    if (evaluation.warning !== undefined) warn(evaluation.warning);
    if (args.json) {
      const compared = { ...(baselines.length > 0 && { baselines, better: better ?? null }) };
      const scores = tables.map(({ title, columns, rows }) => [
        title,
        Object.fromEntries(
          rows.map(([name, ...values]) => [name, Object.fromEntries(columns.map((column, i) => [column, Number(values[i])]))]),
        ),
      ]);
      const all = { measures, ...compared, ...(tables.length > 0 && { scores: Object.fromEntries(scores) }), confusion, ...json, errors };
      return print(JSON.stringify({ type: "end", examples: examples.length, ...all }));
    }
    print(`${examples.length} examples  ${formatMeasures(measures)}`);
    for (const { name, measures: own } of baselines) print(`${name}: ${formatMeasures(own)}`);
    if (better) print(better);
    if (!train && kind.learnsBaseline)
      print("(--baseline FILE, the file of training, compares the model with a baseline that learns from it)");
    for (const table of tables) for (const line of ["", ...tableLines(table)]) print(line);
    if (confusion) for (const line of ["", ...confusionLines(confusion)]) print(line);
    for (const line of lines) print(line);
    if (errors.length === 0) return;
    print(`\nerrors, ${errors[0]!.confidence === undefined ? "the first" : "the most confident first"}:`);
    for (const { input, wanted, answer, confidence } of errors) {
      const sure = confidence === undefined ? "" : ` (${formatNumber(confidence)})`;
      print(`  ${oneLine(input)}\n    right: ${oneLine(wanted)}   answered: ${oneLine(answer)}${sure}`);
    }
  },
});
