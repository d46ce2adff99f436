// What bench/sections/roofline.ts measures the memory with, and the caches: both go `passes` times over the same bytes, a multiple of 128.
// x and y are aligned to 16 bytes.

/** y = x, `bytes` of each. */
export function streamCopy(x: usize, y: usize, bytes: usize, passes: i32): void {
  for (; passes > 0; passes--) {
    for (let at: usize = 0; at < bytes; at += 128) {
      const from = x + at, to = y + at;
      v128.store(to, v128.load(from)), v128.store(to, v128.load(from, 16), 16);
      v128.store(to, v128.load(from, 32), 32), v128.store(to, v128.load(from, 48), 48);
      v128.store(to, v128.load(from, 64), 64), v128.store(to, v128.load(from, 80), 80);
      v128.store(to, v128.load(from, 96), 96), v128.store(to, v128.load(from, 112), 112);
    }
  }
}

/** The sum of x, `passes` times over: eight accumulators, so that no addition waits for another. */
export function streamSum(x: usize, bytes: usize, passes: i32): f32 {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  for (; passes > 0; passes--) {
    for (let at = x, end = x + bytes; at < end; at += 128) {
      s0 = f32x4.add(s0, v128.load(at)), s1 = f32x4.add(s1, v128.load(at, 16));
      s2 = f32x4.add(s2, v128.load(at, 32)), s3 = f32x4.add(s3, v128.load(at, 48));
      s4 = f32x4.add(s4, v128.load(at, 64)), s5 = f32x4.add(s5, v128.load(at, 80));
      s6 = f32x4.add(s6, v128.load(at, 96)), s7 = f32x4.add(s7, v128.load(at, 112));
    }
  }
  const total = f32x4.add(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)), f32x4.add(f32x4.add(s4, s5), f32x4.add(s6, s7)));
  return f32x4.extract_lane(total, 0) + f32x4.extract_lane(total, 1) + f32x4.extract_lane(total, 2) + f32x4.extract_lane(total, 3);
}
