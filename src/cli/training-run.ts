import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { fileStore } from "../io/file-store.js";
import { checkUnlocked, type FolderLock, lockFolder } from "../io/folder-lock.js";
import type { Store } from "../io/store.js";
import { fromZip } from "../io/zip.js";
import { decodeText } from "../text/index.js";
import { TRAINING_STATE } from "../train/checkpoint.js";
import type { FitEvent } from "../train/types.js";
import { isRecord } from "../util/check.js";
import { messageOf, SeqgradError, systemCodeOf } from "../util/errors.js";
import { type AnyFields, applies, asFlags, checkEffects, completed, flagOf, type Given, isSame } from "../util/schema.js";
import { writtenOf } from "./flags.js";
import { HISTORY } from "./history.js";
import { currentOptions } from "./recorded.js";
import type { Interruption } from "./signals.js";

/** The file next to the model that records how it is trained: the recipe, and the digest of the data. */
export const TRAINING_ARGS = "training_args.json";
const WEIGHTS = "model.safetensors";
/** The files of a run's folder: without the first two the rest is not a model. */
const runFiles: readonly string[] = [TRAINING_STATE, WEIGHTS, "config.json", "vocab.json", "tokenizer.json", HISTORY];

/** The options of a kind of run. */
export interface RunForm {
  readonly fields: AnyFields;
  /** The options without which a record cannot be resumed: they have had other defaults. */
  readonly needed: readonly string[];
  /** @throws SeqgradError for options of a new run that do not go together */
  check(flags: Given): void;
}

/** A file of data, and the SHA-256 of its text. */
export interface DataFile {
  readonly path: string;
  readonly text: string;
  readonly sha256: string;
}

/** The options of each run that are not recorded. */
export interface RunArgs {
  readonly data: string;
  readonly out: string;
  readonly resume: boolean;
  readonly overwrite: boolean;
  readonly json: boolean;
}

export const runArgsOf = ({ data, out, resume, overwrite, json }: Given): RunArgs => ({
  ...{ data: String(data), out: String(out) },
  ...{ resume: resume === true, overwrite: overwrite === true, json: json === true },
});

/** A run whose folder and options are checked, and nothing written. */
export interface TrainingRun {
  readonly text: string;
  readonly sha256: string;
  /** The files that other options name, by option. */
  readonly files: ReadonlyMap<string, DataFile>;
  readonly store: Store;
  /** All options that have an effect. */
  readonly recipe: Given;
  /**
   * Locks the folder and writes what a new run is made of; removes what an earlier run left.
   * @param settled options that were left open, as the run found them
   */
  begin(settled?: Given): Promise<void>;
  /** Writes the recipe where the folder does not hold it: a run that cannot be resumed changes nothing, and a folder may be removed. */
  record(): Promise<void>;
  /** Unlocks the folder. */
  end(): Promise<void>;
}

export async function openRun(form: RunForm, args: RunArgs, flags: Given): Promise<TrainingRun> {
  const { data, out, resume, overwrite } = args;
  if (resume && overwrite) throw new SeqgradError("value", "--resume and --overwrite contradict each other; give one of them.");
  if (out.trim() === "") throw new SeqgradError("value", "--out is empty; give the name of a folder.");
  const { text, sha256 } = await readData("--data", data);
  const store = fileStore(out);
  await checkUnlocked(out);
  if (!resume && !overwrite) await checkVacant(store, out);
  const { recipe, digests } = resume
    ? await resumedRecipe(form, store, flags, sha256, { out, data })
    : { recipe: newRecipe(form, flags), digests: {} };
  const files = new Map<string, DataFile>();
  for (const name of filesIn(recipe)) {
    const file = await readData(flagOf(name), String(recipe[name]));
    if ((digests[name] ?? file.sha256) !== file.sha256)
      throw new SeqgradError("value", `--resume: ${flagOf(name)} ${file.path} is not the file that the run in ${out} was begun with.`);
    files.set(name, file);
  }
  let lock: FolderLock | undefined;
  let isRecorded = false;
  let settled: Given = {};
  const record = async () => {
    await lock?.renew();
    if (isRecorded && (await store.list()).includes(TRAINING_ARGS)) return;
    const own = files.size > 0 && { files: Object.fromEntries(Array.from(files, ([name, file]) => [name, file.sha256])) };
    await store.write(TRAINING_ARGS, new TextEncoder().encode(`${JSON.stringify({ ...recipe, ...settled, sha256, ...own }, null, 2)}\n`));
    isRecorded = true;
  };
  const begin = async (found: Given = {}) => {
    lock = await lockFolder(out);
    if (resume) return;
    if (!overwrite) await checkVacant(store, out); // another run may have begun and ended meanwhile
    settled = found;
    for (const name of runFiles) await store.delete(name);
    await record();
  };
  return { text, sha256, files, store, recipe, begin, record, end: async () => lock?.release() };
}

