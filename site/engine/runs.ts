import { signal } from "@preact/signals";
import * as sg from "seqgrad";
import type { DeviceChoice } from "./device.js";
import { Series } from "./series.js";

/** The learning rate after an update, where it was changed by hand. */
export interface RateChange {
  readonly step: number;
  readonly lr: number;
}

/** The facts of a run that are known without opening its files. */
export interface RunRecord {
  readonly id: string;
  name: string;
  /** The task's id. */
  readonly task: string;
  /** Data, seed and settings, as a link has them. */
  readonly link: string;
  readonly created: number;
  status: "running" | "stopped" | "done";
  step: number;
  steps: number;
  loss: number;
  hash: string;
  device: DeviceChoice;
  /** True if each of its updates was deterministic. */
  isExact: boolean;
  changes: RateChange[];
}

export const SERIES = "losses.bin";
export const STATE = "training_state.safetensors";
export const RECORD = "run.json";
export const SOURCE = "source.txt";

const hasFiles = (): boolean =>
  typeof FileSystemFileHandle !== "undefined" && "createWritable" in FileSystemFileHandle.prototype && navigator.storage !== undefined;

/** A store of the browser, or one in memory where it keeps nothing. */
function storeNamed(name: string): sg.io.Store {
  if (hasFiles()) return sg.io.opfsStore(name);
  return typeof indexedDB === "undefined" ? sg.io.memoryStore() : sg.io.indexedDbStore(name);
}

const opened = new Map<string, sg.io.Store>();
/** The store of a run. */
export function storeOf(id: string): sg.io.Store {
  const store = opened.get(id) ?? storeNamed(`lab-${id}`);
  opened.set(id, store);
  return store;
}

let index: sg.io.Store | undefined;
const indexStore = () => (index ??= storeNamed("lab-runs"));

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const decode = (bytes: Uint8Array | undefined): unknown => bytes && JSON.parse(new TextDecoder().decode(bytes));

function isRecord(value: unknown): value is RunRecord {
  if (typeof value !== "object" || value === null) return false;
  const { id, name, task, link, changes }: { id?: unknown; name?: unknown; task?: unknown; link?: unknown; changes?: unknown } = value;
  return [id, name, task, link].every((text) => typeof text === "string") && Array.isArray(changes);
}

/** The runs that the browser keeps, the newest first. */
export const runs = signal<readonly RunRecord[]>([]);

/** Reads the list. */
export async function loadRuns(): Promise<readonly RunRecord[]> {
  const store = indexStore();
  const found: RunRecord[] = [];
  for (const file of await store.list()) {
    const record = decode(await store.read(file));
    if (isRecord(record)) found.push(record);
  }
  runs.value = found.sort((a, b) => b.created - a.created);
  return runs.value;
}

/** The runs that a tab trains now: a run that ended without a word is not among them. */
export async function runsAtWork(): Promise<ReadonlySet<string>> {
  const { held = [] } = (await globalThis.navigator?.locks?.query()) ?? {};
  return new Set(held.flatMap(({ name }) => / lab-(\w+) run$/.exec(name ?? "")?.[1] ?? []));
}

/** Keeps what has changed of a run. */
export async function saveRecord(record: RunRecord): Promise<void> {
  const others = runs.value.filter(({ id }) => id !== record.id);
  runs.value = [...others, { ...record }].sort((a, b) => b.created - a.created);
  await indexStore().write(`${record.id}.json`, encode(record));
}

/** Removes a run and its files. */
export async function deleteRun(id: string): Promise<void> {
  const store = storeOf(id);
  await indexStore().delete(`${id}.json`);
  for (const file of await store.list()) await store.delete(file);
  runs.value = runs.value.filter((record) => record.id !== id);
}

export const newId = (): string => crypto.randomUUID().slice(0, 8);

/** A run as one file: the folder of its model, its losses and its settings. */
export async function exportRun(record: RunRecord): Promise<Uint8Array> {
  const files = await sg.io.fromZip(await sg.io.toZip(storeOf(record.id)));
  await files.write(RECORD, encode(record));
  return sg.io.toZip(files);
}

/** Adds a run that was exported, here or on another machine. */
export async function importRun(bytes: Uint8Array): Promise<RunRecord> {
  const files = await sg.io.fromZip(bytes);
  const record = decode(await files.read(RECORD));
  if (!isRecord(record)) throw new Error(`The zip has no ${RECORD} of a run. Choose a file that "Export" made.`);
  const own: RunRecord = { ...record, id: newId(), created: Date.now(), status: record.status === "done" ? "done" : "stopped" };
  const store = storeOf(own.id);
  for (const name of await files.list()) {
    const content = await files.read(name);
    if (content && name !== RECORD) await store.write(name, content);
  }
  await saveRecord(own);
  return own;
}

/** The losses that a run has kept. */
export const seriesOf = async (id: string): Promise<Series> => Series.decode(await storeOf(id).read(SERIES));
