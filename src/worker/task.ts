import { checkStore, type Store } from "../io/store.js";
import type * as kinds from "../tasks/kinds.js";
import { type FitRun, runOf } from "../train/fit-run.js";
import type { FitEvent } from "../train/types.js";
import { disposeKey } from "../util/dispose-key.js";
import type { Client } from "./client.js";
import type { Loan } from "./loan.js";
import type { SentTask, Work } from "./protocol.js";

type Kinds = typeof kinds;

/** The result of a method when the task is in a worker: an iterator stays one, and all else is a promise. */
type Answered<R> = R extends FitRun ? FitRun : R extends AsyncIterator<unknown> ? R : Promise<Awaited<R>>;

/** The names of the methods that a task in a worker has: not those whose results have methods of their own. */
type MethodOf<T> = { [K in keyof T]: T[K] extends (...args: never) => unknown ? (K extends "loader" ? never : K) : never }[keyof T];
type FactOf<T> = { [K in keyof T]: T[K] extends string | number | readonly string[] ? K : never }[keyof T];

/** A task that lives in a worker: the methods of the task, each of which returns a promise, and its facts such as `labels`. */
export type WorkerTask<T> = {
  readonly [K in MethodOf<T>]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Answered<R> : never;
} & { readonly [K in FactOf<T>]: T[K] } & {
  /** Frees the task in the worker. */
  dispose(): void;
  [Symbol.dispose](): void;
};

/** The task that create() of a kind makes. */
type TaskOf<K extends keyof Kinds> = Awaited<ReturnType<Kinds[K]["fromSaved"]>>;

/** The seven kinds of task, in a worker. */
export type WorkerTasks = {
  readonly [K in keyof Kinds]: {
    /** As create() of the kind. */
    create(...args: Parameters<Kinds[K]["create"]>): Promise<WorkerTask<TaskOf<K>>>;
  };
} & {
  /** Loads a saved task of any kind, as tasks.load(). */
  load(store: Store): Promise<WorkerTask<TaskOf<keyof Kinds>>>;
};

/** The tasks that a worker can make. */
export function tasksOf(client: Client, names: readonly string[]): WorkerTasks {
  const make = async (kind: string, args: readonly unknown[]) =>
    taskOf(client, await client.lend<SentTask>((loan) => ({ work: "make", kind, args: loan.encoded(args) })));
  const tasks = names.map((kind) => [kind, { create: (...args: unknown[]) => make(kind, args) }]);
  const load = async (store: Store) =>
    taskOf(client, await client.lend<SentTask>((loan) => ({ work: "load", store: loan.store(checkStore("tasks.load", store)) })));
  return Object.fromEntries([...tasks, ["load", load]]);
}

function taskOf(client: Client, { task, methods, facts }: SentTask): object {
  const captures = new Set<Loan>();
  const entries = methods.map((method) => {
    const call = (...args: unknown[]) => client.lend((loan) => ({ work: "call", task, method, args: loan.encoded(args) }));
    const stream = (...args: unknown[]) => client.stream(task, method, args);
    const run = (...args: unknown[]) => runOf(client.stream<FitEvent>(task, method, args));
    const capture = (...args: unknown[]) => captureOf(client, captures, { work: "call", task, method, args });
    const kinds: Readonly<Record<string, (...args: unknown[]) => unknown>> = { train: run, generate: stream, capture };
    return [method, kinds[method] ?? call];
  });
  const dispose = () => {
    client.release(task);
    for (const loan of captures) loan.end();
  };
  return { ...facts, ...Object.fromEntries(entries), dispose, [disposeKey]: dispose };
}

/** A capture, which stop() ends. Until then the page lends it the function that looks. */
async function captureOf(client: Client, captures: Set<Loan>, { args, ...call }: Extract<Work, { work: "call" }>): Promise<object> {
  const loan = client.loan();
  const close = () => {
    captures.delete(loan);
    loan.end();
  };
  const open = async () => client.call<SentTask>({ ...call, args: loan.encoded(args) });
  const { task } = await open().catch((error) => {
    close();
    throw error;
  });
  captures.add(loan);
  const end = async () => {
    await client.call({ work: "call", task, method: "stop", args: [] }).finally(close);
    client.release(task);
  };
  let ended: Promise<void> | undefined;
  const stop = () => (ended ??= end());
  return { stop, [disposeKey]: () => void stop().catch(() => {}) };
}
