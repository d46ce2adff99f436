import { type ArgsDef, type CommandDef, defineCommand } from "citty";
import { seedField } from "../tasks/fields.js";
import { typesOf } from "../tasks/task.js";
import { manualSeed } from "../tensor/random.js";
import type { EventOf } from "../train/types.js";
import { isRecord } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { optionsAmong } from "../util/options.js";
import { asFlags, type Given, schema } from "../util/schema.js";
import { conclude } from "./conclusion.js";
import { flagsOf, readFlags } from "./flags.js";
import { dataOf, History, TrainingLines, versionsOf } from "./history.js";
import type { Measures } from "./judges/judge.js";
import { warn } from "./notes.js";
import { openDevice } from "./options.js";
import { type Report, reportOf } from "./report.js";
import { Interruption } from "./signals.js";
import { type CommandTask, type Form, fieldsOf, type Kind, type Opened, type Prepared, runFields, type Shares } from "./tasks/kind.js";
import { type Reading, wordsOf } from "./tasks/reading.js";
import { conduct, openRun, type RunArgs, runArgsOf, type TrainingRun } from "./training-run.js";

/** A kind of task, from how its files and answers are read and written. */
export function kindOf<T extends CommandTask, Example, Input = never, Answer = never>(form: Form<T, Example, Input, Answer>): Kind {
  return {
    ...{ name: form.name, description: form.description, types: typesOf(form.task) },
    ...{ fields: fieldsOf(form), reading: form.reading, criteria: form.task.criteria, advice: form.judge.advice },
    ...{ learnsBaseline: form.judge.learnsBaseline ?? false, counts: form.counted?.unit ?? "examples" },
    ...{ predicts: form.answers !== undefined, searches: form.answers?.searches },
    command: commandOf(form),
    open: async (saved) => openedOf(form, await form.task.fromSaved(saved)),
  };
}

function openedOf<T extends CommandTask, Example, Input, Answer>(form: Form<T, Example, Input, Answer>, task: T): Opened {
  const { judge, answers, page } = form;
  for (const warning of warningsOf(task)) warn(warning);
  return {
    model: task.model,
    title: form.counted ? `${form.name}, ${form.counted.title(task)}` : form.name,
    summary: () => task.summary(),
    async evaluate(text, file, { search, reading, baseline }) {
      const examples = await form.examples(task, text, file, reading);
      if (examples.length === 0) throw new SeqgradError("value", `${file} holds no example; give one at least.`);
      const train = baseline && (await form.examples(task, baseline[0], baseline[1], reading));
      const evaluation = await judge.evaluate(task, examples, search);
      return { evaluation, count: examples.length, baselines: await judge.baselines(train, examples, evaluation.measures, task) };
    },
    async answer(text, source, { search, reading, json }) {
      if (!answers) throw new SeqgradError("value", `predict: a model of ${form.name} writes texts; run seqgrad generate.`);
      const inputs = await answers.inputs(task, text, source, reading);
      const isAsked = (input: Input | undefined): input is Input =>
        input !== undefined && (answers.blank === undefined || !answers.isBlank(input));
      const isEmpty = (input: Input | undefined) => input === undefined || answers.isBlank(input);
      if (inputs.length === 0 || (source === "--input" && inputs.every(isEmpty)))
        throw new SeqgradError("value", `${source} holds no input; give at least one line.`);
      const asked = inputs.filter(isAsked);
      const replies = (asked.length > 0 ? await answers.predict(task, asked, search) : []).values();
      return inputs.flatMap((input) => {
        const answer = isAsked(input) ? replies.next().value : answers.blank;
        if (answer === undefined) return [];
        return [json ? JSON.stringify(answers.json(answer, input)) : answers.show(answer, input)];
      });
    },
    page: async (samples) => (page ? page(task, samples) : { attention: [] }),
  };
}

/** The warnings of a task's tokenizers, each once. */
function warningsOf(task: object): Set<string> {
  const parts: unknown[] = ["tokenizer", "source", "target"].map((name) => Reflect.get(task, name));
  return new Set(parts.flatMap((part) => (isRecord(part) && Array.isArray(part.warnings) ? part.warnings.map(String) : [])));
}

/** The command that trains a kind of task. */
function commandOf<T extends CommandTask, Example, Input, Answer>(form: Form<T, Example, Input, Answer>): CommandDef {
  const fields = fieldsOf(form);
  const check = (flags: Given) => {
    for (const own of [form.task.options, form.task.training]) own.complete(optionsAmong(flags, Object.keys(own.fields)), asFlags, flags);
  };
  const needed = ["hidden", "batch", "lr", "seed", ...(form.needed ?? [])];
  const args: ArgsDef = {
    data: { type: "string", required: true, description: form.data, valueHint: "FILE" },
    out: { type: "string", required: true, description: "The folder for the model and its checkpoint", valueHint: "DIR" },
    ...flagsOf(fields),
    resume: { type: "boolean", description: "Continue from the checkpoint in --out, with its options" },
    overwrite: { type: "boolean", description: "Replace the run in --out" },
    json: { type: "boolean", description: "Print one JSON object a line" },
  };
  return defineCommand({
    meta: { name: form.name, description: form.description },
    args,
    async run({ args }) {
      const runArgs = runArgsOf(args);
      return trainOn(form, await openRun({ fields, needed, check }, runArgs, readFlags(fields, args)), runArgs);
    },
  });
}

const commonSchema = schema({ ...runFields, seed: seedField });

