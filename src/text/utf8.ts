import { checkText, kindOf } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";

/**
 * Decodes the text of a UTF-8 file, without its byte order mark.
 *
 * @param bytes the file
 * @param name the name of the file, for messages
 * @returns the text
 * @throws SeqgradError `value` for something that is not a Uint8Array, `format` for a file that is empty, binary or in another encoding,
 *   with the position of the first bad byte
 * @example
 * const text = sg.text.decodeText(await readFile("corpus.txt"), "corpus.txt");
 */
export function decodeText(bytes: Uint8Array, name = "the text"): string {
  checkText("decodeText", name, "the name");
  if (!(bytes instanceof Uint8Array))
    throw new SeqgradError("value", `decodeText: the bytes of ${name} are ${kindOf(bytes)}; give a Uint8Array.`);
  const zero = bytes.indexOf(0);
  if (zero >= 0) {
    throw new SeqgradError(
      "format",
      `${name}: byte ${zero} is 0, so it is not UTF-8 text: a binary file, or UTF-16. Give a UTF-8 text file.`,
    );
  }
  const text = decode(bytes, name);
  if (text === "") throw new SeqgradError("format", `${name} is empty; give a UTF-8 text file.`);
  return text;
}

function decode(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    const position = invalidPosition(bytes);
    if (position < 0) {
      throw new SeqgradError("memory", `${name}: ${bytes.length} bytes do not fit one string; give a smaller file.`, { cause: error });
    }
    const value = nth(bytes, position).toString(16).padStart(2, "0");
    throw new SeqgradError("format", `${name}: byte ${position} (0x${value}) is not UTF-8. Save the file as UTF-8, or give another.`, {
      cause: error,
    });
  }
}

/** The position of the first sequence that is not well-formed (The Unicode Standard, table 3-7), or -1. */
function invalidPosition(bytes: Uint8Array): number {
  let i = 0;
  while (i < bytes.length) {
    const lead = nth(bytes, i);
    const length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (length === 0) return i;
    for (let k = 1; k < length; k++) {
      const byte = bytes[i + k] ?? 0;
      const low = k > 1 ? 0x80 : lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80; // no longer form than needed
      const high = k > 1 ? 0xbf : lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf; // no surrogate, nothing over U+10FFFF
      if (byte < low || byte > high) return i;
    }
    i += length;
  }
  return -1;
}
