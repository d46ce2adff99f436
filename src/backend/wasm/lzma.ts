// Where the probabilities of each kind of decision begin, those of 0 in 2048ths.
const MATCH = 0;
const REPEAT = MATCH + 48;
const NOT_FIRST = REPEAT + 12;
const NOT_SECOND = NOT_FIRST + 12;
const NOT_THIRD = NOT_SECOND + 12;
const LONG = NOT_THIRD + 12;
const SLOT = LONG + 48;
const MIDDLE = SLOT + 256;
const LOW = MIDDLE + 115;
const LENGTH = LOW + 16;
const REPEAT_LENGTH = LENGTH + 322;
const LITERAL = REPEAT_LENGTH + 322;
const COUNT = LITERAL + 8 * 768;

/**
 * The bytes that a .lzma file holds: Igor Pavlov's LZMA with its usual parameters (lc 3, lp 0, pb 2) and the size in its header.
 * The kernels are a fifth smaller so than by deflate, which saves some times what this weighs.
 */
export function unpackLzma(packed: Uint8Array): Uint8Array<ArrayBuffer> {
  const header = new DataView(packed.buffer, packed.byteOffset);
  const out = new Uint8Array(header.getUint32(5, true));
  const odds = new Uint16Array(COUNT).fill(1024);
  let range = 0xffffffff;
  let code = header.getUint32(14);
  let next = 18;
  const refill = () => {
    if (range >= 0x1000000) return;
    range = (range << 8) >>> 0;
    code = ((code << 8) | packed[next++]!) >>> 0;
  };
  /** One bit of which the probability of 0 is learnt at `i`. */
  const bit = (i: number): number => {
    const zero = odds[i]!;
    const bound = (range >>> 11) * zero;
    const one = code >= bound;
    if (one) {
      range -= bound;
      code -= bound;
      odds[i] = zero - (zero >> 5);
    } else {
      range = bound;
      odds[i] = zero + ((2048 - zero) >> 5);
    }
    refill();
    return Number(one);
  };
  /** A number of so many bits, the highest first, each by what came before it. */
  const tree = (at: number, bits: number): number => {
    let m = 1;
    while (m < 1 << bits) m = 2 * m + bit(at + m);
    return m - (1 << bits);
  };
  /** The lowest bit first. */
  const reverseTree = (at: number, bits: number): number => {
    let n = 0;
    for (let i = 0, m = 1; i < bits; i++) {
      const b = bit(at + m);
      m = 2 * m + b;
      n |= b << i;
    }
    return n;
  };
  const even = (bits: number): number => {
    let n = 0;
    for (; bits > 0; bits--) {
      range >>>= 1;
      const one = code >= range;
      if (one) code -= range;
      n = 2 * n + Number(one);
      refill();
    }
    return n;
  };
  const length = (at: number, place: number): number => {
    if (!bit(at)) return tree(at + 2 + 8 * place, 3);
    return bit(at + 1) ? 16 + tree(at + 66, 8) : 8 + tree(at + 34 + 8 * place, 3);
  };
  const distance = (slot: number): number => {
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const base = (2 | (slot & 1)) << bits;
    return base + (slot < 14 ? reverseTree(MIDDLE + base - slot, bits) : 16 * even(bits - 4) + reverseTree(LOW, 4));
  };

  let state = 0;
  const recent = [0, 0, 0, 0];
  for (let at = 0; at < out.length; ) {
    const place = at & 3;
    if (!bit(MATCH + 4 * state + place)) {
      const literal = LITERAL + 768 * ((out[at - 1] ?? 0) >> 5);
      let symbol = 1;
      // After a match, the byte that would have gone on with it tells what this one is not.
      for (let other = state < 7 ? -1 : out[at - recent[0]! - 1]!; other >= 0 && symbol < 256; other *= 2) {
        const expected = (other >> 7) & 1;
        const b = bit(literal + 256 * (1 + expected) + symbol);
        symbol = 2 * symbol + b;
        if (b !== expected) break;
      }
      while (symbol < 256) symbol = 2 * symbol + bit(literal + symbol);
      out[at++] = symbol;
      state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
      continue;
    }
    const old = state;
    let left = 1;
    if (bit(REPEAT + old)) {
      const which = bit(NOT_FIRST + old) && (bit(NOT_SECOND + old) ? 2 + bit(NOT_THIRD + old) : 1);
      if (which || bit(LONG + 4 * old + place)) {
        recent.unshift(...recent.splice(which, 1));
        left = 2 + length(REPEAT_LENGTH, place);
        state = old < 7 ? 8 : 11;
      } else state = old < 7 ? 9 : 11;
    } else {
      left = 2 + length(LENGTH, place);
      recent.pop();
      recent.unshift(distance(tree(SLOT + 64 * Math.min(left - 2, 3), 6)));
      state = old < 7 ? 7 : 10;
    }
    for (; left > 0; left--, at++) out[at] = out[at - recent[0]! - 1]!;
  }
  return out;
}
