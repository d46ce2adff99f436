import type { InitOptions, MemoryReport } from "../tensor/device.js";
import { checkInterval, checkObject } from "../util/check.js";
import { disposeKey } from "../util/dispose-key.js";
import { SeqgradError } from "../util/errors.js";
import { Client } from "./client.js";
import type { Started } from "./protocol.js";
import { tasksOf, type WorkerTasks } from "./task.js";

export type { WorkerTask, WorkerTasks } from "./task.js";

/** The device that the worker uses, as for init(), and where its program comes from. */
export interface StartOptions extends Omit<InitOptions, "gpu" | "wasm"> {
  /** The seed of random numbers, as for manualSeed(). Default: another each time. */
  readonly seed?: number;
  /**
   * The address of the file `seqgrad/dist/worker.min.js`, for a page whose Content Security Policy forbids workers from `blob:`. Default: a part
   * of the package that needs no file.
   */
  readonly url?: string | { readonly href: string };
  /** Seconds to wait for the first answer of the worker's program. Default: 30. */
  readonly timeout?: number;
}

/** An engine in a worker: it trains and answers there, while the page stays free. */
export interface Trainer {
  /** The device of the worker, as its `info` describes it. */
  readonly info: string;
  /** The kinds of task, each with create(), and load(). */
  readonly tasks: WorkerTasks;
  /**
   * Returns the bytes and tensors that are alive in the worker.
   *
   * @returns the report, as memory() gives it
   */
  memory(): Promise<MemoryReport>;
  /** Ends the worker. Calls that are not answered are refused, and so are later ones. */
  close(): void;
  [Symbol.dispose](): void;
}

/**
 * Starts the engine in a Web Worker, or in Node in a worker thread: training there leaves the page free to draw.
 *
 * @param options the device as for init(), `seed`, `url` and `timeout`: see StartOptions
 * @returns the trainer, whose `tasks` are the tasks of seqgrad with promises for results
 * @throws SeqgradError `device` where the device is not there, `state` where a worker cannot start, `value` or `range` for impossible options
 * @example
 * const trainer = await sg.worker.start();
 * const reviews = [{ text: "a good film", label: "good" }, { text: "a dull film", label: "dull" }];
 * const task = await trainer.tasks.TextClassifier.create(reviews, { hidden: 8, minCount: 1 });
 * for await (const event of task.train(reviews, { epochs: 2, validation: 0 })) console.log(event.type);
 * console.log(await task.predict(["a good film"]));
 * trainer.close();
 */
export async function start(options: StartOptions = {}): Promise<Trainer> {
  const { url, timeout = 30, ...rest } = checkObject("worker.start", "options", options, 'the options of init(), as in { device: "wasm" }');
  checkInterval("worker.start", "timeout", timeout, 0);
  const client = new Client(url === undefined ? await engineFor(rest.device) : addressOf(url));
  await client.ready(timeout);
  try {
    const lock = lockName();
    const { info, kinds, isLocked } = await client.call<Started>({ work: "start", options: rest, lock });
    if (isLocked) client.watch(lock);
    const close = () => client.lose("the trainer was closed; start another with worker.start()");
    return {
      info,
      tasks: tasksOf(client, kinds),
      memory: () => client.call<MemoryReport>({ work: "memory" }),
      close,
      [disposeKey]: close,
    };
  } catch (error) {
    client.lose("it could not start");
    throw error;
  }
}

/** The name of a lock by which a page hears of the worker's end, however that came about; "" in Node, where an event reports it. */
const lockName = (): string =>
  globalThis.process === undefined && globalThis.navigator?.locks ? `seqgrad ${globalThis.crypto.randomUUID()}` : "";

/** The program of the worker: the smaller one where WebAssembly is the only device. */
async function engineFor(device: InitOptions["device"] = "auto"): Promise<string> {
  const hasGpu = "gpu" in (globalThis.navigator ?? {});
  const isFull = device === "webgpu" || device === "reference" || (device === "auto" && hasGpu);
  return (await (isFull ? import("./generated/engine-full.js") : import("./generated/engine.js"))).default;
}

function addressOf(url: string | { readonly href: string }): URL {
  try {
    return new URL(typeof url === "string" ? url : url.href, globalThis.location?.href);
  } catch (cause) {
    throw new SeqgradError(
      "value",
      `worker.start: url is ${JSON.stringify(url)}, which is not an address; give the address of seqgrad/dist/worker.min.js.`,
      {
        cause,
      },
    );
  }
}
