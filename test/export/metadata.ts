/** The fields of a message of protobuf: their numbers and contents. */
function* fieldsOf(bytes: Uint8Array): Generator<{ field: number; content: Uint8Array }> {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    if (key % 8 === 0) varint();
    if (key % 8 === 5) at += 4;
    if (key % 8 !== 2) continue;
    const length = varint();
    yield { field: Math.floor(key / 8), content: bytes.subarray(at, at + length) };
    at += length;
  }
}

/** The metadata of a model of ONNX, by a reader that shares nothing with the writer. */
export function metadataOf(model: Uint8Array): Record<string, string | undefined> {
  const entries = [...fieldsOf(model)].filter(({ field }) => field === 14).map(({ content }) => [...fieldsOf(content)]);
  return Object.fromEntries(entries.map((entry) => entry.map(({ content }) => new TextDecoder().decode(content))));
}
