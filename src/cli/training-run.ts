import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileStore } from "../io/file-store.js";
import { checkUnlocked, type FolderLock, lockFolder } from "../io/folder-lock.js";
import type { Store } from "../io/index.js";
import { decodeText } from "../text/index.js";
import { TRAINING_STATE } from "../train/checkpoint.js";
import type { FitEvent } from "../train/types.js";
import { SeqgradError } from "../util/errors.js";
import { HISTORY } from "./history.js";
import { Interruption } from "./signals.js";

/** The file beside the model that tells how it is trained: the recipe, and the digest of the data. */
export const TRAINING_ARGS = "training_args.json";
const WEIGHTS = "model.safetensors";
/** The files of a run's folder: without the first two the rest is not a model. */
const runFiles: readonly string[] = [TRAINING_STATE, WEIGHTS, "config.json", "vocab.json", "tokenizer.json", HISTORY];

/** The options of a kind of run. */
export interface RecipeForm<R extends object> {
  readonly names: readonly (keyof R & string)[];
  /** The options that are given, as the command line has them. @throws SeqgradError for a word that is none of an option's values */
  read(args: Readonly<Record<string, unknown>>): Partial<R>;
  /** The recipe of a new run. @throws SeqgradError for options that do not go together */
  fresh(given: Partial<R>): R;
  /** The recipe that the file holds; undefined where it is not whole. */
  stored(json: Readonly<Record<string, unknown>>): R | undefined;
  /** Refuses options of another kind of model. */
  checkGiven(given: Partial<R>, recipe: R): void;
  /** The reason why an option must not differ on a resume, as the end of "was made with 5 ..."; undefined if it may differ. */
  whyFixed(name: keyof R & string, recipe: R): string | undefined;
  /** The options that the file tells. */
  told(recipe: R): readonly (keyof R & string)[];
  /** The options that name a file of data beside --data. */
  files?(recipe: R): readonly (keyof R & string)[];
}

/** A file of data, and the SHA-256 of its text. */
export interface DataFile {
  readonly path: string;
  readonly text: string;
  readonly sha256: string;
}

