import fc from "fast-check";
import { expect, test } from "vitest";
import { PriorityQueue } from "../../src/util/priority-queue.js";

test("a priority queue returns its items in order, also between pushes, and nothing when it is empty", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 20 }))), (actions) => {
      const queue = new PriorityQueue<number>((x, y) => x < y);
      const plain: number[] = [];
      // A number is pushed; null pops.
      for (const action of [...actions, ...actions.map(() => null)]) {
        if (action === null) expect(queue.pop()).toBe(plain.shift());
        else {
          queue.push(action);
          plain.push(action);
          plain.sort((a, b) => a - b);
        }
      }
    }),
  );
});