async function trainOn<T extends CommandTask, Example, Input, Answer>(
  form: Form<T, Example, Input, Answer>,
  run: TrainingRun,
  args: RunArgs,
): Promise<number> {
  const { recipe, store } = run;
  const shares = sharesOf(run, commonSchema.complete(optionsAmong<Given>(recipe, Object.keys(commonSchema.fields)), asFlags));
  const { seed } = shares;
  const prepare = await form.prepare(run.text, args.data, recipe, shares);
  const device = await openDevice(recipe);
  manualSeed(seed);
  const prepared = await prepare();
  const parts = { ...prepared, ...(await heldBack(form, prepared, run, shares, args.data)) };
  const { task, reading } = parts;
  const { counted } = form;
  const every = counted?.every(recipe);
  const interruption = new Interruption();
  const events = form.train(task, parts, recipe, {
    checkpoint: { store, resume: args.resume, ...(every && { every: every.checkpoint }) },
    signal: interruption,
  });
  const sizeOf = (examples: readonly Example[]) => counted?.sizeOf(examples) ?? examples.length;
  const sizes = { train: sizeOf(parts.train), validation: sizeOf(parts.validation), test: sizeOf(parts.test) };
  const parameters = task.model.parameterCount();

  await run.begin(reading);
  const facts = { seed, options: { ...recipe, ...reading }, examples: sizes, parameters, ...(counted && { model: counted.title(task) }) };
  const history = await History.open(store, {
    resume: args.resume,
    run: { command: `train ${form.name}`, ...dataFacts(run, args.data), ...facts },
    versions: versionsOf(device.info),
  });
  const report = reporter(form, args.json, task, recipe, { device: device.info, parameters, sizes });
  const training = every && new TrainingLines(history, [every.evaluation, every.checkpoint]);
  let last: EventOf<"evaluation"> | undefined;
  return conduct(`train ${form.name}`, args, run, interruption, events, async (event) => {
    history.observe(event);
    await training?.observe(event);
    if (event.type === "checkpoint") {
      await task.save(store);
      await run.record();
    }
    if (event.type === "evaluation") {
      last = event;
      const final = every && event.step % every.evaluation !== 0 && { final: true }; // due only because the run ends
      await history.add({ type: "evaluation", step: event.step, measures: event.measures, best: event.best, ...final });
    }
    if (event.type === "epoch") await history.add(event);
    if (event.type !== "end" || event.reason === "aborted") return report(event, { measures: last?.measures });
    await task.save(store); // now of the best epoch
    const { reason, seconds } = event;
    const result = await conclude(form, recipe, parts, last?.best ? last.measures : undefined);
    const criterion = parts.validation.length > 0 && form.task.criteria.find(({ name }) => name === recipe.best);
    await history.add({ type: "end", step: event.steps, reason, seconds, ...(criterion && { chosenBy: criterion.name }) });
    for (const line of result.lines) await history.add({ ...line, step: event.steps });
    for (const warning of result.warnings) warn(warning);
    report(event, { measures: last?.measures, ...result });
  });
}

/** The shares of the examples that are held back: none for what has a file of its own. */
const sharesOf = ({ files }: TrainingRun, { validation, test, seed }: { validation: number; test: string; seed: number }) => ({
  ...{ validation: files.has("validationFile") ? 0 : validation, test: files.has("test") ? 0 : Number(test), seed },
});

/** The files that a run reads, with their checksums. */
function dataFacts({ sha256, files }: TrainingRun, data: string) {
  const named = Array.from(files, ([name, file]) => [name, dataOf(file.path, file.sha256)] as const);
  return { data: dataOf(data, sha256), ...(named.length > 0 && { files: Object.fromEntries(named) }) };
}

function reporter<T extends CommandTask, Example, Input, Answer>(
  { name, counted }: Form<T, Example, Input, Answer>,
  json: boolean,
  task: T,
  recipe: Given,
  facts: { readonly device: string; readonly parameters: number; readonly sizes: Record<"train" | "validation" | "test", number> },
): Report {
  const { train, validation, test } = facts.sizes;
  if (counted) {
    const lineOf = (measures: Measures, isEnd: boolean) => counted.lineOf(measures, recipe, isEnd);
    return reportOf(json, { ...facts, title: counted.title(task), unit: counted.unit, ...counted.plan(recipe), lineOf });
  }
  const [batch, epochs] = [Number(recipe.batch), Number(recipe.epochs)];
  const parts = `${train} examples, ${validation} for validation${test > 0 ? `, ${test} for the test` : ""}`;
  return reportOf(json, { ...facts, title: name, parts, unit: "examples", perStep: batch, steps: epochs * Math.ceil(train / batch) });
}

/** The examples for validation and for the test, which are parts of the data or files of their own. */
async function heldBack<T extends CommandTask, Example, Input, Answer>(
  form: Form<T, Example, Input, Answer>,
  { task, train, validation, test, reading }: Prepared<T, Example>,
  { recipe, files }: TrainingRun,
  shares: Shares,
  data: string,
): Promise<Pick<Prepared<T, Example>, "validation" | "test">> {
  const words: Reading = { flags: {}, trained: wordsOf({ ...recipe, ...reading }) };
  const read = async (name: string) => {
    const file = files.get(name);
    return file && (await form.examples(task, file.text, file.path, words));
  };
  for (const [name, part] of [
    ["validation", validation],
    ["test", test],
  ] as const) {
    if (shares[name] === 0 || part.length > 0) continue;
    const got = `--${name} ${shares[name]} leaves none of the ${train.length + validation.length + test.length} examples of ${data}`;
    throw new SeqgradError("range", `${got}; give a larger share, or 0 for none.`);
  }
  return { validation: (await read("validationFile")) ?? validation, test: (await read("test")) ?? test };
}
