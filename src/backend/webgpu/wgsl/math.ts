/**
 * Functions of one f32 whose accuracy WGSL's own do not promise (its sin may be off by 2^-11, its log by 2^-21, and NaN may be assumed
 * away). Methods and constants are the same as in assembly/simd, where their errors are measured; the fields of a struct of two are parts.
 * A kernel's code begins with this text; what it does not call is dropped.
 */
export const math = /* wgsl */ `
// From a variable: WGSL refuses to compute these while it compiles.
fn infinity() -> f32 { var bits = 0x7f800000u; return bitcast<f32>(bits); }
fn nan() -> f32 { var bits = 0x7fc00000u; return bitcast<f32>(bits); }

/** 2^n for n in -127 (gives 0) to 128 (gives infinity). */
fn power2(n: i32) -> f32 { return bitcast<f32>((n + 127) << 23); }

/** The parts of x = n ln 2 + r and of e^r = 1 + r + r^2 p, for x of -104 to 89. */
struct ExpParts { n: i32, r: f32, p: f32 }
fn expParts(x: f32) -> ExpParts {
  let k = round(x * 1.4426950408889634);
  let r = (x - k * 0.693359375) + k * 2.12194440e-4;
  var p = r * 1.3814539415761828e-3 + 8.36874544620514e-3;
  p = p * r + 4.166838899254799e-2;
  p = p * r + 0.1666652113199234;
  p = p * r + 0.4999999403953552;
  return ExpParts(i32(k), r, p);
}
fn expf(x: f32) -> f32 {
  let e = expParts(min(max(x, -104.0), 89.0));
  let half = e.n >> 1u;
  let y = (((e.p * e.r + 1) * e.r + 1) * power2(half)) * power2(e.n - half);
  return select(select(y, 0, x < -104), x, isNan(x));
}

/** The parts of x = 2^k (1 + f), 1 + f in [sqrt(1/2), sqrt(2)), for a positive normal x. */
struct Split { k: f32, f: f32 }
fn splitf(x: f32) -> Split {
  let offset = bitcast<i32>(x) - 0x3f3504f3;
  return Split(f32(offset >> 23u), bitcast<f32>((offset & 0x7fffff) + 0x3f3504f3) - 1);
}

/** p in ln(1 + f) = f - f^2 / 2 + f^3 p(f). */
fn logTail(f: f32) -> f32 {
  var p = f * -7.63438418507576e-2 + 0.1276542693376541;
  p = p * f - 0.13162004947662354;
  p = p * f + 0.14201368391513824;
  p = p * f - 0.1662314385175705;
  p = p * f + 0.20001235604286194;
  p = p * f - 0.2500082552433014;
  return p * f + 0.3333333134651184;
}

/** ln(2^k (1 + f)). */
fn logParts(s: Split) -> f32 {
  let square = s.f * s.f;
  let y = logTail(s.f) * s.f * square + s.k * -2.12194440e-4;
  return s.k * 0.693359375 + (s.f + (y - 0.5 * square));
}

/** ln x; a denormal number may count as 0. */
fn logf(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if (isNan(x) || bits == 0x7f800000u) { return x; }
  if ((bits & 0x7fffffffu) == 0u || x == 0) { return -infinity(); }
  if (bits > 0x80000000u) { return nan(); }
  if (bits < 0x00800000u) { return logParts(splitf(x * 8388608.0)) - 15.942385152878742; }
  return logParts(splitf(x));
}

/** ln(1 + z) for z in [0, 1]: the parts of 1 + z without its rounding. */
fn log1pf(z: f32) -> f32 {
  if (z > 0.41421354) { return logParts(Split(1, 0.5 * z - 0.5)); }
  return logParts(Split(0, z));
}

/** 1 / (1 + e^-x): s = 2^n and t = tanh(r / 2) where -x = n ln 2 - r, so that e^-x = s (1 - t) / (1 + t). */
fn sigmoidf(x: f32) -> f32 {
  let bounded = clamp(x, -88.5, 87.0);
  let k = round(bounded * -1.4426950408889634);
  let r = (bounded + k * 0.693359375) + k * -2.12194440e-4;
  let square = r * r;
  let t = r * (square * (square * 4.0968107059597969e-3 - 4.1664071381092072e-2) + 0.5);
  return select((1 + t) / (power2(i32(k)) * (1 - t) + (1 + t)), x, isNan(x));
}

/** tanh x, |x| = n ln(2) / 2 + r, t = tanh r, s = 2^n: (s (1 + t) - (1 - t)) / (s (1 + t) + (1 - t)); from |x| = 9.02 on 1. */
fn tanhf(x: f32) -> f32 {
  let y = min(abs(x), 9.02);
  let k = round(y * 2.8853900817779268);
  let r = y + k * -0.34657359027997264;
  let square = r * r;
  let t = square * r * (square * 0.1310979425907135 - 0.3333125710487366) + r;
  let s = power2(i32(k));
  let magnitude = ((s + 1) * t + (s - 1)) / ((s - 1) * t + (s + 1));
  return select(bitcast<f32>(bitcast<u32>(magnitude) | (bitcast<u32>(x) & 0x80000000u)), x, isNan(x));
}

/** erf x = x P(x^2) / Q(x^2), from |x| = 3.93 on 1. */
fn erff(x: f32) -> f32 {
  let bounded = clamp(x, -3.93, 3.93);
  let u = bounded * bounded;
  var p = u * 3.4593774671520805e-6 + 4.8250285908579826e-4;
  p = p * u + 6.403122562915087e-3;
  p = p * u + 8.943373709917068e-2;
  p = p * u + 0.323212593793869;
  p = p * u + 1.9116268157958984;
  var q = u * 6.438399577746168e-5 + 1.974015962332487e-3;
  q = q * u + 2.5407593697309494e-2;
  q = q * u + 0.19356726109981537;
  q = q * u + 0.851150393486023;
  q = q * u + 1.6941351890563965;
  return select(clamp(bounded * p / q, -1.0, 1.0), x, isNan(x));
}

/** The standard normal distribution function. */
fn normalCdf(x: f32) -> f32 { return 0.5 * erff(x * 0.7071067811865476) + 0.5; }

/** The upper and the lower word of a b, by halves of 16 bits. */
struct Wide { high: u32, low: u32 }
fn multiplyWide(a: u32, b: u32) -> Wide {
  let a0 = a & 0xffffu;
  let a1 = a >> 16u;
  let b0 = b & 0xffffu;
  let b1 = b >> 16u;
  let low = a0 * b0;
  let middle = a1 * b0 + (low >> 16u);
  let other = a0 * b1 + (middle & 0xffffu);
  return Wide(a1 * b1 + (middle >> 16u) + (other >> 16u), a * b);
}

/** cos and sin of quarter * pi / 2 + t, |t| <= pi / 4, by Taylor's series (assembly/random/normal.ts). */
fn cosSinNear(quarter: u32, t: f32) -> vec2f {
  let s = t * t;
  let sine = (((s * 2.7557319224e-6 - 1.9841269841e-4) * s + 8.3333333333e-3) * s - 0.16666666667) * s * t + t;
  let cosine = (((s * 2.4801587302e-5 - 1.3888888889e-3) * s + 4.1666666667e-2) * s - 0.5) * s + 1;
  let odd = (quarter & 1u) != 0u;
  return vec2f(
    select(1.0, -1.0, ((quarter + 1u) & 2u) != 0u) * select(cosine, sine, odd),
    select(1.0, -1.0, (quarter & 2u) != 0u) * select(sine, cosine, odd));
}

const twoOverPi = array<u32, 8>(0u, 0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u);

/**
 * cos x and sin x. x = m 2^e, m of 32 bits: of 2 / pi only 96 bits matter to x 2 / pi modulo 4, as those before them times m are
 * multiples of 4 (Payne and Hanek 1983). The product's upper two bits are the quarter, those below it the rest.
 */
fn cosSinf(x: f32) -> vec2f {
  let magnitude = bitcast<u32>(x) & 0x7fffffffu;
  if (magnitude >= 0x7f800000u) { return vec2f(nan()); }
  if (magnitude < 0x3f490fdbu) { return cosSinNear(0u, x); }
  let start = (magnitude >> 23u) - 96u;
  let word = start >> 5u;
  let shift = start & 31u;
  var window = vec3u(twoOverPi[word], twoOverPi[word + 1u], twoOverPi[word + 2u]);
  if (shift != 0u) { window = (window << vec3u(shift)) | (vec3u(window.yz, twoOverPi[word + 3u]) >> vec3u(32u - shift)); }
  let m = (magnitude << 8u) | 0x80000000u;
  let second = multiplyWide(m, window.y);
  let middle = second.low + multiplyWide(m, window.z).high;
  let top = m * window.x + second.high + select(0u, 1u, middle < second.low);
  let quarter = (top + 0x20000000u) >> 30u;
  let rest = f32(bitcast<i32>((top << 2u) | (middle >> 30u))) * 2.3283064365386963e-10 + f32(middle << 2u) * 5.421010862427522e-20;
  let y = cosSinNear(quarter, rest * 1.5707963267948966);
  return vec2f(y.x, select(y.y, -y.y, x < 0));
}

fn cosf(x: f32) -> f32 { return cosSinf(x).x; }
fn sinf(x: f32) -> f32 { return cosSinf(x).y; }

/** The exact product of the upper halves, which is what a plain product misses: a b - round(a b), by Dekker's splitting. */
fn productError(a: f32, b: f32, product: f32) -> f32 {
  let a1 = bitcast<f32>(bitcast<u32>(a) & 0xfffff000u);
  let b1 = bitcast<f32>(bitcast<u32>(b) & 0xfffff000u);
  let a0 = a - a1;
  let b0 = b - b1;
  return (((a1 * b1 - product) + a1 * b0) + a0 * b1) + a0 * b0;
}

/** |x|^a = e^(a ln |x|) for a positive finite normal |x|, the logarithm and its product with a in two parts. */
fn powPositive(x: f32, a: f32) -> f32 {
  let s = splitf(x);
  let square = rounded(s.f * s.f);
  let squareError = productError(s.f, s.f, square);
  // ln x = k ln 2 + f - f^2 / 2 + tail, summed from the large to the small with what each sum loses.
  let scale = s.k * 0.693359375;
  let first = rounded(scale + s.f);
  let firstError = select(s.f - (first - scale), scale - (first - s.f), abs(s.f) > abs(scale));
  let minus = -0.5 * square;
  let second = rounded(first + minus);
  let secondError = select(minus - (second - first), first - (second - minus), abs(minus) > abs(first));
  let small = s.k * -2.12194440e-4 - 0.5 * squareError + logTail(s.f) * s.f * square + firstError + secondError;
  let high = rounded(second + small);
  let low = small - (high - second);
  let p = rounded(a * high);
  if (!(abs(p) < 200)) { return expf(p); }
  return expf(p) * (1 + (productError(a, high, p) + a * low));
}

/** x^a; a negative x has a power where a is an integer, else NaN. The cases at 0 and at infinity are the same as in JavaScript. */
fn powf(x: f32, a: f32) -> f32 {
  if (a == 0) { return 1; }
  if (isNan(x) || isNan(a)) { return nan(); }
  let magnitude = abs(x);
  let integer = !isFinite(a) || floor(a) == a;
  let odd = isFinite(a) && integer && abs(a) < 16777216 && (i32(a) & 1) != 0;
  var y = 1.0;
  if (!isFinite(x) || magnitude == 0) { y = select(0.0, infinity(), (magnitude == 0) == (a < 0)); }
  else if (!isFinite(a)) {
    if (magnitude == 1) { return nan(); }
    y = select(0.0, infinity(), (magnitude > 1) == (a > 0));
  }
  else if (x < 0 && !integer) { return nan(); }
  else if (bitcast<u32>(magnitude) < 0x00800000u) { y = expf(a * logf(magnitude)); }
  else { y = powPositive(magnitude, a); }
  return select(y, -y, odd && bitcast<i32>(x) < 0);
}
`;
