import type { Module } from "../nn/module.js";
import type { Tensor } from "../tensor/tensor.js";
import type { TensorValue } from "../tensor/value.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { sizeOf } from "../util/shape.js";
import {
  type AttributeValue,
  type Axis,
  type ElementType,
  elementNumber,
  type GraphParts,
  type Initializer,
  type NodeParts,
  type Opset,
  type ValueInfo,
} from "./onnx.js";

/** The name of a value of a graph; "" for an optional input that is left out. */
export type Value = string;

/** A matrix as a node takes it: as it is stored, or its transpose. */
type Form = "stored" | "transposed";

interface NamedValue extends TensorValue {
  readonly name: string;
}

/** The weights of a model on the host, by their tensors. */
export class Weights {
  readonly #values = new Map<Tensor, NamedValue>();

  static async of(model: Module): Promise<Weights> {
    const weights = new Weights();
    const state = await model.stateDict();
    for (const [name, tensor] of [...model.namedParameters(), ...model.namedBuffers()]) {
      const value = state.get(name);
      if (value) weights.#values.set(tensor, { ...value, name });
    }
    return weights;
  }

  of(tensor: Tensor): NamedValue {
    const value = this.#values.get(tensor);
    if (!value) throw new SeqgradError("state", "toOnnx: a weight is not among the model's parameters; make it a property of its layer.");
    return value;
  }
}

const arrays = {
  float: (values: readonly number[]) => Float32Array.from(values),
  double: (values: readonly number[]) => Float64Array.from(values),
  int32: (values: readonly number[]) => Int32Array.from(values),
  int64: (values: readonly number[]) => BigInt64Array.from(values, BigInt),
  bool: (values: readonly number[]) => Uint8Array.from(values),
};

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength);

/** A graph as it grows: each method adds a node, and returns the name of its value. */
export class Graph {
  readonly #nodes: NodeParts[] = [];
  readonly #initializers = new Map<string, Initializer>();
  readonly #inputs: ValueInfo[] = [];
  readonly #outputs: ValueInfo[] = [];
  readonly #counts = new Map<string, number>();

  constructor(
    readonly name: string,
    readonly opset: Opset,
    readonly weights: Weights,
  ) {}

  get parts(): GraphParts {
    return {
      name: this.name,
      nodes: this.#nodes,
      initializers: [...this.#initializers.values()],
      inputs: this.#inputs,
      outputs: this.#outputs,
    };
  }

  input(name: string, type: ElementType, shape: readonly Axis[]): Value {
    this.#inputs.push({ name, type, shape });
    return name;
  }

  /** Gives a value the name of an output. */
  output(name: string, value: Value, type: ElementType, shape: readonly Axis[]): void {
    this.#nodes.push({ op: "Identity", inputs: [value], outputs: [name], attributes: {} });
    this.#outputs.push({ name, type, shape });
  }

  node(op: string, inputs: readonly Value[], attributes: Readonly<Record<string, AttributeValue>> = {}): Value {
    return nth(this.nodes(op, inputs, 1, attributes), 0);
  }

  /** A node of several outputs. */
  nodes(op: string, inputs: readonly Value[], outputs: number, attributes: Readonly<Record<string, AttributeValue>> = {}): Value[] {
    const count = this.#counts.get(op) ?? 0;
    this.#counts.set(op, count + 1);
    const names = Array.from({ length: outputs }, (_, i) => `${op}_${count}${outputs > 1 ? `_${i}` : ""}`);
    this.#nodes.push({ op, inputs, outputs: names, attributes });
    return names;
  }

  constant(type: ElementType, values: readonly number[], shape: readonly number[] = [values.length]): Value {
    const name = values.length <= 8 ? `${type} ${shape.join("x")} ${values.join(" ")}` : `${type} table ${this.#initializers.size}`;
    if (!this.#initializers.has(name)) this.#initializers.set(name, { name, type, shape, bytes: bytesOf(arrays[type](values)) });
    return name;
  }

  float(value: number): Value {
    return this.constant("float", [value], []);
  }

  ints(...values: readonly number[]): Value {
    return this.constant("int64", values);
  }

  /** A weight under its name in the model. */
  weight(tensor: Tensor, form: Form = "stored"): Value {
    const { name, shape, data } = this.weights.of(tensor);
    if (form === "stored") return this.initializer(name, shape, data);
    const [rows, columns] = [nth(shape, 0), nth(shape, 1)];
    const turned = new Float32Array(rows * columns);
    for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) turned[c * rows + r] = nth(data, r * columns + c);
    return this.initializer(`${name}.T`, [columns, rows], turned);
  }

  /** Numbers that were made of weights. */
  initializer(name: string, shape: readonly number[], data: ArrayLike<number>): Value {
    if (data.length !== sizeOf(shape)) throw new SeqgradError("shape", `toOnnx: ${name} holds ${data.length} numbers; expected ${shape}.`);
    const bytes = bytesOf(data instanceof Float32Array ? data : Float32Array.from(data));
    if (!this.#initializers.has(name)) this.#initializers.set(name, { name, type: "float", shape, bytes });
    return name;
  }

  // Small steps that many layers take.

  add = (a: Value, b: Value): Value => this.node("Add", [a, b]);
  mul = (a: Value, b: Value): Value => this.node("Mul", [a, b]);
  concat = (values: readonly Value[], axis: number): Value =>
    values.length === 1 ? nth(values, 0) : this.node("Concat", values, { axis });
  cast = (x: Value, type: ElementType): Value => this.node("Cast", [x], { to: elementNumber(type) });
  /** The new shape: 0 keeps the size at that place, -1 takes the rest. */
  reshape = (x: Value, ...shape: readonly number[]): Value => this.node("Reshape", [x, this.ints(...shape)]);
  transpose = (x: Value, ...perm: readonly number[]): Value => this.node("Transpose", [x], { perm });
  unsqueeze = (x: Value, ...axes: readonly number[]): Value => this.node("Unsqueeze", [x, this.ints(...axes)]);
  squeeze = (x: Value, ...axes: readonly number[]): Value => this.node("Squeeze", [x, this.ints(...axes)]);
  split = (x: Value, sizes: readonly number[], axis: number): Value[] =>
    sizes.length === 1 ? [x] : this.nodes("Split", [x, this.constant("int64", sizes)], sizes.length, { axis });
  /** One index of an axis, which is gone then. */
  select = (x: Value, index: number, axis: number): Value => this.node("Gather", [x, this.constant("int64", [index], [])], { axis });
  /** The size of an axis, `[1]`. */
  size = (x: Value, axis: number): Value => this.node("Shape", [x], { start: axis, end: axis + 1 });
  /** first, first + 1, ... `count` of them, int64; both are `[1]`. */
  counting(count: Value, first?: Value): Value {
    const zero = this.constant("int64", [0], []);
    const from = first === undefined ? zero : this.squeeze(first, 0);
    const to = this.squeeze(first === undefined ? count : this.add(first, count), 0);
    return this.node("Range", [from, to, this.constant("int64", [1], [])]);
  }

  /** A reduction of one axis, which opset 18 made an input of some nodes. */
  reduce(op: "ReduceMean" | "ReduceMax" | "ReduceSum", x: Value, axis: number, keep: boolean): Value {
    const keepdims = keep ? 1 : 0;
    if (op === "ReduceSum" || this.opset >= 18) return this.node(op, [x, this.ints(axis)], { keepdims });
    return this.node(op, [x], { axes: [axis], keepdims });
  }
}
