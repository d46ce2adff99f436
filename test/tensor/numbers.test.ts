import { describe, expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { createDevice } from "../../src/tensor/device.js";
import { forEachDevice, immediate, on } from "../helpers/devices.js";
import { expectError } from "../helpers/errors.js";

await sg.init({ device: "wasm" });
// biome-ignore lint/suspicious/noExplicitAny: what a caller without types may give
const wrong = (value: unknown): any => value;
const int32 = { dtype: "int32" } as const;
const values = (x: sg.Tensor) => Array.from(x.dataSync());

/** What is not a whole number of int32, and the code of the refusal. */
const misfits: readonly [string, unknown, sg.ErrorCode][] = [
  ["a text", "5", "value"],
  ["a word", "x", "value"],
  ["null", null, "value"],
  ["undefined", undefined, "value"],
  ["true", true, "value"],
  ["a symbol", Symbol("s"), "value"],
  ["an object", { valueOf: () => 1 }, "value"],
  ["a fraction", 1.5, "range"],
  ["NaN", Number.NaN, "range"],
  ["infinity", Number.POSITIVE_INFINITY, "range"],
  ["2^31", 2 ** 31, "range"],
  ["-2^31 - 1", -(2 ** 31) - 1, "range"],
  ["a bigint past int32", 2n ** 31n, "range"],
];

describe("a tensor of int32 is not made from", () => {
  for (const [name, value, code] of misfits) {
    test(name, () => {
      const before = sg.memory().tensors;
      const memory = sg.zeros([2], int32);
      expectError(code, () => sg.tensor(wrong([0, value]), [2], int32), "tensor: number 1 is");
      expectError(code, () => sg.fromArray(wrong([[0], [value]]), int32), "fromArray: number 1 is");
      expectError(code, () => memory.write(wrong([3, value])), "write: number 1 is");
      if (value !== undefined) expectError(code, () => sg.full([2], wrong(value), int32), "full: number 0 is");
      expectError(code, () => sg.buffer([2], (y) => y.write(wrong([0, value])), int32), "write: number 1 is");
      expect(values(memory)).toEqual([0, 0]);
      memory.dispose();
      expect(sg.memory().tensors - before).toBeLessThanOrEqual(1); // the buffer, whose memory its caller would free
    });
  }

  test("typed arrays that hold such", () => {
    expectError("range", () => sg.tensor(Float32Array.of(1, 1.5), [2], int32), "number 1 is 1.5");
    expectError("range", () => sg.tensor(Float64Array.of(2 ** 31), [1], int32));
    expectError("range", () => sg.tensor(Uint32Array.of(2 ** 31), [1], int32));
    expectError("range", () => sg.tensor(BigInt64Array.of(-(2n ** 31n) - 1n), [1], int32));
  });

  test("steps that are not whole, or leave int32, and nothing is left of it", () => {
    const before = sg.memory();
    expectError("range", () => sg.arange(0, 2, 0.5, int32), "arange: number 1 is 0.5");
    expectError("range", () => sg.arange(0.5, 3, 1, int32));
    expectError("range", () => sg.arange(2 ** 31 - 2, 2 ** 31 + 2, 1, int32));
    expectError("range", () => sg.linspace(0, 3, 3, int32), "linspace: number 1 is 1.5");
    expectError("range", () => sg.linspace(0, 2 ** 32, 3, int32), "linspace: number 1 is 2147483648");
    expectError("range", () => sg.linspace(0, 1, 20_001, int32));
    expect(sg.memory()).toEqual(before);
  });
});

await forEachDevice(immediate, "a tensor of int32 is made from", (device) => {
  const test = on(device);
  test("whole numbers and bigints within its bounds, and keeps each", () => {
    const ends = [-(2 ** 31), -16777217, 16777217, 2 ** 31 - 1];
    expect(values(sg.tensor(ends, [4], int32))).toEqual(ends);
    expect(values(sg.tensor(wrong(ends.map(BigInt)), [4], int32))).toEqual(ends);
    const big = sg.tensor(BigInt64Array.from(ends, BigInt));
    expect([big.dtype, ...values(big)]).toEqual(["int32", ...ends]);
    expect(values(sg.tensor(Uint8Array.of(255), [1], int32))).toEqual([255]);
    expect(values(sg.full([2], 16777217, int32))).toEqual([16777217, 16777217]);
    expect(values(sg.arange(16777216, 16777219, 1, int32))).toEqual([16777216, 16777217, 16777218]);
    expect(Object.is(values(sg.tensor([-0], [1], int32))[0], 0)).toBe(true);
  });
});

describe("a tensor of float32 is not made from", () => {
  for (const [name, value] of misfits.filter(([, value]) => typeof value !== "number")) {
    test(name, () => {
      expectError("value", () => sg.tensor(wrong([0, value]), [2]), "tensor: number 1 is");
      expectError("value", () => sg.zeros([2]).write(wrong([0, value])), "write: number 1 is");
    });
  }

  test("a list with holes, an object with a length, a typed array of bigints by that name", () => {
    const holes: number[] = [1];
    holes[3] = 2;
    expectError("value", () => sg.tensor(holes, [4]), "number 1 is undefined");
    expectError("value", () => sg.tensor(wrong({ length: 2, 0: 1, 1: 2 }), [2]));
    expectError("value", () => sg.tensor(wrong({ length: -1 })));
    expectError("value", () => sg.tensor(wrong("12"), [2]));
    expectError("value", () => sg.tensor(BigInt64Array.of(5n), [1], { dtype: "float32" }));
    expectError("value", () => sg.tensor(wrong(new DataView(new ArrayBuffer(4)))));
  });

  test("random numbers of int32", () => {
    expectError("dtype", () => sg.rand([2], int32), "rand: random numbers are float32");
    expectError("dtype", () => sg.randn([2], int32));
  });
});

describe("refuses sizes that no memory holds before it allocates", () => {
  const huge = new Array<number>(4e9);
  const cases: Readonly<Record<string, () => unknown>> = {
    "arange(1e9)": () => sg.arange(1e9),
    "arange(0, 1, 1e-300)": () => sg.arange(0, 1, 1e-300),
    "zeros([1e6, 1e6])": () => sg.zeros([1e6, 1e6]),
    "zeros([1e9])": () => sg.zeros([1e9]),
    "full of int32": () => sg.full([1e5, 1e5], 1, int32),
    rand: () => sg.rand([2 ** 40]),
    randn: () => sg.randn([1e5, 1e5]),
    parameter: () => sg.parameter([1e6, 1e6], sg.nn.init.zeros),
    buffer: () => sg.buffer([1e6, 1e6], sg.nn.init.zeros),
    "a sparse list": () => sg.tensor(huge),
    "oneHot of many classes": () => sg.oneHot(sg.zeros([1], int32), 1e9),
    "a sum that broadcasts": () => sg.add(sg.zeros([1e5, 1]), sg.zeros([1, 1e5])),
    "a view made contiguous": () => sg.copyOf(sg.expand(sg.zeros([1]), [1e9])),
    "an expansion": () => sg.expand(sg.zeros([1, 1]), [1e9, 1e9]),
    "a layer": () => new sg.nn.Linear(1e6, 1e6),
  };
  for (const [name, make] of Object.entries(cases)) {
    test(name, () => {
      let error: unknown;
      sg.scope(() => {
        try {
          make();
        } catch (thrown) {
          error = thrown;
        }
      });
      expect(error).toBeInstanceOf(sg.SeqgradError);
      expect(["memory", "range"]).toContain((error as sg.SeqgradError).code);
    });
  }
});

describe("values that are deep or contain themselves", () => {
  test("fromArray refuses more dimensions than a tensor has", () => {
    let deep: unknown = 1;
    for (let i = 0; i < 5000; i++) deep = [deep];
    expectError("shape", () => sg.fromArray(wrong(deep)), "at most 64");
    const own: unknown[] = [];
    own.push(own);
    expectError("shape", () => sg.fromArray(wrong(own)), "at most 64");
  });

  test("fromArray takes as many as there may be, and a million numbers in one", () => {
    let deep: unknown = 7;
    for (let i = 0; i < 64; i++) deep = [deep];
    expect(sg.fromArray(wrong(deep)).rank).toBe(64);
    expect(sg.fromArray(Array.from({ length: 1e6 }, (_, i) => i)).size).toBe(1e6);
  });

  test("a scope finds the tensors of a result that holds itself, or is deep", () => {
    const own: { self?: unknown; x?: sg.Tensor } = {};
    own.self = own;
    const result = sg.scope(() => Object.assign(own, { x: sg.tensor([1, 2]) }));
    expect(values(result.x)).toEqual([1, 2]);
    result.x.dispose();
    const deep = sg.scope(() => {
      let at: unknown = sg.tensor([3]);
      for (let i = 0; i < 20000; i++) at = [at];
      return at;
    });
    let at = deep;
    while (Array.isArray(at)) at = at[0];
    expect(values(at as sg.Tensor)).toEqual([3]);
    (at as sg.Tensor).dispose();
  });
});

describe("options of what makes tensors", () => {
  test("are known by name", () => {
    expectError("value", () => sg.zeros([2], wrong({ type: "int32" })), '"type" is not an option. Did you mean "dtype"?');
    expectError("value", () => sg.ones([2], wrong("int32")), 'ones: the options are "int32"; write ones(…, { dtype: "int32" }).');
    expectError("value", () => sg.randn([2], wrong({ stdd: 1 })), 'Did you mean "std"?');
    expectError("value", () => sg.rand([2], { high: Number.NaN }), "rand: high is NaN");
    expectError("value", () => sg.zeros([2], { requiresGrad: wrong("yes") }), "requiresGrad");
    expectError("dtype", () => sg.zeros([2], { dtype: wrong(Symbol("int32")) }), "there is no dtype Symbol(int32)");
    expectError("value", () => sg.zeros([2], { device: wrong("wasm") }), 'the device is "wasm"');
    expectError("shape", () => sg.zeros(wrong([Symbol("n")])), "zeros: [Symbol(n)] is not a shape");
  });

  test("of init() too", async () => {
    await expect(createDevice(wrong({ devise: "wasm" }))).rejects.toMatchObject({ code: "value", message: /Did you mean "device"/ });
    await expect(createDevice(wrong("wasm"))).rejects.toMatchObject({ code: "value" });
    await expect(createDevice({ device: wrong(Symbol("gpu")) })).rejects.toMatchObject({ code: "device" });
  });
});
