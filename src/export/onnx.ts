import { Message } from "./protobuf.js";

/** Types of elements, by their numbers in ONNX. */
const elements = { float: 1, int32: 6, int64: 7, bool: 9, double: 11 } as const;
export type ElementType = keyof typeof elements;

/** The number of a type of elements, as Cast takes it. */
export const elementNumber = (type: ElementType): number => elements[type];

export type AttributeValue = number | string | readonly number[] | readonly string[] | Float | GraphParts;

/** A number that ONNX declares as a float: whole ones would be taken for ints. */
export class Float {
  constructor(readonly value: number) {}
}

/** A sized axis, or the name of one whose size a call decides. */
export type Axis = number | string;

export interface ValueInfo {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly Axis[];
}

export interface Initializer {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export interface NodeParts {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

export interface GraphParts {
  readonly name: string;
  readonly nodes: readonly NodeParts[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

/** A file for tensors, which holds the tensors of this many bytes or more. */
export interface ExternalData {
  readonly location: string;
  readonly atLeast: number;
}

/** The bytes of a model, and of its external data, if it has any. */
export interface ModelFiles {
  readonly model: Uint8Array<ArrayBuffer>;
  readonly external: Uint8Array<ArrayBuffer> | undefined;
}

const IR_VERSIONS = { 17: 8, 23: 11 } as const;
export type Opset = keyof typeof IR_VERSIONS;
export const opsets: readonly Opset[] = [17, 23];

/** Tensors in a file begin at multiples of this, as onnx's own tools write them. */
const ALIGNMENT = 4096;

/** The ModelProto of a graph. */
export function encodeModel(
  graph: GraphParts,
  opset: Opset,
  metadata: Readonly<Record<string, string>>,
  external: ExternalData | undefined,
): ModelFiles {
  const data = external && new ExternalFile(external);
  const model = new Message().int(1, IR_VERSIONS[opset]).text(2, "seqgrad").message(7, encodeGraph(graph, data));
  model.message(8, new Message().text(1, "").int(2, opset));
  for (const [key, value] of Object.entries(metadata)) model.message(14, entry(key, value));
  return { model: model.bytes(), external: data?.bytes() };
}

const entry = (key: string, value: string): Message => new Message().text(1, key).text(2, value);

class ExternalFile {
  readonly #parts: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  #size = 0;

  constructor(readonly options: ExternalData) {}

  /** The offset of a tensor, if it is large enough for the file. */
  place(bytes: Uint8Array): number | undefined {
    if (bytes.length < this.options.atLeast) return undefined;
    const at = Math.ceil(this.#size / ALIGNMENT) * ALIGNMENT;
    this.#parts.push({ at, bytes });
    this.#size = at + bytes.length;
    return at;
  }

  bytes(): Uint8Array<ArrayBuffer> | undefined {
    if (this.#parts.length === 0) return undefined;
    const all = new Uint8Array(this.#size);
    for (const { at, bytes } of this.#parts) all.set(bytes, at);
    return all;
  }
}

function encodeGraph(graph: GraphParts, data?: ExternalFile): Message {
  const message = new Message();
  for (const [i, node] of graph.nodes.entries()) message.message(1, encodeNode(node, i));
  message.text(2, graph.name);
  for (const tensor of graph.initializers) message.message(5, encodeTensor(tensor, data));
  for (const input of graph.inputs) message.message(11, encodeValue(input));
  for (const output of graph.outputs) message.message(12, encodeValue(output));
  return message;
}

function encodeNode({ op, inputs, outputs, attributes }: NodeParts, index: number): Message {
  const message = new Message();
  for (const input of inputs) message.text(1, input);
  for (const output of outputs) message.text(2, output);
  message.text(3, `${op}_${index}`).text(4, op);
  for (const [name, value] of Object.entries(attributes)) message.message(5, encodeAttribute(name, value));
  return message;
}

/** The numbers of the types of attributes: FLOAT, INT, STRING, GRAPH, INTS, STRINGS. */
function encodeAttribute(name: string, value: AttributeValue): Message {
  const message = new Message().text(1, name);
  if (value instanceof Float) return message.float(2, value.value).int(20, 1);
  if (typeof value === "number") return message.int(3, value).int(20, 2);
  if (typeof value === "string") return message.text(4, value).int(20, 3);
  if ("nodes" in value) return message.message(6, encodeGraph(value)).int(20, 5);
  for (const item of value) typeof item === "number" ? message.int(8, item) : message.text(9, item);
  return message.int(20, typeof value[0] === "string" ? 8 : 7);
}

function encodeTensor({ name, type, shape, bytes }: Initializer, data: ExternalFile | undefined): Message {
  const message = new Message();
  for (const size of shape) message.int(1, size);
  message.int(2, elements[type]).text(8, name);
  const offset = data?.place(bytes);
  if (!data || offset === undefined) return message.data(9, bytes);
  const facts = { location: data.options.location, offset: String(offset), length: String(bytes.length) };
  for (const [key, value] of Object.entries(facts)) message.message(13, entry(key, value));
  return message.int(14, 1);
}

function encodeValue({ name, type, shape }: ValueInfo): Message {
  const dimensions = new Message();
  for (const axis of shape) dimensions.message(1, typeof axis === "number" ? new Message().int(1, axis) : new Message().text(2, axis));
  const tensor = new Message().int(1, elements[type]).message(2, dimensions);
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}
