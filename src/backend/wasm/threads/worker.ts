/** Places in the control memory, int32, 64 bytes apart where threads meet. */
export const places = {
  /** The number of the job (upper 24 bits) and how many of its shares nobody has claimed (lower 8). */
  job: 0,
  /** Grows when a share is done while the caller sleeps, which wakes it. */
  done: 16,
  /** 1 while the caller sleeps until more of them are. */
  callerSleeps: 17,
  /** Workers that wait for a job, awake or asleep. */
  ready: 32,
  /** Workers that sleep. */
  sleepers: 33,
  /** Grows when the workers are to leave their loop. */
  recall: 34,
  /** The length of the message of what failed in a worker, and its UTF-16 codes. */
  failure: 48,
  text: 49,
  /**
   * Shares, `share` int32 each: the kernel, the number of its arguments, its owner and its result. The owner is 0, then the number of the
   * worker that has claimed it, then the negative of that once it is done.
   */
  shares: 256,
} as const;

/** Int32 of a share, and float64 of its arguments. */
export const share = { size: 16, kernel: 0, count: 1, owner: 2, result: 3, args: 64 } as const;

/** The most characters of a message. */
const messageLength = places.shares - places.text;

/** Arguments of a worker, which it gets as a message. */
export interface WorkerData {
  readonly memory: WebAssembly.Memory;
  /** The modules of the kernels, which may import functions of those before them. */
  readonly modules: readonly WebAssembly.Module[];
  readonly names: readonly string[];
  readonly control: Int32Array;
  readonly args: Float64Array;
  /** From 1; the caller is 0. */
  readonly id: number;
}

/** Microseconds for which a worker looks for a job before it sleeps. */
const patience = 200;

/**
 * The code of a worker, in Node and in a page. It waits for a message, which brings the kernels, and stays in the loop of jobs until it is
 * recalled. `pause` is run at every hand-over, for tests.
 */
export const workerSource = (pause = ""): string => `
const { job, done, callerSleeps, ready, sleepers, recall, failure, text, shares } = ${JSON.stringify(places)};
const share = ${JSON.stringify(share)};
const node = globalThis.process?.getBuiltinModule?.("node:worker_threads");
const pause = () => { ${pause} };
function work({ memory, modules, names, control, args, id }) {
  const env = { memory };
  let all;
  for (const module of modules) {
    const { exports } = new WebAssembly.Instance(module, { env, core: all ?? {} });
    if (exports.rest) exports.rest.value -= 64 * id;
    all = { ...all, ...exports };
  }
  const kernels = names.map((name) => all[name]);
  const recalled = Atomics.load(control, recall);
  const run = (index) => {
    const at = shares + share.size * index;
    Atomics.store(control, at + share.owner, id);
    pause();
    try {
      const from = share.args * index;
      const result = Reflect.apply(kernels[control[at + share.kernel]], undefined, args.subarray(from, from + control[at + share.count]));
      control[at + share.result] = result ?? -1;
    } catch (error) {
      const message = String(error).slice(0, ${messageLength});
      for (let i = 0; i < message.length; i++) control[text + i] = message.charCodeAt(i);
      Atomics.store(control, failure, message.length);
    }
    pause();
    Atomics.store(control, at + share.owner, -id);
    pause();
    if (Atomics.load(control, callerSleeps)) {
      Atomics.add(control, done, 1);
      Atomics.notify(control, done);
    }
  };
  Atomics.add(control, ready, 1);
  for (let since = performance.now(), looks = 1; Atomics.load(control, recall) === recalled; looks++) {
    const word = Atomics.load(control, job);
    if (word & 255) {
      pause();
      if (Atomics.compareExchange(control, job, word, word - 1) === word) run(word & 255);
      since = performance.now();
    } else if (looks % 64 === 0 && performance.now() - since > ${patience / 1000}) {
      Atomics.add(control, sleepers, 1);
      pause();
      Atomics.wait(control, job, word);
      Atomics.sub(control, sleepers, 1);
      since = performance.now();
    }
  }
  Atomics.sub(control, ready, 1);
}
if (node) node.parentPort.on("message", work);
else globalThis.onmessage = ({ data }) => work(data);
`;
