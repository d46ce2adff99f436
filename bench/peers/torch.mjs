// Native PyTorch: a process that times itself, so that what talks to it costs nothing.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { threads } from "./threads.mjs";
import { adam, classes, clipNorm, dataOf } from "./works.mjs";

export const name = "PyTorch";

/** One question, one answer, each a line of JSON; undefined when there is no Python with torch. */
export async function load() {
  const script = fileURLToPath(new URL("torch-worker.py", import.meta.url));
  const child = spawn(process.env.SEQGRAD_PYTHON ?? "python3", [script, String(threads)], { stdio: ["pipe", "pipe", "ignore"] });
  const failed = once(child, "error").then(() => ({ done: true }));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await Promise.race([lines.next(), failed]);
  if (first.done) return undefined;
  const ask = async (question) => {
    child.stdin.write(`${JSON.stringify(question)}\n`);
    const { done, value } = await lines.next();
    if (done) throw new Error(`PyTorch ended at ${JSON.stringify(question)}`);
    return JSON.parse(value);
  };
  return { info: JSON.parse(first.value), ask, close: () => child.stdin.end() };
}

export async function open(torch) {
  if (!torch) return { info: "not there", prepare: () => "python3 (or $SEQGRAD_PYTHON) has no torch" };
  const { ask, close } = torch;
  const folder = mkdtempSync(join(tmpdir(), "seqgrad-torch-"));

  async function prepare(work) {
    const { weights = {}, sets } = dataOf(work);
    const chunks = [];
    const add = ({ shape, data }) => {
      chunks.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
      return { shape, int: data instanceof Int32Array };
    };
    const each = (values) => Object.fromEntries(Object.entries(values).map(([key, value]) => [key, add(value)]));
    const arrays = { weights: each(weights), sets: sets.map(each) };
    const file = join(folder, "data");
    writeFileSync(file, Buffer.concat(chunks));
    await ask({ prepare: { ...work, ...adam, classes, clipNorm, file, arrays } });
    return { time: (count) => ask({ time: count }), value: (i) => ask({ value: i }) };
  }

  return {
    info: torch.info,
    prepare,
    close() {
      close();
      rmSync(folder, { recursive: true });
    },
  };
}
