import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StoredDType, StoredTensor, WritableTensor } from "../../src/io/dtypes.js";
import { parseSafetensors, readSafetensorsMetadata, writeSafetensors } from "../../src/io/safetensors.js";
import { SeqgradError } from "../../src/util/errors.js";
import { expectError } from "../helpers/errors.js";

/** A file of a header, given as text or as an object, and data. */
function file(header: unknown, data: ArrayLike<number> = [], length?: bigint): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const entry = (dtype: string, shape: unknown, begin: unknown, end: unknown) => ({ dtype, shape, data_offsets: [begin, end] });
const zeros = (n: number) => new Uint8Array(n);
const refuses = (bytes: Uint8Array, ...parts: string[]) =>
  expectError("format", () => parseSafetensors(bytes), "parseSafetensors", ...parts);

describe("parseSafetensors reads", () => {
  test("a file with no tensors", () => {
    expect(parseSafetensors(file("{}")).size).toBe(0);
    expect(parseSafetensors(file("{}      ")).size).toBe(0);
  });

  test("scalars and empty tensors", () => {
    const tensors = parseSafetensors(file({ empty: entry("F32", [0, 3], 0, 0), one: entry("F32", [], 0, 4) }, [0, 0, 128, 63]));
    expect(tensors.get("one")).toEqual({ dtype: "float32", shape: [], data: new Float32Array([1]) });
    expect(tensors.get("empty")).toEqual({ dtype: "float32", shape: [0, 3], data: new Float32Array(0) });
  });

  test("any order of the header, and names that trip objects", () => {
    const header = '{"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}';
    expect([...parseSafetensors(file(header, [7, 9]))]).toEqual([
      ["__proto__", { dtype: "uint8", shape: [1], data: new Uint8Array([7]) }],
      ["b", { dtype: "uint8", shape: [1], data: new Uint8Array([9]) }],
    ]);
  });

  test("tensors that are not aligned, and a file inside a larger buffer", () => {
    const header = { flag: entry("BOOL", [1], 0, 1), x: entry("F32", [2], 1, 9), n: entry("I64", [1], 9, 17) };
    const data = new DataView(new ArrayBuffer(17));
    data.setUint8(0, 1);
    data.setFloat32(1, 1.5, true);
    data.setFloat32(5, -2, true);
    data.setBigInt64(9, -5n, true);
    const bytes = file(header, new Uint8Array(data.buffer));
    for (let shift = 0; shift < 8; shift++) {
      const larger = new Uint8Array(bytes.length + 16).fill(0xff);
      larger.set(bytes, shift);
      const tensors = parseSafetensors(larger.subarray(shift, shift + bytes.length));
      expect(tensors.get("flag")).toEqual({ dtype: "bool", shape: [1], data: new Uint8Array([1]) });
      expect(tensors.get("x")).toEqual({ dtype: "float32", shape: [2], data: new Float32Array([1.5, -2]) });
      expect(tensors.get("n")).toEqual({ dtype: "int64", shape: [1], data: new BigInt64Array([-5n]) });
    }
  });

  test("every float16, by its definition", () => {
    const all = Uint16Array.from({ length: 0x10000 }, (_, i) => i);
    const { data } = parseSafetensors(file({ x: entry("F16", [0x10000], 0, 0x20000) }, new Uint8Array(all.buffer))).get("x")!;
    for (const bits of all) {
      const sign = bits & 0x8000 ? -1 : 1;
      const exponent = (bits >> 10) & 31;
      const fraction = (bits & 1023) / 1024;
      const finite = exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15);
      const value = sign * (exponent < 31 ? finite : fraction === 0 ? Number.POSITIVE_INFINITY : Number.NaN);
      if (!Object.is(data[bits], value)) expect.fail(`0x${bits.toString(16)} is ${data[bits]}, not ${value}`);
    }
  });

  test("bfloat16: the upper half of a float32", () => {
    const values = new Float32Array([1, -2.5, 3.140625, 0, -0, 2 ** -130, Number.POSITIVE_INFINITY, Number.NaN]);
    const bits = Uint16Array.from(new Uint32Array(values.buffer), (word) => word >>> 16);
    const { dtype, data } = parseSafetensors(file({ x: entry("BF16", [8], 0, 16) }, new Uint8Array(bits.buffer))).get("x")!;
    expect(dtype).toBe("float32");
    expect(data).toEqual(values);
  });

  test("metadata", () => {
    expect(readSafetensorsMetadata(file({ __metadata__: { format: "pt", seed: "1" } }))).toEqual({ format: "pt", seed: "1" });
    expect(readSafetensorsMetadata(file("{}"))).toEqual({});
    expect(parseSafetensors(file({ __metadata__: { format: "pt" } })).size).toBe(0);
  });
});

