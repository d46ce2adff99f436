import { expect, test } from "vitest";
import { readCsv } from "../../src/data/table-rows.js";

// A table without an option for it is cut by the sign that cuts all rows into as many cells.

test.each([
  [";", "a;b\n1,5;2\n3;4,2,1\n"],
  ["\t", "a\tb\n1,5\t2;0\n3\t4\n"],
  [",", "a,b\n1;5,2\n3,4;2;1\n"],
  [";", "a,x;b\n1;2\n3,5;4\n"],
  [",", "a;x,b\n1,2\n3;5,4\n"],
  [",", "a;b,c;d\n1;2,3;4\n"],
  [",", "a,b\n1,2,3\n"],
  [";", "a;b\n1;2;3\n"],
  [",", "a\n1,5\n"],
  [";", "a;b\n\n1;2\n\n"],
])("%j cuts %j", async (delimiter, text) => {
  const found = await readCsv(text, {});
  expect(found.delimiter).toBe(delimiter);
  expect(found.rows[0]!.cells).toEqual(text.split("\n")[0]!.split(delimiter));
});
