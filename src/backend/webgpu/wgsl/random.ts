import { each, line, type WgslKernel, type WgslKernels } from "../kernel.js";
import { math } from "./math.js";

/** The Philox 4x32-10 block at counter + i, a 128-bit sum: see assembly/random/blocks.ts. */
export const philox = (counter2 = "0u", counter3 = "0u") => /* wgsl */ `
fn block(i: u32) -> vec4u {
  var words = vec4u(u32(c.counter0) + i, u32(c.counter1), ${counter2}, ${counter3});
  if (words.x < i) {
    words.y += 1u;
    if (words.y == 0u) {
      words.z += 1u;
      if (words.z == 0u) { words.w += 1u; }
    }
  }
  var key = vec2u(u32(c.key0), u32(c.key1));
  for (var round = 0; round < 10; round++) {
    let a = multiplyWide(0xd2511f53u, words.x);
    let b = multiplyWide(0xcd9e8d57u, words.z);
    words = vec4u(b.high ^ words.y ^ key.x, b.low, a.high ^ words.w ^ key.y, a.low);
    key += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return words;
}
fn unitInterval(word: u32) -> f32 { return f32(word >> 8u) * (1.0 / 16777216.0); }
`;

/** A thread a block of four elements, a kernel that overwrites y [n]: `element(at, words, j)` is y[at], at = 4 i + j, as a word of the heap. */
function blockKernel(element: string, counter2 = "0u", counter3 = "0u"): WgslKernel {
  const code = /* wgsl */ `${math}${philox(counter2, counter3)}${element}
${each(
  "main",
  "(c.n + 3) / 4",
  /* wgsl */ `
  let words = block(i); let first = 4u * i;
  for (var j = 0u; j < min(4u, u32(c.n) - first); j++) { heap[c.y + first + j] = element(first + j, words, j); }`,
)}
`;
  return { heap: "u32", code, passes: (c) => [{ entry: "main", groups: line(Math.ceil(c.n / 4)) }] };
}

/**
 * Random kernels; formulas and numbers are the same as in assembly/random: integers and uniform numbers bit by bit, normal ones up to rounding.
 * dropout's y may alias x.
 */
export const randomKernels = {
  philox: blockKernel("fn element(at: u32, words: vec4u, j: u32) -> u32 { return words[j]; }", "u32(c.counter2)", "u32(c.counter3)"),

  // A number that rounds up to high becomes the one below it.
  randomUniform: blockKernel(/* wgsl */ `
fn element(at: u32, words: vec4u, j: u32) -> u32 {
  // c.step is 0, which no compiler knows: the product is rounded before the sum, as it is on every other device.
  let scaled = bitcast<f32>(bitcast<u32>((c.high - c.low) * unitInterval(words[j])) | u32(c.step));
  let y = c.low + scaled;
  if (c.low < c.high && y >= c.high) {
    let bits = bitcast<u32>(c.high);
    return select(select(bits + 1u, bits - 1u, c.high > 0), 0x80000001u, c.high == 0);
  }
  return bitcast<u32>(y);
}
`),

  randomNormal: blockKernel(/* wgsl */ `
// To the nearest, of two the even: WGSL may round a conversion either way, which matters where the logarithm is near 0.
fn nearestFloat(a: u32) -> f32 {
  let shift = 8u - min(8u, countLeadingZeros(a));
  let whole = a >> shift;
  let rest = a - (whole << shift);
  let half = (1u << shift) >> 1u;
  let up = rest > half || (shift > 0u && rest == half && (whole & 1u) != 0u);
  return f32(whole + u32(up)) * f32(1u << shift);
}
fn element(at: u32, words: vec4u, j: u32) -> u32 {
  let a = words[j & 2u];
  let b = words[(j & 2u) + 1u];
  let r = c.std_ * sqrt(-2 * logf((nearestFloat(a) + 1) * (1.0 / 4294967296.0)));
  let quarter = (b + 0x20000000u) >> 30u;
  let rest = f32(bitcast<i32>(b - (quarter << 30u)));
  let y = cosSinNear(quarter, rest * 1.4629180792671596e-9);
  return bitcast<u32>(r * select(y.x, y.y, (j & 1u) != 0u) + c.mean);
}
`),

  dropout: blockKernel(/* wgsl */ `
fn element(at: u32, words: vec4u, j: u32) -> u32 {
  return bitcast<u32>(select(0, bitcast<f32>(heap[c.x + at]) * c.growth, unitInterval(words[j]) >= c.p));
}
`),
} satisfies WgslKernels;