describe("parseSafetensors refuses", () => {
  test("a value that is not bytes", () => {
    expectError("value", () => parseSafetensors(new ArrayBuffer(8) as unknown as Uint8Array), "Uint8Array");
    expectError("value", () => parseSafetensors("{}" as unknown as Uint8Array), "Uint8Array");
  });

  test("a header that is absent, cut short or too long", () => {
    refuses(zeros(0), "0 bytes");
    refuses(zeros(7), "7 bytes");
    refuses(zeros(8), '"{"');
    refuses(file("{}", [], 3n), "3 bytes", "2 are left", "cut short");
    refuses(file("{}", [], 100_000_001n), "100000001", "100000000");
    refuses(file("{}", [], 2n ** 64n - 1n), "100000000");
  });

  test("a header that is not a JSON object in UTF-8", () => {
    refuses(file(" {}"), '"{"');
    refuses(file("\ufeff{}"), '"{"');
    refuses(file("[]"), '"{"');
    refuses(file('{"a"'), "not JSON");
    refuses(file("{}{}"), "not JSON");
    refuses(file("{} \0"), "not JSON");
    refuses(file("{'a':1}"), "not JSON");
    const bytes = file('{"a":1}');
    bytes[10] = 0xff;
    refuses(bytes, "not UTF-8");
  });

  test("nesting without end", () => {
    refuses(file(`{"a":${"[".repeat(1_000_000)}`), "nested");
    refuses(file(`{"a":`.repeat(1000)), "nested");
  });

  test("keys that occur twice, in whatever spelling and at whatever level", () => {
    const x = JSON.stringify(entry("U8", [1], 0, 1));
    refuses(file(`{"a":${x},"a":${x}}`, [1]), '"a" twice');
    refuses(file(`{"a":${x},"\\u0061" :${x}}`, [1]), '"a" twice');
    refuses(file(`{"__metadata__":{"k":"v","k":"w"}}`), '"k" twice');
    refuses(file(`{"__metadata__":{},"__metadata__":{}}`), '"__metadata__" twice');
    refuses(file('{"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}', [1]), '"dtype" twice');
    expect(parseSafetensors(file(`{"__metadata__":{"a":"a","b":"a\\":"},"a":${x}}`, [1])).size).toBe(1);
  });

  test.each([null, [], "x", { a: 1 }, { a: null }, { a: ["b"] }])("the metadata %j", (metadata) => {
    refuses(file({ __metadata__: metadata }), "__metadata__");
    expectError("format", () => readSafetensorsMetadata(file({ __metadata__: metadata })), "__metadata__");
  });

  test.each([null, 1, "x", []])("the entry %j", (value) => refuses(file({ a: value }), '"a"', "not an object"));

  test.each([
    [{ shape: [1], data_offsets: [0, 1] }, "no dtype"],
    [{ dtype: 8, shape: [1], data_offsets: [0, 1] }, "no dtype"],
    [{ dtype: "U8", data_offsets: [0, 1] }, "shape"],
    [{ dtype: "U8", shape: 1, data_offsets: [0, 1] }, "shape"],
    [{ dtype: "U8", shape: { length: 1 }, data_offsets: [0, 1] }, "shape"],
    [{ dtype: "U8", shape: [1] }, "data_offsets"],
    [{ dtype: "U8", shape: [1], data_offsets: [0] }, "data_offsets"],
    [{ dtype: "U8", shape: [1], data_offsets: [0, 1, 2] }, "data_offsets"],
  ])("the entry %j", (value, why) => refuses(file({ a: value }, [0]), '"a"', why));

  test.each(["f32", "F31", "", "constructor", "__proto__", "U128"])("the dtype %j", (dtype) => {
    refuses(file({ a: entry(dtype, [1], 0, 1) }, [0]), '"a"', `the dtype ${JSON.stringify(dtype)} is not known`);
  });

  test.each(["F8_E4M3", "F8_E5M2", "F8_E8M0", "F4", "C64"])("the dtype %s, which the format knows", (dtype) => {
    refuses(file({ a: entry(dtype, [8], 0, 8) }, zeros(8)), '"a"', dtype, "convert");
  });

  test.each([[[-1]], [[1.5]], [["1"]], [[null]], [[true]], [[[1]]], [[2 ** 53]], [[1e300]], [[-0.5]]])("the shape %j", (shape) => {
    refuses(file({ a: entry("U8", shape, 0, 1) }, [0]), '"a"', "shape");
  });

  test("a negative zero, which JSON can write", () => {
    refuses(file('{"a":{"dtype":"U8","shape":[-0],"data_offsets":[0,0]}}'), "shape");
  });

  test("shapes whose size overflows", () => {
    refuses(file({ a: entry("F32", [2 ** 32, 2 ** 32], 0, 0) }), '"a"', "more elements");
    refuses(file({ a: entry("F32", [2 ** 52, 2 ** 52, 0], 0, 0) }), '"a"', "more elements");
    refuses(file({ a: entry("F64", [2 ** 51], 0, 0) }), '"a"', "more elements");
    refuses(file({ a: entry("U8", new Array(2000).fill(2), 0, 1) }, [0]), '"a"', "more elements");
  });

  test.each([
    [-1, 0],
    [0.5, 1.5],
    ["0", "1"],
    [null, 1],
    [0, 2 ** 53],
    [2 ** 64, 2 ** 64],
  ])("the offsets [%j, %j]", (begin, end) => refuses(file({ a: entry("U8", [1], begin, end) }, [0]), '"a"', "data_offsets"));

  test("offsets that do not fit the shape or the file", () => {
    refuses(file({ a: entry("U8", [1], 1, 0) }, [0]), '"a"', "backward");
    refuses(file({ a: entry("F32", [2], 0, 4) }, zeros(4)), '"a"', "[2] takes 8 bytes", "hold 4");
    refuses(file({ a: entry("F16", [3], 0, 3) }, zeros(3)), '"a"', "takes 6 bytes");
    refuses(file({ a: entry("F32", [2], 0, 8) }, zeros(7)), '"a"', "pass the end of the data, 7");
    refuses(file({ a: entry("U8", [2 ** 40], 0, 2 ** 40) }, zeros(7)), '"a"', "pass the end");
  });

  test("tensors that overlap, leave a hole or bytes at the end", () => {
    const a = entry("U8", [4], 0, 4);
    refuses(file({ a, b: entry("U8", [4], 3, 7) }, zeros(7)), '"b"', "overlap", "ends at 4");
    refuses(file({ a, b: a }, zeros(4)), '"b"', "overlap");
    refuses(file({ a, b: entry("U8", [1], 5, 6) }, zeros(6)), '"b"', "hole after 4");
    refuses(file({ b: entry("U8", [1], 1, 2) }, zeros(2)), '"b"', "hole after 0");
    refuses(file({ a, b: entry("U8", [0], 2, 2) }, zeros(4)), "overlap");
    refuses(file({ a }, zeros(6)), "last 2 bytes");
    refuses(file("{}", zeros(1)), "last 1 bytes");
  });

  test("a name of half a surrogate pair", () => {
    refuses(file('{"\\ud800":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'), "well-formed");
  });
});

