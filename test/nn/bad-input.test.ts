import { describe, test } from "vitest";
import * as sg from "../../src/index.js";
import { expectError } from "../helpers/errors.js";

await sg.init();

/** What only a caller without types can pass. */
const wrong = <T>(value: unknown): T => value as T;

describe("a caller without types is told", () => {
  test("what a shape is", () => {
    expectError("shape", () => sg.tensor([1, 2], wrong({ dtype: "int32" })), "tensor: wants a shape such as [2, 3]");
    expectError("shape", () => sg.zeros(wrong(3)), "wants a shape such as [2, 3], got number");
  });

  test("that nested arrays are for fromArray, which takes numbers", () => {
    expectError("value", () => sg.tensor(wrong([[1], [2]]), [2, 1]), "use fromArray()");
    expectError("value", () => sg.fromArray(wrong("a")), "got string");
    expectError("value", () => sg.fromArray(wrong([1, null])), "got null");
  });

  test("what an optimizer trains", () => {
    expectError("value", () => new sg.optim.Adam(wrong(new sg.nn.Linear(2, 2))), "pass model.parameters()");
  });

  test("what a recurrent layer reads and what its state is", () => {
    const x = sg.zeros([2, 5, 3]);
    const h = sg.zeros([1, 2, 4]);
    expectError("value", () => new sg.nn.GRU(3, 4).forward(wrong([1, 2, 3])), "GRU: x is no tensor");
    expectError("value", () => new sg.nn.GRU(3, 4).forward(x, { state: wrong(h) }), "must be { h }");
    expectError("value", () => new sg.nn.LSTM(3, 4).forward(x, { state: wrong({ h }) }), "must be { h, c }");
  });
});
