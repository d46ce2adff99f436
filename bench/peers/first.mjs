// What a user waits for, in a process that has done nothing else: `node first.mjs tfjs` prints, as JSON, the milliseconds of loading the
// library, of making it ready, of the model and its first training step, and of 99 steps more.
import "./relaxed.mjs";
import { works } from "./works.mjs";

const peer = await import(`./${process.argv[2]}.mjs`);
const marks = [performance.now()];
const mark = () => marks.push(performance.now());

const library = await peer.load();
mark();
const { prepare } = await peer.open(library);
mark();
const { run } = await prepare(works.find(({ kind }) => kind === "step"));
await run(0);
mark();
for (let i = 1; i < 100; i++) await run(i);
mark();

const [load, open, first, more] = marks.slice(1).map((time, i) => time - marks[i]);
console.log(JSON.stringify({ load, open, first, more }));
process.exit();