const dtypes: { [D in StoredDType]: (values: number[]) => Extract<StoredTensor, { dtype: D }>["data"] } = {
  float32: (v) => Float32Array.from(v),
  float64: (v) => Float64Array.from(v),
  int8: (v) => Int8Array.from(v),
  int16: (v) => Int16Array.from(v),
  int32: (v) => Int32Array.from(v),
  int64: (v) => BigInt64Array.from(v, BigInt),
  uint8: (v) => Uint8Array.from(v),
  uint16: (v) => Uint16Array.from(v),
  uint32: (v) => Uint32Array.from(v),
  uint64: (v) => BigUint64Array.from(v, BigInt),
  bool: (v) => Uint8Array.from(v, (n) => n & 1),
};

const anyTensor: fc.Arbitrary<WritableTensor> = fc
  .tuple(fc.constantFrom(...(Object.keys(dtypes) as StoredDType[])), fc.array(fc.nat(4), { maxLength: 3 }))
  .chain(([dtype, shape]) => {
    const n = shape.reduce((a, b) => a * b, 1);
    return fc
      .array(fc.integer({ min: -1000, max: 1000 }), { minLength: n, maxLength: n })
      .map((values) => ({ dtype, shape, data: dtypes[dtype](values) }));
  });
const anyName = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.constantFrom("__proto__", "0", "10", "2"),
);
const anyTensors = fc.array(fc.tuple(anyName, anyTensor), { maxLength: 6 }).map((pairs) => new Map(pairs));

