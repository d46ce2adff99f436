import { type Browser, type BrowserContext, chromium, type Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findChromium, noChromium } from "../helpers/chromium.js";
import { noDist, serveDist } from "../helpers/dist-server.js";
import { thinly } from "../helpers/full.js";
import { EVERY, pageFiles, STEPS, stepsIn } from "../helpers/run-in-page.js";

const launchOptions = findChromium();
const missing = launchOptions ? noDist : noChromium;

interface Visit {
  readonly kind: string;
  readonly name: string;
  readonly where: "worker" | "page";
}

describe.skipIf(missing)(`a run in a tab that ends in the middle${missing && ` (${missing})`}`, () => {
  let server: Awaited<ReturnType<typeof serveDist>>;
  let browser: Browser;
  let context: BrowserContext;

  beforeAll(async () => {
    server = await serveDist(pageFiles);
    browser = await chromium.launch({ ...launchOptions!, headless: true });
    context = await browser.newContext();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  /** Opens the page and trains until the end, or until `act` is done after `count` lines. */
  async function visit(settings: Visit, count = Number.POSITIVE_INFINITY, act?: (page: Page) => Promise<void>): Promise<string[]> {
    const page = await context.newPage();
    const lines: string[] = [];
    try {
      await new Promise<void>((resolve, reject) => {
        page.on("console", (message) => {
          const line = message.text();
          lines.push(line);
          if (line.startsWith("failed") && lines.length < count) reject(new Error(line));
          if (line.startsWith("done")) resolve();
          if (lines.length === count) act!(page).then(resolve, reject);
        });
        const start = `import("/program.js").then(({ train }) => void train(${JSON.stringify(settings)}, console.log))`;
        page
          .goto(server.address)
          .then(() => page.evaluate(start), reject)
          .catch(() => {}); // a crash ends it
      });
    } finally {
      await page.close();
    }
    return lines;
  }

  async function crash(page: Page): Promise<void> {
    const sent = async () => {
      const session = await context.newCDPSession(page);
      session.send("Page.crash").catch(() => {}); // no answer comes from a tab that has crashed
    };
    await Promise.all([page.waitForEvent("crash"), sent()]);
  }

  /** Terminates the worker, of which the page hears, unless the run has ended. */
  async function terminate(page: Page): Promise<void> {
    const heard = page.waitForEvent("console", { predicate: (message) => /^(failed|done)/.test(message.text()) });
    const [last] = await Promise.all([heard, page.evaluate("worker.terminate()")]);
    expect(last.text()).toMatch(/^done|^failed state: .*Start another with worker\.start\(\), and resume/);
  }

  let whole: Promise<string[]> | undefined;
  let count = 0;
  /** The visits that did not come to their end. */
  let cut = 0;
  const stores = ["opfsStore", "opfsStore", "opfsStore", "indexedDbStore"];
  const ends = ["the tab crashes", "its worker is terminated"];
  // Lines spread over the run, and milliseconds that reach from an update into the saving after it.
  const moment = (i: number) => ({ kind: stores[i % 4]!, after: 1 + ((i * 17) % 88), wait: (i * 7) % 24 });
  const moments = [
    ...Array.from({ length: 40 }, (_, i) => ({ ...moment(i), where: "worker" as const, end: ends[(i + (i >> 2)) % 2]! })),
    ...Array.from({ length: 8 }, (_, i) => ({ ...moment(5 * i), where: "page" as const, end: ends[0]! })),
  ];

  thinly(
    moments,
    (_, i) => i === 2 || i === 7 || i === 9,
    (chosen) =>
      test.each(chosen)(
        "ends in the same bits on the next visit: $kind, in a $where, $end after line $after and $wait ms",
        async ({ kind, where, end, after, wait }) => {
          whole ??= visit({ kind: "opfsStore", name: "whole", where: "page" });
          const reference = await whole;
          const settings = { kind, where, name: `run-${count++}` };
          expect(stepsIn(reference)).toHaveLength(STEPS);
          const before = await visit(settings, after, async (page) => {
            await new Promise((done) => setTimeout(done, wait));
            await (end === ends[0] ? crash(page) : terminate(page));
          });
          const again = await visit(settings);
          expect(again.at(-1)).toBe(reference.at(-1));
          if (stepsIn(again).length > 0) cut++;
          const [reached, resumed] = [stepsIn(before).at(-1) ?? 0, (stepsIn(again)[0] ?? STEPS + 1) - 1];
          expect(reached - resumed).toBeLessThanOrEqual(EVERY);
          expect(resumed % EVERY).toBe(0);
        },
      ),
  );

  test("most visits end before their runs do", () => expect(cut).toBeGreaterThanOrEqual(count / 2));
});