export interface RunArgs extends Readonly<Record<string, unknown>> {
  readonly data: string;
  readonly out: string;
  readonly resume?: boolean | undefined;
  readonly overwrite?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** A run whose folder and options are checked, and nothing written. */
export interface TrainingRun<R> {
  readonly text: string;
  readonly sha256: string;
  /** The files that other options name, by option. */
  readonly files: ReadonlyMap<string, DataFile>;
  readonly store: Store;
  readonly recipe: R;
  /**
   * Locks the folder and writes what a new run is made of; removes what an earlier run left.
   * @param settled options that were left open, as the run found them
   */
  begin(settled?: Partial<R>): Promise<void>;
  /** Writes the recipe where the folder does not hold it: a run that cannot be resumed changes nothing, and a folder may be removed. */
  record(): Promise<void>;
  /** Unlocks the folder. */
  end(): Promise<void>;
}

export async function openRun<R extends object>(form: RecipeForm<R>, args: RunArgs): Promise<TrainingRun<R>> {
  const { data, out, resume = false, overwrite = false } = args;
  if (resume && overwrite) throw new SeqgradError("value", "--resume and --overwrite contradict each other; give one of them.");
  if (out.trim() === "") throw new SeqgradError("value", "--out is empty; give the name of a folder.");
  const given = form.read(args);
  const { text, sha256 } = await readData("--data", data);
  const store = fileStore(out);
  await checkUnlocked(out);
  if (!resume && !overwrite) await checkVacant(store, out);
  const { recipe, digests } = resume
    ? await resumedRecipe(form, store, given, sha256, { out, data })
    : { recipe: form.fresh(given), digests: {} };
  const files = new Map<string, DataFile>();
  for (const name of form.files?.(recipe) ?? []) {
    const file = await readData(`--${name}`, String(recipe[name]));
    if ((digests[name] ?? file.sha256) !== file.sha256)
      throw new SeqgradError("value", `--resume: --${name} ${file.path} is not the file that the run in ${out} was begun with.`);
    files.set(name, file);
  }
  let lock: FolderLock | undefined;
  let isRecorded = false;
  let settled: Partial<R> = {};
  const record = async () => {
    await lock?.renew();
    if (isRecorded && (await store.list()).includes(TRAINING_ARGS)) return;
    const whole = { ...recipe, ...settled };
    const told = Object.fromEntries(form.told(recipe).map((name) => [name, whole[name]]));
    const own = files.size > 0 && { files: Object.fromEntries(Array.from(files, ([name, file]) => [name, file.sha256])) };
    await store.write(TRAINING_ARGS, new TextEncoder().encode(`${JSON.stringify({ ...told, sha256, ...own }, null, 2)}\n`));
    isRecorded = true;
  };
  const begin = async (found: Partial<R> = {}) => {
    lock = await lockFolder(out);
    if (resume) return;
    if (!overwrite) await checkVacant(store, out); // another run may have begun and ended meanwhile
    settled = found;
    for (const name of runFiles) await store.delete(name);
    await record();
  };
  return { text, sha256, files, store, recipe, begin, record, end: async () => lock?.release() };
}

/**
 * Goes through the events of a run that Ctrl-C stops, then ends the run; returns the exit status.
 * @param command the words that began it, such as `train lm`
 */
export async function conduct(
  command: string,
  { data, out, json }: RunArgs,
  run: Pick<TrainingRun<object>, "end">,
  events: (signal: AbortSignal) => AsyncIterable<FitEvent>,
  onEvent: (event: FitEvent) => void | Promise<void>,
): Promise<number> {
  const interruption = new Interruption();
  try {
    for await (const event of events(interruption.signal)) {
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

/** The folder that --model names, with something in it. */
export async function modelStore(folder: string): Promise<Store> {
  const store = fileStore(folder);
  if (folder.trim() !== "" && (await store.list()).length > 0) return store;
  throw new SeqgradError(
    "io",
    `--model ${folder || '""'}: the folder does not exist, or it is empty; give the folder of a saved model, with its config.json.`,
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
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === "EISDIR" ? "it is a folder; give a text file" : code === "ENOENT" ? "the file does not exist" : message;
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
async function resumedRecipe<R extends object>(
  form: RecipeForm<R>,
  store: Store,
  given: Partial<R>,
  digest: string,
  at: { out: string; data: string },
): Promise<{ recipe: R; digests: Digests }> {
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
  const { recipe, sha256, files: digests = {} } = parse(form, bytes, at.out);
  form.checkGiven(given, recipe);
  for (const name of form.names) {
    const reason = form.whyFixed(name, recipe);
    if (given[name] === undefined || given[name] === recipe[name] || reason === undefined) continue;
    const advice = `the run in ${at.out} was made with ${recipe[name]}${reason}; leave the option out.`;
    throw new SeqgradError("value", `--resume: --${name} is ${given[name]}, but ${advice}`);
  }
  if (sha256 !== digest) throw new SeqgradError("value", `--resume: ${at.data} is not the text that the run in ${at.out} was trained on.`);
  return { recipe: { ...recipe, ...given }, digests };
}

/** SHA-256 of files by the option that names them. */
type Digests = Readonly<Record<string, string>>;

function parse<R extends object>(form: RecipeForm<R>, bytes: Uint8Array, out: string): { recipe: R; sha256: unknown; files?: Digests } {
  try {
    const json = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    const recipe = form.stored(json);
    if (recipe) return { recipe, sha256: json.sha256, ...(json.files !== undefined && { files: json.files as Digests }) };
  } catch {
    // Falls through to the error below.
  }
  const advice = "resume with the command that began it, start again with --overwrite, or give another --out";
  throw new SeqgradError("format", `--resume: ${out}/${TRAINING_ARGS} does not hold the options of a run of this command; ${advice}.`);
}

const quote = (word: string) => (/^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
