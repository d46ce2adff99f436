// Just enough of ONNX's protobuf (onnx/onnx.proto, https://github.com/onnx/onnx) to write a graph of one float32 operator.

const FLOAT = 1;
const attributeType = { INT: 2 };

function varint(n) {
  const bytes = [];
  for (; n > 127; n = Math.floor(n / 128)) bytes.push((n % 128) | 128);
  return Buffer.from([...bytes, n]);
}

/** A field by number: a whole number, a text, bytes, a message, or several of one kind. */
function field(number, value) {
  if (Array.isArray(value)) return Buffer.concat(value.map((item) => field(number, item)));
  if (typeof value === "number") return Buffer.concat([varint(number * 8), varint(value)]);
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

/** A message from its fields by number. */
const message = (fields) => Buffer.concat(Object.entries(fields).map(([number, value]) => field(Number(number), value)));

const tensor = (name, { shape, data }) =>
  message({ 1: shape, 2: FLOAT, 8: name, 9: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) });

const valueInfo = (name, shape) => {
  const dimensions = message({ 1: shape.map((size) => message({ 1: size })) });
  return message({ 1: name, 2: message({ 1: message({ 1: FLOAT, 2: dimensions }) }) });
};

/**
 * The bytes of a model of one operator.
 * @param {string} op such as "MatMul"
 * @param {Record<string, number[]>} inputs shapes of what every run gets
 * @param {Record<string, { shape: number[], data: Float32Array }>} constants the operator's inputs after those
 * @param {Record<string, number>} attributes whole numbers
 * @param {number[]} shape of the output, which is named y
 */
export function oneOperator(op, inputs, constants, attributes, shape) {
  const node = message({
    1: [...Object.keys(inputs), ...Object.keys(constants)],
    2: "y",
    4: op,
    5: Object.entries(attributes).map(([name, value]) => message({ 1: name, 3: value, 20: attributeType.INT })),
  });
  const graph = message({
    1: node,
    2: op,
    5: Object.entries(constants).map(([name, value]) => tensor(name, value)),
    11: Object.entries(inputs).map(([name, size]) => valueInfo(name, size)),
    12: valueInfo("y", shape),
  });
  return message({ 1: 8, 7: graph, 8: message({ 2: 14 }) });
}
