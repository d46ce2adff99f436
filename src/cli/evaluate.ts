import { defineCommand } from "citty";
import { deviceOptions, initDevice } from "./options.js";
import { formatMeasures } from "./task-report.js";
import type { Evaluation } from "./tasks/kind.js";
import { openTask, searchOf, searchOptions } from "./tasks/kinds.js";
import { readingOf, readingOptions } from "./tasks/reading.js";
import { readText } from "./training-run.js";

const args = {
  model: { type: "string", required: true, description: "The folder of a trained task", valueHint: "DIR" },
  data: { type: "string", required: true, description: "A file as for training", valueHint: "FILE" },
  ...searchOptions,
  ...readingOptions,
  json: { type: "boolean", description: "Print one JSON object" },
  ...deviceOptions,
} as const;

export const evaluate = defineCommand({
  meta: { name: "evaluate", description: "Measure a trained task on examples" },
  args,
  async run({ args }) {
    const text = await readText("--data", args.data);
    await initDevice(args);
    const { task, kind, trained } = await openTask(args.model);
    const search = searchOf(kind, args);
    const examples = await kind.examples(task, text, args.data, readingOf(kind, args, trained));
    const evaluation: Evaluation = (await kind.evaluate?.(task, examples, search)) ?? { measures: await task.evaluate(examples, search) };
    const { measures, lines = [], json } = evaluation;
    const print = (line: string) => process.stdout.write(`${line}\n`);
    if (args.json) return print(JSON.stringify({ event: "end", examples: examples.length, measures, ...json }));
    print(`${examples.length} examples  ${formatMeasures(measures)}`);
    for (const line of lines) print(line);
  },
});
