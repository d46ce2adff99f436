import { type CommandDef, defineCommand } from "citty";
import { cosine } from "../optim/schedules.js";
import { manualSeed } from "../tensor/random.js";
import { fit } from "../train/fit.js";
import { SeqgradError } from "../util/errors.js";
import { conclude } from "./conclusion.js";
import { dataOf, History, versionsOf } from "./history.js";
import { type Measures, rankOf } from "./judges/judge.js";
import { warn } from "./notes.js";
import { makeOptimizer } from "./optimization.js";
import { initDevice } from "./options.js";
import { taskReport } from "./task-report.js";
import { choiceOption, isFile, type Prepared, type TaskKind, type TaskRecipe } from "./tasks/kind.js";
import { conduct, openRun, type RecipeForm, type RunArgs, type TrainingRun } from "./training-run.js";

/** The command that trains a kind of task. */
export function trainTask(plain: TaskKind) {
  const kind = withChoice(plain);
  const form = formOf(kind);
  return defineCommand({
    meta: { name: kind.name, description: kind.description },
    args: argsOf(kind),
    async run(context) {
      const args = context.args as unknown as RunArgs;
      const run = await openRun(form, args);
      const { recipe, store } = run;
      const { batch: batchSize, epochs, seed, schedule, patience, lr, clip, "weight-decay": weightDecay } = recipe as unknown as Numbers;
      const shares = { val: run.files.has("val-file") ? 0 : recipe.val!, test: run.files.has("test") ? 0 : recipe.test! };
      const prepare = await kind.prepare(run.text, args.data, { ...recipe, ...shares });
      const device = await initDevice(recipe);
      manualSeed(seed);
      const prepared = await prepare();
      const { task, train, reading } = prepared;
      const { validation, test } = await heldBack(kind, prepared, run, shares, args.data);
      const loader = task.loader(train, { batchSize, seed });
      const steps = epochs * loader.length;
      const course = kind.course?.(task, recipe, steps);
      const optimizer = makeOptimizer(task.model, { lr, clip, betas: "0.9,0.999", "weight-decay": weightDecay });
      const parameters = task.model.parameterCount();
      const examples = { train: train.length, validation: validation.length, test: test.length };

      await run.begin(reading);
      const history = await History.open(store, {
        resume: args.resume ?? false,
        run: {
          ...{
            command: `train ${kind.name}`,
            data: dataOf(args.data, run.sha256),
            seed,
            options: { ...recipe, ...reading },
            examples,
            parameters,
          },
          ...(run.files.size > 0 && { files: Object.fromEntries(Array.from(run.files, ([name, f]) => [name, dataOf(f.path, f.sha256)])) }),
        },
        versions: versionsOf(device.info),
      });
      const report = taskReport(args.json ?? false, {
        ...{ kind: kind.name, device: device.info, parameters, steps, batchSize },
        ...examples,
      });
      const criterion = kind.judge.best.find(({ name }) => name === recipe.best)!;
      let measures: Measures | undefined;
      const judge = async () => {
        measures = await task.evaluate(validation);
        return rankOf(criterion, measures);
      };
      const judges = validation.length > 0;
      const events = (signal: AbortSignal) =>
        fit(task.model, loader, {
          ...{ optimizer, epochs, signal },
          ...(schedule === "cosine" && { schedule: cosine(steps) }),
          ...(course && {
            loss(batch, _, step) {
              course(step);
              return task.model.loss(batch);
            },
          }),
          ...(judges && { evaluate: { every: loader.length, run: judge }, keepBest: true }),
          ...(judges && patience > 0 && { earlyStopping: { patience } }),
          checkpoint: { store, every: loader.length, resume: args.resume ?? false },
        });
      return conduct(`train ${kind.name}`, args, run, events, async (event) => {
        history.observe(event);
        if (event.type === "checkpoint") {
          await task.save(store);
          await run.record();
        }
        if (event.type === "evaluation") await history.add({ type: "evaluation", step: event.step, measures, best: event.best });
        if (event.type === "epoch") await history.add(event);
        if (event.type !== "end" || event.reason === "aborted") return report(event, { measures });
        await task.save(store); // now of the best epoch
        const { reason, seconds } = event;
        const result = await conclude(kind, criterion, task, { train, validation, test });
        await history.add({ type: "end", step: event.steps, reason, seconds, ...(judges && { chosenBy: criterion.name }) });
        for (const line of result.lines) await history.add({ ...line, step: event.steps });
        for (const warning of result.warnings) warn(warning);
        report(event, result);
      });
    },
  });
}

