/** The kinds of a field on the wire that ONNX's messages use. */
const [VARINT, LENGTH, FIXED32] = [0, 2, 5] as const;

/** Seven bits a byte, the lowest first; a negative number as 64 bits of two's complement. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Uint8Array.from([...bytes, Number(rest)]);
}

/**
 * A message of protobuf, written field by field. It keeps parts, so that weights are copied once, by bytes().
 * @see protobuf.dev, "Encoding"
 */
export class Message {
  readonly #parts: Uint8Array[] = [];
  size = 0;

  int(field: number, value: number): this {
    return this.#add(varint(field * 8 + VARINT), varint(value));
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.#add(varint(field * 8 + FIXED32), bytes);
  }

  text(field: number, value: string): this {
    return this.data(field, new TextEncoder().encode(value));
  }

  data(field: number, bytes: Uint8Array): this {
    return this.#add(varint(field * 8 + LENGTH), varint(bytes.length), bytes);
  }

  message(field: number, { size, parts }: Message): this {
    this.#add(varint(field * 8 + LENGTH), varint(size));
    for (const part of parts) this.#add(part);
    return this;
  }

  get parts(): readonly Uint8Array[] {
    return this.#parts;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.size);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  #add(...parts: readonly Uint8Array[]): this {
    for (const part of parts) {
      this.#parts.push(part);
      this.size += part.length;
    }
    return this;
  }
}
