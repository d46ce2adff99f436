// Peers in turn on one work, after it was checked that they compute the same; runs in Node and in a page.
import { nameOf } from "./works.mjs";

// A peer is { name, load(), open(library) }; what it opens is { info, prepare(work), close?() }. To prepare a work answers
//   a reason why it cannot, or undefined where the question makes no sense, or
//   { run(i), value?(i) }: do the work on input set i; do it and answer its numbers, where they can agree with the others;
//   { time(count), value(i) }: the same, where the peer takes the time itself.

/** How far a peer's numbers may lie from the first peer's, as a share of the largest, or of 1. */
const tolerance = 1e-3;

export function quartiles(times) {
  const sorted = times.toSorted((a, b) => a - b);
  const [q1, median, q3] = [0.25, 0.5, 0.75].map((share) => sorted[Math.round(share * (sorted.length - 1))]);
  return { median, q1, q3 };
}

/** The place where a result differs from the first peer's; undefined if it agrees. */
function departure(got, expected) {
  const largest = expected.reduce((max, v) => Math.max(max, Math.abs(v)), 1);
  const at = Array.from(got).findIndex((v, i) => !(Math.abs(v - expected[i]) <= tolerance * largest));
  return at < 0 ? undefined : `computes another thing: number ${at} is ${got[at]}, not ${expected[at]}`;
}

/** The losses of the first three steps, or a result. */
async function valuesOf(job, work) {
  if (work.kind !== "step") return job.value(0);
  const losses = [];
  for (let i = 0; i < 3; i++) losses.push(...(await job.value(i)));
  return losses;
}

/** Milliseconds a call. */
async function time(job, count, now) {
  if (job.time) return job.time(count);
  job.calls ??= 0;
  const start = now();
  for (let i = 0; i < count; i++) {
    const done = job.run(job.calls++);
    if (done) await done;
  }
  return (now() - start) / count;
}

/** Answers the milliseconds of a call, roughly. */
async function warmUp(job, { warmCalls, warmTime, now }) {
  let spent = 0;
  let calls = 0;
  for (; calls < warmCalls && spent < warmTime; calls++) spent += await time(job, 1, now);
  return Math.max(spent, 1) / calls;
}

/**
 * A row for each peer that has something to say. `pace`: rounds; milliseconds that a sample should take, that a peer may take for all of
 * its samples, and for warming up; calls that warm up; and the clock.
 */
export async function measure(work, peers, pace) {
  const { rounds, sampleTime, peerTime } = pace;
  const rows = [];
  let expected;
  for (const peer of peers) {
    const asked = !work.peers || work.peers.includes(peer.name);
    const job = asked ? await peer.prepare(work) : undefined;
    if (job === undefined) continue;
    const row = { work: nameOf(work), peer: peer.name };
    rows.push(row);
    if (typeof job === "string") {
      row.reason = job;
      continue;
    }
    row.alike = Boolean(job.value);
    if (row.alike) {
      const got = await valuesOf(job, work);
      expected ??= got;
      row.reason = departure(got, expected);
      if (row.reason) continue;
    }
    const estimate = await warmUp(job, pace);
    row.samples = Math.min(rounds, Math.max(3, Math.floor(peerTime / estimate)));
    Object.assign(row, { job, count: Math.ceil(sampleTime / estimate), times: [] });
  }
  const running = rows.filter(({ job }) => job);
  for (let round = 1; round <= rounds; round++) {
    // A slow peer skips rounds, evenly.
    for (const row of running)
      while (row.times.length < Math.floor((round * row.samples) / rounds)) row.times.push(await time(row.job, row.count, pace.now));
  }
  const first = running[0] && quartiles(running[0].times).median;
  return rows.map(({ job, count, times, ...row }) => {
    if (!job) return row;
    const figures = quartiles(times);
    return { ...row, ...figures, ratio: figures.median / first };
  });
}

export const digits = (ms) => (ms >= 100 ? ms.toFixed(0) : ms.toPrecision(3));

export function print(rows) {
  console.log(`\n${rows[0].work}`);
  for (const { peer, reason, alike, median, q1, q3, ratio } of rows) {
    const columns = reason
      ? [`      - ${reason}`]
      : [
          `${digits(median)} ms`.padStart(11),
          `${digits(q1)} .. ${digits(q3)}`.padStart(18),
          `${digits(ratio)} x`.padStart(9),
          alike ? "" : "another function: see above",
        ];
    console.log(`  ${peer.padEnd(16)}${columns.join("  ")}`.trimEnd());
  }
}
