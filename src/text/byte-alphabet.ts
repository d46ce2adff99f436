import { allOf } from "../util/nth.js";
/**
 * The 256 bytes as characters that can be seen (Radford et al. 2019, GPT-2): a printable byte of Latin-1 is itself, the others are the
 * characters from U+0100 up in their order, so that a blank is "Ġ".
 */
export const byteCharacters: readonly string[] = (() => {
  const isVisible = (byte: number) => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isVisible(byte) ? byte : next++));
})();

const bytesByCharacter = new Map(byteCharacters.map((character, byte) => [character, byte]));

/** The byte that a character stands for; undefined for a character that stands for none. */
export const byteOf = (character: string): number | undefined => bytesByCharacter.get(character);

const encoder = new TextEncoder();

/** A text's UTF-8 bytes as such characters. */
export function toByteCharacters(text: string): string {
  let out = "";
  for (const byte of encoder.encode(text)) out += byteCharacters[byte];
  return out;
}

// A mark of byte order is a character like any other here.
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** The text of tokens in GPT-2's alphabet of bytes; bytes that are not UTF-8 come as U+FFFD. */
export function fromByteCharacters(tokens: Iterable<string>): string {
  const bytes: number[] = [];
  for (const token of tokens) {
    for (const byte of allOf(Array.from(token, byteOf)) ?? encoder.encode(token)) bytes.push(byte);
  }
  return utf8.decode(Uint8Array.from(bytes));
}