/** The options that name a file of data besides --data. */
const filesIn = ({ validationFile, test }: Given): string[] => [
  ...(typeof validationFile === "string" && validationFile !== "" ? ["validationFile"] : []),
  ...(isFile(test) ? ["test"] : []),
];

/** True if --test names a file; a number is a share. */
export const isFile = (test: unknown): test is string => typeof test === "string" && test.trim() !== "" && Number.isNaN(Number(test));

/** All options that have an effect, those that are left out by their defaults. */
const effective = (fields: AnyFields, options: Given): Given => {
  const all = completed(fields, options);
  return Object.fromEntries(Object.entries(all).filter(([name]) => fields[name]?.hint !== undefined && applies(fields, name, all)));
};

/** The options of a new run. */
function newRecipe({ fields, check }: RunForm, flags: Given): Given {
  const { validation, validationFile = "" } = flags;
  if (validation !== undefined && validation !== 0 && validationFile !== "")
    throw new SeqgradError("value", "--validation and --validation-file contradict each other; give one of them.");
  if (validation === 0 && validationFile === "")
    for (const name of ["best", "patience", "evaluateEvery"])
      if (flags[name])
        throw new SeqgradError(
          "value",
          `${flagOf(name)} has no effect, since --validation is 0; leave it out, or give a larger share or a --validation-file.`,
        );
  checkEffects(fields, flags, asFlags, flags);
  check(flags);
  return effective(fields, flags);
}

/**
 * Goes through the events of a run that Ctrl-C stops, then ends the run; returns the exit status.
 * @param command the words that began it, such as `train lm`
 */
export async function conduct(
  command: string,
  { data, out, json }: RunArgs,
  run: Pick<TrainingRun, "end">,
  interruption: Interruption,
  events: AsyncIterable<FitEvent>,
  onEvent: (event: FitEvent) => void | Promise<void>,
): Promise<number> {
  interruption.listen();
  try {
    for await (const event of events) {
      await onEvent(event);
      if (event.type !== "end" || event.reason !== "aborted") continue;
      const again = `npx seqgrad ${command} --data ${quote(data)} --out ${quote(out)} --resume${json ? " --json" : ""}`;
      process.stderr.write(`seqgrad: stopped after step ${event.steps}; the checkpoint is saved. Continue with: ${again}\n`);
      return interruption.exitCode;
    }
    return 0;
  } finally {
    interruption.release();
    await run.end();
  }
}

/** The folder, or the zip of one, that --model names, with something in it. */
export async function modelStore(model: string): Promise<Store> {
  if (/\.zip$/i.test(model) && (await stat(model).catch(() => undefined))?.isFile()) return fromZip(await readBytes("--model", model));
  const store = fileStore(model);
  if (model.trim() !== "" && (await store.list()).length > 0) return store;
  throw new SeqgradError(
    "io",
    `--model ${model || '""'}: the folder does not exist, or it is empty; give the folder of a saved model, with its config.json, or its zip.`,
  );
}

async function readData(option: string, path: string): Promise<DataFile> {
  const text = await readText(option, path);
  return { path, text, sha256: createHash("sha256").update(text).digest("hex") };
}

