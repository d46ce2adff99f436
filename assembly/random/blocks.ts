/**
 * Philox 4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"), four blocks at a time.
 * A block is four words, a function of a 128-bit counter and a 64-bit key; ten rounds of
 *
 *   (c0, c1, c2, c3) <- (hi(M1 c2) ^ c1 ^ k0, lo(M1 c2), hi(M0 c0) ^ c3 ^ k1, lo(M0 c0)),   k0 += W0, k1 += W1,
 *
 * where hi and lo are the halves of a 64-bit product. Integers only: the same words in every variant.
 */
const M0: u32 = 0xd2511f53;
const M1: u32 = 0xcd9e8d57;
const W0: u32 = 0x9e3779b9; // the golden ratio
const W1: u32 = 0xbb67ae85; // sqrt(3) - 1

// A function returns one vector, so the four blocks of the latest nextBlocks are globals (each instance, hence each thread, has its own).
export let block0: v128 = i32x4(0, 0, 0, 0);
export let block1: v128 = i32x4(0, 0, 0, 0);
export let block2: v128 = i32x4(0, 0, 0, 0);
export let block3: v128 = i32x4(0, 0, 0, 0);

/** Sets block0..block3 to the blocks at counter + i, .. counter + i + 3, words in order; a 128-bit sum, i + 3 < 2^32. */
export function nextBlocks(i: u32, key0: u32, key1: u32, counter0: u32, counter1: u32, counter2: u32, counter3: u32): void {
  // Lane j of c0..c3 is the counter of block j. A mask of a carry is -1 in the lanes that carry: subtracting it adds 1.
  const zero = i32x4.splat(0);
  let c0 = i32x4.add(i32x4.splat(counter0), i32x4.add(i32x4.splat(i), i32x4(0, 1, 2, 3)));
  let carry = i32x4.lt_u(c0, i32x4.splat(counter0));
  let c1 = i32x4.sub(i32x4.splat(counter1), carry);
  carry = v128.and(carry, i32x4.eq(c1, zero));
  let c2 = i32x4.sub(i32x4.splat(counter2), carry);
  carry = v128.and(carry, i32x4.eq(c2, zero));
  let c3 = i32x4.sub(i32x4.splat(counter3), carry);

  const m0 = i32x4.splat(M0);
  const m1 = i32x4.splat(M1);
  for (let round = 0; round < 10; round++) {
    const a01 = i64x2.extmul_low_i32x4_u(c0, m0);
    const a23 = i64x2.extmul_high_i32x4_u(c0, m0);
    const b01 = i64x2.extmul_low_i32x4_u(c2, m1);
    const b23 = i64x2.extmul_high_i32x4_u(c2, m1);
    c0 = v128.xor(v128.xor(highWords(b01, b23), c1), i32x4.splat(key0));
    c2 = v128.xor(v128.xor(highWords(a01, a23), c3), i32x4.splat(key1));
    c1 = lowWords(b01, b23);
    c3 = lowWords(a01, a23);
    key0 += W0;
    key1 += W1;
  }

  // From word j of four blocks to the four words of block j.
  const low01 = i32x4.shuffle(c0, c1, 0, 4, 1, 5);
  const low23 = i32x4.shuffle(c2, c3, 0, 4, 1, 5);
  const high01 = i32x4.shuffle(c0, c1, 2, 6, 3, 7);
  const high23 = i32x4.shuffle(c2, c3, 2, 6, 3, 7);
  block0 = i64x2.shuffle(low01, low23, 0, 2);
  block1 = i64x2.shuffle(low01, low23, 1, 3);
  block2 = i64x2.shuffle(high01, high23, 0, 2);
  block3 = i64x2.shuffle(high01, high23, 1, 3);
}

/** Words as uniform numbers on [0, 1): their upper 24 bits, which a float32 holds exactly. */
// @ts-ignore: decorator
@inline
export function unitInterval(words: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(words, 8)), f32x4.splat(1.0 / 16777216));
}

// @ts-ignore: decorator
@inline
function lowWords(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 0, 2, 4, 6);
}

// @ts-ignore: decorator
@inline
function highWords(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 1, 3, 5, 7);
}
