import { type CommandDef, defineCommand } from "citty";
import { cosine } from "../optim/schedules.js";
import { saveTask } from "../tasks/index.js";
import { manualSeed } from "../tensor/random.js";
import { fit } from "../train/fit.js";
import { SeqgradError } from "../util/errors.js";
import { makeOptimizer } from "./optimization.js";
import { initDevice } from "./options.js";
import { type Measures, taskReport } from "./task-report.js";
import type { TaskKind, TaskRecipe } from "./tasks/kind.js";
import { conduct, openRun, type RecipeForm, type RunArgs } from "./training-run.js";

/** The command that trains a kind of task. */
export function trainTask(kind: TaskKind) {
  const form = formOf(kind);
  return defineCommand({
    meta: { name: kind.name, description: kind.description },
    args: argsOf(kind),
    async run(context) {
      const args = context.args as unknown as RunArgs;
      const run = await openRun(form, args);
      const { recipe, store } = run;
      const prepare = await kind.prepare(run.text, args.data, recipe);
      const device = await initDevice(recipe);
      manualSeed(recipe.seed as number);
      const { task, train, validation, reading } = prepare();
      if (recipe.val !== 0 && validation.length === 0) {
        const advice = "give a larger share, or 0 for none";
        throw new SeqgradError("range", `--val ${recipe.val} leaves none of the ${train.length} examples of ${args.data}; ${advice}.`);
      }
      const { batch: batchSize, epochs, seed, schedule } = recipe as { batch: number; epochs: number; seed: number; schedule: string };
      const loader = task.loader(train, { batchSize, seed });
      const {
        lr,
        clip,
        "weight-decay": weightDecay,
      } = recipe as Record<string, number> as { lr: number; clip: number; "weight-decay": number };
      const steps = epochs * loader.length;
      const course = kind.course?.(task, recipe, steps);
      const optimizer = makeOptimizer(task.model, { lr, clip, betas: "0.9,0.999", "weight-decay": weightDecay });

      await run.begin(reading);
      const judges = validation.length > 0;
      const report = taskReport(args.json ?? false, {
        ...{ kind: kind.name, device: device.info, parameters: task.model.parameterCount(), steps },
        ...{ batchSize, train: train.length, validation: validation.length },
      });
      const { measure, larger } = kind.best;
      let measures: Measures | undefined;
      const judge = async () => {
        measures = await task.evaluate(validation);
        return larger ? -measures[measure]! : measures[measure]!;
      };
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
          // Never stops early: it keeps the best epoch.
          ...(judges && { evaluate: { every: loader.length, run: judge }, earlyStopping: { patience: Number.MAX_SAFE_INTEGER } }),
          checkpoint: { store, every: loader.length, resume: args.resume ?? false },
        });
      return conduct(`train ${kind.name}`, args, run, events, async (event) => {
        if (event.event === "checkpoint") {
          await saveTask(store, task);
          await run.record();
        }
        if (event.event === "end" && event.reason !== "aborted") {
          await saveTask(store, task); // now of the best epoch
          if (judges) await judge();
          report(event, measures, judges ? kind.baseline?.(train, validation) : undefined);
        } else report(event, measures);
      });
    },
  });
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
    resume: { type: "boolean", description: "Go on from the checkpoint in --out, with its options" },
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
      checkGiven?.(given, recipe);
      return recipe;
    },
    stored: (json) => (names.every((name) => typeof json[name] === typeof options[name]!.default) ? read(json) : undefined),
    checkGiven: (given, recipe) => checkGiven?.(given, recipe),
    whyFixed(name, recipe) {
      if (name !== "epochs") return "";
      return recipe.schedule === "cosine" || isTimed?.(recipe) ? ", by which its schedule goes" : undefined;
    },
    told: () => names,
  };
}
