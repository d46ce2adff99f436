import { Bench } from "tinybench";

export interface Duration {
  /** Seconds of the fastest sample: what shares the machine only adds time. */
  readonly fastest: number;
  readonly median: number;
}

/** From Node 23.9; a page has none. */
const thread = (globalThis.process ?? {}) as { threadCpuUsage?: () => { user: number; system: number } };

/**
 * Milliseconds that this thread has had a core, where Node can measure it, else the wall's: what others do there meanwhile does not count, nor
 * does V8 compiling beside. It ticks once a microsecond and costs as much to read, so that what is shorter than `long` is measured by
 * the wall's clock, of which the fastest sample is as good.
 */
export function cpuTime(): number {
  if (!thread.threadCpuUsage) return performance.now();
  // Linux brings a thread's account up to date once in some milliseconds, and when the process's is asked for.
  process.cpuUsage();
  const { user, system } = thread.threadCpuUsage();
  return (user + system) / 1000;
}
const long = 0.5;
const clockFor = (milliseconds: number) => (milliseconds > long ? cpuTime : () => performance.now());

/** A sample lasts this long at least, in milliseconds: reading the clock takes about as long as a small kernel. */
const shortest = 0.02;
/** V8 compiles a hot function again, better, by the count of its calls, the host's of a training step after some two thousand. */
const warmCalls = 2500;

/** Calls until V8 has compiled it at its best, but not for longer than `limit` milliseconds; the milliseconds of the fastest call. */
export function warm(call: () => void, limit: number, prepare?: () => void): number {
  let fastest = Number.POSITIVE_INFINITY;
  const start = performance.now();
  for (let i = 0; i < warmCalls && (i < 5 || performance.now() - start < limit); i++) {
    prepare?.();
    const begin = performance.now();
    call();
    fastest = Math.min(fastest, performance.now() - begin);
  }
  return fastest;
}

/** How long one call takes, measured for about `time` milliseconds; `prepare` comes before each, on nobody's clock. */
export function measure(call: () => void, time: number, prepare?: () => void): Duration {
  const once = warm(call, 25 * time, prepare);
  const calls = prepare ? 1 : Math.max(1, Math.ceil(shortest / Math.max(once, 1e-5)));
  const bench = new Bench({ time, iterations: 7, warmup: false, throws: true, now: clockFor(once) });
  const many = () => {
    for (let i = 0; i < calls; i++) call();
  };
  bench.add("call", many, prepare ? { beforeEach: prepare } : {});
  bench.runSync();
  const { result } = bench.tasks[0]!;
  if (result.state !== "completed") throw new Error(`the measurement ended as ${result.state}`);
  const { min, p50 } = result.latency;
  return { fastest: min / calls / 1000, median: p50 / calls / 1000 };
}

/**
 * Seconds of one call of each, the fastest of `rounds` in which they take turns: ratios hold although the machine changes its pace. A turn
 * lasts `turn` milliseconds or one call, by the wall's clock where `wall` asks for it.
 */
export function inTurn(calls: readonly (() => void)[], rounds: number, { turn = long, wall = false } = {}): number[] {
  const tasks = calls.map((call) => {
    const once = warm(call, 300);
    const now = wall ? () => performance.now() : clockFor(once);
    return { call, calls: Math.ceil(turn / Math.max(once, 1e-4)), now, best: Number.POSITIVE_INFINITY };
  });
  for (let round = 0; round < rounds; round++) {
    for (const task of tasks) {
      const begin = task.now();
      for (let i = 0; i < task.calls; i++) task.call();
      task.best = Math.min(task.best, (task.now() - begin) / task.calls);
    }
  }
  return tasks.map(({ best }) => best / 1000);
}

/** The number below which a share q of the numbers lies. */
export function quantile(numbers: readonly number[], q: number): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(q * (numbers.length - 1))]!;
}
