import { expect, test } from "vitest";
import { remembering } from "../../src/util/remember.js";

/** Which of some keys are made, not remembered. */
function making(most: number) {
  const made: string[] = [];
  const make = remembering((key: string) => {
    made.push(key);
    return [key.length];
  }, most);
  return (...keys: string[]) => {
    made.length = 0;
    for (const key of keys) expect(make(key)).toEqual([key.length]);
    return made;
  };
}

test("what was asked before is remembered", () => {
  const madeOf = making(1e6);
  expect(madeOf("a", "b", "a", "", "")).toEqual(["a", "b", ""]);
  expect(madeOf("b", "a", "")).toEqual([]);
});

test("a piece that takes more than a 64th of the memory is not remembered, and forgets no other", () => {
  // An entry takes 100 bytes, 2 a character and 8 a number: 110 of "a", 128 of ten characters.
  const madeOf = making(64 * 128);
  const [fits, long] = ["x".repeat(10), "x".repeat(11)];
  expect(madeOf("a", fits, long, fits, long, long)).toEqual(["a", fits, long, long, long]);
  expect(madeOf("a")).toEqual([]);
});

test("all is forgotten when the memory is full, and not before", () => {
  const madeOf = making(64 * 110);
  const keys = Array.from({ length: 64 }, (_, i) => String.fromCharCode(0x4e00 + i));
  expect(madeOf(...keys, ...keys)).toEqual(keys);
  expect(madeOf("z", "z")).toEqual(["z"]);
  expect(madeOf(...keys.slice(0, 63))).toEqual(keys.slice(0, 63));
  expect(madeOf("z")).toEqual([]);
});

test("texts of an answer count too", () => {
  let made = 0;
  const make = remembering(() => [`${made++}`.padEnd(1000)], 64 * 500);
  expect(make("a")).not.toEqual(make("a"));
});
