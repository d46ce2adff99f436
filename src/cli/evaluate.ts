import { defineCommand } from "citty";
import { SeqgradError } from "../util/errors.js";
import { formatNumber } from "../util/format.js";
import { nth } from "../util/nth.js";
import { asFlags, integer, schema } from "../util/schema.js";
import { flagsOf, readFlags } from "./flags.js";
import { betterBaseline, confusionLines, errorsOf, oneLine, tableLines } from "./judges/judge.js";
import { warn } from "./notes.js";
import { deviceFlags, initDevice } from "./options.js";
import { formatMeasures } from "./report.js";
import { openTask, searchFields, searchOf } from "./tasks/kinds.js";
import { readingFields, readingOf } from "./tasks/reading.js";
import { readText } from "./training-run.js";

const errorFields = { errors: integer({ default: 5, help: "Wrong answers to print, the most confident first" }) };
const errorSchema = schema(errorFields);

const args = {
  model: { type: "string", required: true, description: "The folder of a trained model, or its zip", valueHint: "DIR" },
  data: { type: "string", required: true, description: "A file as for training; for a language model a text", valueHint: "FILE" },
  ...flagsOf(errorFields),
  baseline: {
    type: "string",
    description: "The file that the model was trained on, to compare the model with a baseline of it",
    valueHint: "FILE",
  },
  ...flagsOf(searchFields),
  ...flagsOf(readingFields),
  json: { type: "boolean", description: "Print one JSON object" },
  ...deviceFlags,
} as const;

export const evaluate = defineCommand({
  meta: { name: "evaluate", description: "Measure a trained model on examples" },
  args,
  async run({ args }) {
    const { errors: expectedErrors = 5 } = errorSchema.check(readFlags(errorFields, args), asFlags);
    const text = await readText("--data", args.data);
    await initDevice(args);
    const print = (line: string) => process.stdout.write(`${line}\n`);
    const { task, kind, trained } = await openTask(args.model);
    const isCounted = kind.counts === "tokens";
    const stray = isCounted ? ["errors", "baseline", "beam", "length-penalty"].find((name) => args[name] !== undefined) : undefined;
    if (stray) throw new SeqgradError("value", `--${stray} is not an option for a language model; leave it out.`);
    const search = searchOf(kind, args);
    const reading = readingOf(kind, args, trained);
    const baseline = args.baseline === undefined ? undefined : ([await readText("--baseline", args.baseline), args.baseline] as const);
    const { evaluation, count, baselines } = await task.evaluate(text, args.data, { search, reading, ...(baseline && { baseline }) });
    const { measures, tables, lines = [], confusion, json } = evaluation;
    const criteria = [...kind.criteria].sort((a, b) => Number(b.name === trained.best) - Number(a.name === trained.best));
    const better = betterBaseline(kind.advice, criteria, measures, baselines);
    const errors = errorsOf(evaluation, expectedErrors);
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
      const { errors: _, ...counted } = all;
      return print(JSON.stringify({ type: "end", ...(isCounted ? counted : { examples: count, ...all }) }));
    }
    print(`${evaluation.head ?? `${count} examples`}  ${formatMeasures(measures)}`);
    for (const { name, measures: own } of baselines) print(`${name}: ${formatMeasures(own)}`);
    if (better) print(better);
    if (!baseline && kind.learnsBaseline)
      print("(--baseline FILE, the file of training, compares the model with a baseline that learns from it)");
    for (const table of tables) for (const line of ["", ...tableLines(table)]) print(line);
    if (confusion) for (const line of ["", ...confusionLines(confusion)]) print(line);
    for (const line of lines) print(line);
    if (errors.length === 0) return;
    print(`\nerrors, ${nth(errors, 0).confidence === undefined ? "the first" : "the most confident first"}:`);
    for (const { input, expected, answer, confidence } of errors) {
      const sure = confidence === undefined ? "" : ` (${formatNumber(confidence)})`;
      print(`  ${oneLine(input)}\n    right: ${oneLine(expected)}   answered: ${oneLine(answer)}${sure}`);
    }
  },
});