/** The text of a file that an option names. */
export async function readText(option: string, path: string): Promise<string> {
  return decodeText(await readBytes(option, path), path);
}

async function readBytes(option: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const code = systemCodeOf(cause);
    const reason =
      code === "EISDIR" ? "it is a folder; give a text file" : code === "ENOENT" ? "the file does not exist" : messageOf(cause);
    throw new SeqgradError("io", `${option} ${path} cannot be read: ${reason}.`, { cause });
  }
}

/** Refuses a folder that holds a run, or a model from elsewhere. */
async function checkVacant(store: Store, out: string): Promise<void> {
  const present = new Set(await store.list());
  const found = runFiles.find((name) => present.has(name));
  if (!found) return;
  const ways = found === TRAINING_STATE ? "--resume continues its run, --overwrite replaces it" : "--overwrite replaces it";
  throw new SeqgradError("state", `${out} holds a ${found} already: ${ways}, another --out leaves it.`);
}

/** The recipe of the run in the folder, with what is given, which must not contradict it. */
async function resumedRecipe(
  form: RunForm,
  store: Store,
  flags: Given,
  digest: string,
  at: { out: string; data: string },
): Promise<{ recipe: Given; digests: Given }> {
  const bytes = await store.read(TRAINING_ARGS);
  if (!bytes) {
    const names = await store.list();
    if (!names.includes(TRAINING_STATE)) {
      const found = names.length > 0 ? `${at.out} holds no run` : `the folder ${at.out} does not exist, or it is empty`;
      throw new SeqgradError("io", `--resume: ${found}. Leave --resume out to start one, or give the folder of the run as --out.`);
    }
    throw new SeqgradError(
      "io",
      `--resume: ${at.out} has lost its ${TRAINING_ARGS}, which holds the run's options; start again with --overwrite.`,
    );
  }
  const { recipe, sha256, digests } = recorded(form, bytes, at.out);
  const { fields } = form;
  checkEffects(fields, flags, asFlags, recipe);
  for (const [name, value] of Object.entries(flags)) {
    const reason = fields[name]?.whyFixed(recipe);
    if (isSame(value, recipe[name]) || reason === undefined) continue;
    const advice = `the run in ${at.out} was made with ${writtenOf(recipe[name])}${reason}; leave the option out.`;
    throw new SeqgradError("value", `--resume: ${flagOf(name)} is ${writtenOf(value)}, but ${advice}`);
  }
  if (sha256 !== digest) throw new SeqgradError("value", `--resume: ${at.data} is not the text that the run in ${at.out} was trained on.`);
  return { recipe: { ...recipe, ...flags }, digests };
}

/** The options that a folder's file holds, and the digests of the data. */
function recorded({ fields, needed }: RunForm, bytes: Uint8Array, out: string): { recipe: Given; sha256: unknown; digests: Given } {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const options = isRecord(json) ? currentOptions(json) : {};
    const { sha256, files } = options;
    const { sha256: _, files: __, ...own } = options;
    const isGood = ([name, value]: [string, unknown]) => fields[name] !== undefined && !fields[name].fault(value);
    if (needed.every((name) => name in own || !applies(fields, name, own)) && Object.entries(own).every(isGood))
      return { recipe: effective(fields, own), sha256, digests: isRecord(files) ? files : {} };
  } catch {
    // Falls through to the error below.
  }
  const advice = "resume with the command that began it, start again with --overwrite, or give another --out";
  throw new SeqgradError("format", `--resume: ${out}/${TRAINING_ARGS} does not hold the options of a run of this command; ${advice}.`);
}

/** The options of the run that made a folder; none if the folder does not hold them. */
export async function trainedWith(store: Store): Promise<Given> {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode((await store.read(TRAINING_ARGS)) ?? new Uint8Array()));
    return isRecord(json) ? currentOptions(json) : {};
  } catch {
    return {};
  }
}

const quote = (word: string) => (/^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