describe("writeSafetensors", () => {
  test("lays wide elements first, then by name, aligned, with a header padded by spaces", () => {
    const bytes = writeSafetensors(
      new Map<string, WritableTensor>([
        ["mask", { dtype: "bool", shape: [3], data: new Uint8Array([1, 0, 1]) }],
        ["b", { dtype: "float32", shape: [1], data: new Float32Array([2]) }],
        ["steps", { dtype: "int64", shape: [], data: new BigInt64Array([9n]) }],
        ["a", { dtype: "float32", shape: [2], data: new Float32Array([0, 1]) }],
      ]),
      { z: "1", format: "pt" },
    );
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const header = new TextDecoder().decode(bytes.subarray(8, 8 + length));
    expect(length % 8).toBe(0);
    expect(header.trimEnd()).toBe(
      '{"__metadata__":{"format":"pt","z":"1"},"steps":{"dtype":"I64","shape":[],"data_offsets":[0,8]},' +
        '"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},"b":{"dtype":"F32","shape":[1],"data_offsets":[16,20]},' +
        '"mask":{"dtype":"BOOL","shape":[3],"data_offsets":[20,23]}}',
    );
    expect(bytes.length).toBe(8 + length + 23);
  });

  test("a written file is read back, and does not depend on the order", () => {
    fc.assert(
      fc.property(anyTensors, fc.dictionary(anyName, fc.string({ unit: "binary" })), (tensors, metadata) => {
        const bytes = writeSafetensors(tensors, metadata);
        const read = parseSafetensors(bytes);
        expect(new Set(read.keys())).toEqual(new Set(tensors.keys()));
        for (const [name, tensor] of tensors) expect(read.get(name)).toEqual(tensor);
        expect(Object.entries(readSafetensorsMetadata(bytes)).sort()).toEqual(Object.entries(metadata).sort());
        expect(writeSafetensors(new Map([...tensors].reverse()), metadata)).toEqual(bytes);
      }),
    );
  });

  test("writes the elements of a view, not its buffer", () => {
    const data = new Float32Array([1, 2, 3, 4]).subarray(1, 3);
    expect(parseSafetensors(writeSafetensors(new Map([["x", { dtype: "float32", shape: [2], data }]]))).get("x")!.data).toEqual(data);
  });

  test("refuses what the format cannot hold", () => {
    const write = (name: string, tensor: unknown) => () => writeSafetensors(new Map([[name, tensor as WritableTensor]]));
    const data = new Float32Array(6);
    expectError("value", write("__metadata__", { dtype: "float32", shape: [6], data }), "__metadata__");
    expectError("value", write("\ud800", { dtype: "float32", shape: [6], data }), "name");
    expectError("dtype", write("x", { dtype: "F32", shape: [6], data }), '"x"', "F32", "float32");
    expectError("dtype", write("x", { dtype: "int32", shape: [6], data }), '"x"', "Int32Array");
    expectError("dtype", write("x", { dtype: "float32", shape: [6], data: [0, 0, 0, 0, 0, 0] }), '"x"', "Float32Array");
    expectError("shape", write("x", { dtype: "float32", shape: [2, 2], data }), '"x"', "[2, 2]", "6");
    expectError("shape", write("x", { dtype: "float32", shape: [-2, -3], data }), '"x"', "[-2, -3]");
    expectError("value", () => writeSafetensors(new Map(), { a: 1 as unknown as string }), '"a"');
  });
});

describe("whatever the bytes, parseSafetensors reads them or throws a `format` error", () => {
  const tryParse = (bytes: Uint8Array) => {
    try {
      let size = 0;
      for (const { data } of parseSafetensors(bytes).values()) size += data.byteLength;
      expect(size).toBeLessThanOrEqual(2 * bytes.length); // half floats widen
    } catch (error) {
      if (!(error instanceof SeqgradError) || error.code !== "format") throw error;
    }
  };

  test("with bytes changed, added and taken away", () => {
    const change = fc.record({ at: fc.nat(), remove: fc.nat(3), insert: fc.uint8Array({ maxLength: 4 }) });
    fc.assert(
      fc.property(anyTensors, fc.array(change, { minLength: 1, maxLength: 4 }), (tensors, changes) => {
        let bytes = [...writeSafetensors(tensors)];
        for (const { at, remove, insert } of changes) bytes = bytes.toSpliced(at % bytes.length, remove, ...insert);
        tryParse(Uint8Array.from(bytes));
      }),
      { numRuns: 1000 },
    );
  });

  test("with a header of any JSON that looks like one", () => {
    const size = fc.oneof(fc.nat(8), fc.constantFrom(-1, 0.5, 2 ** 31, 2 ** 32, 2 ** 53, 1e300), fc.jsonValue());
    const record = fc.record(
      {
        dtype: fc.oneof(fc.constantFrom("F32", "U8", "F16", "I64", "F4"), fc.jsonValue()),
        shape: fc.oneof(fc.array(size, { maxLength: 3 }), fc.jsonValue()),
        data_offsets: fc.oneof(fc.tuple(size, size), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    const header = fc.dictionary(fc.constantFrom("a", "b", "__metadata__", "__proto__"), fc.oneof(record, fc.jsonValue()));
    fc.assert(
      fc.property(header, fc.uint8Array({ maxLength: 16 }), (value, data) => tryParse(file(value, data))),
      { numRuns: 1000 },
    );
  });

  test("with any bytes for a header", () => {
    const text = fc.oneof(fc.string({ unit: fc.constantFrom(...'{}[]":,\\ u0a\u00e9') }), fc.uint8Array());
    fc.assert(
      fc.property(text, (noise) => {
        if (typeof noise === "string") tryParse(file(`{${noise}`));
        tryParse(typeof noise === "string" ? file(noise) : noise);
      }),
      { numRuns: 1000 },
    );
  });
});
