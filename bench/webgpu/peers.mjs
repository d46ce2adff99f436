// seqgrad beside tfjs and jax-js, all on WebGPU in one page; see bench/peers.
import * as jax from "../peers/jax.mjs";
import { measure } from "../peers/measure.mjs";
import * as seqgrad from "../peers/seqgrad.mjs";
import * as tfjs from "../peers/tfjs.mjs";
import { nameOf, works } from "../peers/works.mjs";

const large = { kind: "step", cell: "lstm", input: 256, hidden: 512, batch: 64, time: 64 };

function chosenWorks(isSoftware, quick) {
  if (!isSoftware) return [...works, large];
  const names = quick ? /^gemm 256|^step lstm .* B1 / : /^gemm (256|512)|^step (lstm|gru|gpt) .* B[18] /;
  return works.filter((work) => names.test(nameOf(work)));
}

/** A call in software may take a second. */
const paceOf = (quick) => ({
  ...(quick
    ? { rounds: 3, sampleTime: 20, peerTime: 1000, warmTime: 200 }
    : { rounds: 7, sampleTime: 150, peerTime: 6000, warmTime: 2000 }),
  ...{ warmCalls: 200, now: () => performance.now() },
});

let submissions = 0;

/** Counts what any library hands to a queue. */
function countSubmissions() {
  const { submit } = GPUQueue.prototype;
  GPUQueue.prototype.submit = function (buffers) {
    submissions++;
    return submit.call(this, buffers);
  };
}

/** A peer whose calls are seen: how many, what they submitted, and milliseconds until they returned, whatever they had still to wait for. */
function observed(peer) {
  const seen = {};
  async function prepare(work) {
    Object.assign(seen, { calls: 0, submissions: 0, host: 0 });
    const job = await peer.prepare(work);
    async function run(i) {
      const [start, before] = [performance.now(), submissions];
      const done = job.run(i);
      seen.host += performance.now() - start;
      await done;
      seen.submissions += submissions - before;
      seen.calls++;
    }
    return { ...job, run };
  }
  return { ...peer, prepare, seen };
}

/** A table of what all of them take for the same. */
export async function measurePeers(isSoftware, quick) {
  countSubmissions();
  const peers = [];
  for (const { name, load, open } of [seqgrad, tfjs, jax]) peers.push(observed({ name, ...(await open(await load("webgpu"), "webgpu")) }));
  const rows = [];
  for (const work of chosenWorks(isSoftware, quick)) {
    for (const { peer: by, median, q1, q3, ratio, reason } of await measure(work, peers, paceOf(quick))) {
      const { calls, submissions, host } = peers.find(({ name }) => name === by).seen;
      const figures = { ms: median, "from ms": q1, "to ms": q3, "times seqgrad": ratio };
      const counts = { submissions: submissions / calls, "host ms": host / calls };
      rows.push({ work: nameOf(work), by, ...(reason ? { reason } : { ...figures, ...counts }) });
    }
  }
  const versions = peers.map(({ name, info }) => `${name}: ${info}`).join("; ");
  const note = `In turns, each call awaited: medians and quartiles. Submissions and the host's time are those of a call. Where one computes another thing, it is said. ${versions}.`;
  return { title: "Beside others in one page", note, rows };
}