interface Numbers {
  readonly batch: number;
  readonly epochs: number;
  readonly seed: number;
  readonly schedule: string;
  readonly patience: number;
  readonly lr: number;
  readonly clip: number;
  readonly "weight-decay": number;
}

/** A kind with the option by which measure the best epoch is chosen. */
function withChoice(kind: TaskKind): TaskKind {
  const names = kind.judge.best.map(({ name }) => name);
  const best = choiceOption(
    "best",
    names,
    names[0]!,
    "The measure by which the best epoch is kept; of equal ones the one of the smaller loss",
  );
  return { ...kind, options: { ...kind.options, best } };
}

/** The examples for validation and for the test, which are parts of the data or files of their own. */
async function heldBack(
  kind: TaskKind,
  { task, train, validation, test, reading }: Prepared,
  { recipe, files }: TrainingRun<TaskRecipe>,
  shares: { readonly val: unknown; readonly test: unknown },
  data: string,
): Promise<Pick<Prepared, "validation" | "test">> {
  const read = async (name: string) => {
    const file = files.get(name);
    return file && (await kind.examples(task, file.text, file.path, { given: {}, trained: { ...recipe, ...reading } }));
  };
  for (const [option, share, part] of [
    ["val", shares.val, validation],
    ["test", shares.test, test],
  ] as const) {
    if (Number(share) === 0 || part.length > 0) continue;
    const got = `--${option} ${share} leaves none of the ${train.length + validation.length + test.length} examples of ${data}`;
    throw new SeqgradError("range", `${got}; give a larger share, or 0 for none.`);
  }
  return { validation: (await read("val-file")) ?? validation, test: (await read("test")) ?? test };
}

function argsOf({ data, options }: TaskKind): NonNullable<CommandDef["args"]> {
  const own = Object.entries(options).map(([name, { default: value, description, hint }]) => [
    name,
    // Its default is for the eye only: whether it is given tells a resumed run what is asked of it.
    typeof value === "boolean"
      ? { type: "boolean", description }
      : { type: "string", description: value === "" ? description : `${description} (Default: ${value})`, valueHint: hint },
  ]);
  return {
    data: { type: "string", required: true, description: data, valueHint: "FILE" },
    out: { type: "string", required: true, description: "The folder for the model and its checkpoint", valueHint: "DIR" },
    ...Object.fromEntries(own),
    resume: { type: "boolean", description: "Continue from the checkpoint in --out, with its options" },
    overwrite: { type: "boolean", description: "Replace the run in --out" },
    json: { type: "boolean", description: "Print one JSON object a line" },
  };
}

function formOf({ options, isTimed, checkGiven }: TaskKind): RecipeForm<TaskRecipe> {
  const names = Object.keys(options);
  const read = (args: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(names.filter((name) => args[name] !== undefined).map((name) => [name, options[name]!.read(String(args[name]))]));
  return {
    names,
    read,
    fresh(given) {
      const recipe = { ...Object.fromEntries(names.map((name) => [name, options[name]!.default])), ...(given as TaskRecipe) };
      const refuse = (what: string, advice: string) => {
        throw new SeqgradError("value", `${what}; ${advice}.`);
      };
      if (given.val !== undefined && given.val !== 0 && recipe["val-file"] !== "")
        refuse("--val and --val-file contradict each other", "give one of them");
      if (recipe.val === 0 && recipe["val-file"] === "")
        for (const name of ["best", "patience"] as const)
          if (given[name])
            refuse(`--${name} chooses by the examples for validation, and --val is 0`, "give a larger share, or a --val-file");
      checkGiven?.(given, recipe);
      return recipe;
    },
    stored: (json) => (names.every((name) => typeof json[name] === typeof options[name]!.default) ? read(json) : undefined),
    checkGiven: (given, recipe) => checkGiven?.(given, recipe),
    whyFixed(name, recipe) {
      if (name === "patience" || name === "val-file") return undefined; // of a file counts what is in it
      if (name !== "epochs") return "";
      return recipe.schedule === "cosine" || isTimed?.(recipe) ? ", by which its schedule goes" : undefined;
    },
    told: () => names,
    files: ({ "val-file": file, test }) => [...(file === "" ? [] : ["val-file"]), ...(isFile(String(test)) ? ["test"] : [])],
  };
}
