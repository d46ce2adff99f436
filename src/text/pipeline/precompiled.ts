import { messageOf } from "../../util/errors.js";
import type { Normalizer } from "./bert.js";
import { unreadable } from "./settings.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const clusters = new Intl.Segmenter("en", { granularity: "grapheme" });

/**
 * SentencePiece's normalizer: a trie of UTF-8 texts (Darts' double array, in 32-bit units) and what each becomes, from base64. A cluster
 * of characters shorter than six bytes that begins with such a text is replaced, else each of its characters that does.
 */
export function precompiled(where: string, base64: string): Normalizer {
  const bytes = bytesOf(where, base64);
  const size = bytes.length < 4 ? -1 : new DataView(bytes.buffer).getUint32(0, true);
  if (size < 4 || size % 4 !== 0 || 4 + size > bytes.length) throw unreadable(where, "the precompiled_charsmap is cut short");
  const units = new Uint32Array(bytes.slice(4, 4 + size).buffer);
  const texts = bytes.subarray(4 + size);

  /** The replacement of the shortest text of the trie that the bytes begin with. */
  const replacement = (text: string): string | undefined => {
    let node = offsetOf(units[0] ?? 0);
    for (const byte of encoder.encode(text)) {
      if (byte === 0) break;
      node ^= byte;
      const unit = units[node] ?? 0;
      if (labelOf(unit) !== byte) return undefined;
      node ^= offsetOf(unit);
      if ((unit >>> 8) & 1) {
        const start = (units[node] ?? 0) & 0x7fffffff;
        const end = texts.indexOf(0, start);
        return end < 0 ? undefined : decoder.decode(texts.subarray(start, end));
      }
    }
    return undefined;
  };

  return (text) => {
    let normalized = "";
    for (const { segment } of clusters.segment(text)) {
      const whole = encoder.encode(segment).length < 6 ? replacement(segment) : undefined;
      if (whole !== undefined) normalized += whole;
      else for (const character of segment) normalized += replacement(character) ?? character;
    }
    return normalized;
  };
}

const labelOf = (unit: number) => unit & (2 ** 31 + 0xff);
const offsetOf = (unit: number) => (unit >>> 10) << ((unit & (1 << 9)) >>> 6);

function bytesOf(where: string, base64: string): Uint8Array {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw unreadable(where, `the precompiled_charsmap is not base64: ${messageOf(cause)}`);
  }
}
