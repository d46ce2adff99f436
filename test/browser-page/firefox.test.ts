import type { Browser, Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noDist, serveDist } from "../helpers/dist-server.js";
import { findFirefox, noFirefox } from "../helpers/firefox.js";
import { full, thinly } from "../helpers/full.js";
import { EVERY, pageFiles, STEPS, stepsIn } from "../helpers/run-in-page.js";
import { taskWorks } from "../helpers/task-works.js";

const executablePath = findFirefox();
const missing = executablePath ? noDist : noFirefox;

describe.skipIf(missing)(`Firefox${missing && ` (${missing})`}`, () => {
  let server: Awaited<ReturnType<typeof serveDist>>;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    server = await serveDist(pageFiles);
    const { launch } = await import("puppeteer-core");
    browser = await launch({ browser: "firefox", executablePath: executablePath!, headless: true });
    page = await browser.newPage();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  /** Opens the page again and runs a program in it. */
  async function inPage<T>(program: string): Promise<T> {
    await page.goto(server.address);
    // Objects come as texts: the driver gives each number a wrapper of its own.
    const text = await page.evaluate(`(async () => JSON.stringify(await (async () => { ${program} })()))()`);
    return JSON.parse(String(text));
  }

  /** The lines of a visit to the page, which trains in a worker. */
  const visit = (settings: object) =>
    inPage<string[]>(`
      const { train } = await import("/program.js");
      const lines = [];
      await train(${JSON.stringify(settings)}, (line) => lines.push(line));
      return lines;`);

  let whole: Promise<string[]> | undefined;

  thinly(
    ["opfsStore", "indexedDbStore"],
    (kind) => kind === "opfsStore",
    (chosen) =>
      test.each(chosen)("a run in a worker is canceled, saved by %s, and resumed after a reload in the same bits", async (kind) => {
        whole ??= visit({ kind: "opfsStore", name: "whole", where: "worker" });
        const reference = await whole;
        expect(stepsIn(reference)).toHaveLength(STEPS);
        const settings = { kind, name: "run", where: "worker" };
        const canceled = await visit({ ...settings, abortAt: 23 });
        expect(canceled).toContain("end aborted");
        const reached = stepsIn(canceled).length;
        expect(reached).toBeGreaterThanOrEqual(23);
        expect(reached).toBeLessThan(STEPS);
        const again = await visit(settings);
        expect(stepsIn(again)[0]).toBe(reached + 1);
        expect(again.at(-1)).toBe(reference.at(-1));
      }),
  );

  full(() => {
    test("a worker that is terminated is reported, and the next visit resumes from its last checkpoint in the same bits", async () => {
      whole ??= visit({ kind: "opfsStore", name: "whole", where: "worker" });
      const reference = await whole;
      const settings = { kind: "opfsStore", name: "terminated", where: "worker" };
      const before = await inPage<string[]>(`
        const { train } = await import("/program.js");
        const lines = [];
        await train(${JSON.stringify(settings)}, (line) => lines.push(line) === 40 && worker.terminate());
        return lines;`);
      expect(before.at(-1)).toMatch(/^failed state: .*Start another with worker\.start\(\), and resume/);
      const again = await visit(settings);
      const resumed = stepsIn(again)[0]! - 1;
      expect(resumed % EVERY).toBe(0);
      expect(stepsIn(before).at(-1)! - resumed).toBeLessThanOrEqual(EVERY);
      expect(again.at(-1)).toBe(reference.at(-1));
    });

    test("all kinds of task train in a worker, and the page draws meanwhile", async () => {
      const { frames, results } = await inPage<{ frames: number; results: Record<string, { losses: number[]; answers: number }> }>(`
        const sg = await import("/dist/index.js");
        const works = (${taskWorks})(sg);
        let frames = 0;
        const count = () => { frames++; requestAnimationFrame(count); };
        requestAnimationFrame(count);
        const trainer = await sg.worker.start({ device: "wasm", seed: 1 });
        const results = {};
        for (const [kind, [create, examples, options, inputs]] of Object.entries(works)) {
          const task = await trainer.tasks[kind].create(...create);
          const { steps } = await task.train(examples, { ...options, seed: 3 });
          results[kind] = { losses: steps.map(({ loss }) => loss), answers: (await task.predict(inputs)).length };
        }
        trainer.close();
        return { frames, results };`);
      expect(Object.keys(results)).toHaveLength(7);
      for (const { losses, answers } of Object.values(results)) {
        expect(losses.length).toBeGreaterThan(1);
        expect(losses.every(Number.isFinite)).toBe(true);
        expect(answers).toBeGreaterThan(0);
      }
      expect(frames).toBeGreaterThan(2);
    });
  });
});
