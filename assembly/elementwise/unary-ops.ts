import { one, splat } from "../simd/constant";
import { expv } from "../simd/exp";
import { fma } from "../simd/fma";
import { log1pv, logv } from "../simd/log";
import { cosv, powv, sinv } from "../simd/scalar";
import { sigmoidDerivative, sigmoidv } from "../simd/sigmoid";
import { tanhDerivative, tanhv } from "../simd/tanh";

// The functions f of the unary family, with their constants a and b, each beside its gradient dy f'. A class here has no fields and no
// instance: it is the type argument F of a loop, which calls the methods of `changetype<F>(0)` and so has them inlined.
// A gradient's v is x or y = f(x), as unaryBackward says. Derivatives at corners are PyTorch's.

/** a x + b. */
export class Affine {
  @inline value(x: v128, a: v128, b: v128): v128 {
    return fma(a, x, b);
  }
  @inline gradient(x: v128, dy: v128, a: v128, b: v128): v128 {
    return f32x4.mul(dy, a);
  }
}

export class Abs {
  @inline value(x: v128, a: v128, b: v128): v128 {
    return f32x4.abs(x);
  }
  @inline gradient(x: v128, dy: v128, a: v128, b: v128): v128 {
    return f32x4.mul(dy, sign(x));
  }
}

export class Sign {
  @inline value(x: v128, a: v128, b: v128): v128 {
    return sign(x);
  }
  @inline gradient(x: v128, dy: v128, a: v128, b: v128): v128 {
    return f32x4.splat(0);
  }
}

export class Exp {
  @inline value(x: v128, a: v128, b: v128): v128 {
    return expv(x);
  }
  @inline gradient(y: v128, dy: v128, a: v128, b: v128): v128 {
    return f32x4.mul(dy, y);
  }
}

export class Log {
  @inline value(x: v128, a: v128, b: v128): v128 {
    return logv(x);
  }
  @inline gradient(x: v128, dy: v128, a: v128, b: v128): v128 {
    return f32x4.div(dy, x);
  }
}

export class Sqrt {
  @inline value(x: v128, a: v128, b: v128): v128 {
    return f32x4.sqrt(x);
  }
  @inline gradient(y: v128, dy: v128, a: v128, b: v128): v128 {
    return f32x4.div(dy, f32x4.add(y, y));
  }
}

export class Square {
  @inline value(x: v128, a: v128, b: v128): v128 {
    return f32x4.mul(x, x);
  }
  @inline gradient(x: v128, dy: v128, a: v128, b: v128): v128 {
    return f32x4.mul(dy, f32x4.add(x, x));
  }
}

export class Reciprocal {
  @inline value(x: v128, a: v128, b: v128): v128 {
    return f32x4.div(f32x4.splat(1), x);
  }
  @inline gradient(y: v128, dy: v128, a: v128, b: v128): v128 {
    return f32x4.mul(dy, f32x4.neg(f32x4.mul(y, y)));
  }
}

/** x^a. */
export class Power {
  @inline value(x: v128, a: v128, b: v128): v128 {
    return power(x, a);
  }
  /** dy a x^(a - 1); for a = 0 this is 0 even where x is. */
  @inline gradient(x: v128, dy: v128, a: v128, b: v128): v128 {
    if (f32x4.extract_lane(a, 0) == 0) return f32x4.mul(dy, a);
    return f32x4.mul(dy, f32x4.mul(a, power(x, f32x4.sub(a, f32x4.splat(1)))));
  }
}

export class Sin {
  @inline value(x: v128, a: v128, b: v128): v128 {
    return sinv(x);
  }
  @inline gradient(x: v128, dy: v128, a: v128, b: v128): v128 {
    return f32x4.mul(dy, cosv(x));
  }
}

export class Cos {
  @inline value(x: v128, a: v128, b: v128): v128 {
    return cosv(x);
  }
  @inline gradient(x: v128, dy: v128, a: v128, b: v128): v128 {
    return f32x4.mul(dy, f32x4.neg(sinv(x)));
  }
}

export class Tanh {
  @inline value(x: v128, a: v128, b: v128): v128 {
    return tanhv(x);
  }
  @inline gradient(y: v128, dy: v128, a: v128, b: v128): v128 {
    return f32x4.mul(dy, tanhDerivative(y));
  }
}

export class Sigmoid {
  @inline value(x: v128, a: v128, b: v128): v128 {
    return sigmoidv(x);
  }
  @inline gradient(y: v128, dy: v128, a: v128, b: v128): v128 {
    return f32x4.mul(dy, sigmoidDerivative(y));
  }
}

/** max(x, 0), NaN for NaN: pmax and pmin keep their first operand where it is one. */
export class Relu {
  @inline value(x: v128, a: v128, b: v128): v128 {
    return f32x4.pmax(x, f32x4.splat(0));
  }
  @inline gradient(x: v128, dy: v128, a: v128, b: v128): v128 {
    return v128.andnot(dy, f32x4.le(x, f32x4.splat(0)));
  }
}

/** x where x > 0, else a x. */
export class LeakyRelu {
  @inline value(x: v128, a: v128, b: v128): v128 {
    return v128.bitselect(x, f32x4.mul(a, x), f32x4.gt(x, f32x4.splat(0)));
  }
  @inline gradient(x: v128, dy: v128, a: v128, b: v128): v128 {
    return v128.bitselect(dy, f32x4.mul(a, dy), f32x4.gt(x, f32x4.splat(0)));
  }
}

/** x sigmoid(x). */
export class Silu {
  @inline value(x: v128, a: v128, b: v128): v128 {
    return f32x4.mul(x, sigmoidv(x));
  }
  /** dy s (1 + x (1 - s)), s = sigmoid x. */
  @inline gradient(x: v128, dy: v128, a: v128, b: v128): v128 {
    const s = sigmoidv(x);
    return f32x4.mul(dy, f32x4.mul(s, fma(x, f32x4.sub(splat(one), s), splat(one))));
  }
}

/** ln(1 + e^x), as max(x, 0) + ln(1 + e^-|x|). */
export class Softplus {
  @inline value(x: v128, a: v128, b: v128): v128 {
    return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), log1pv(expv(f32x4.neg(f32x4.abs(x)))));
  }
  @inline gradient(x: v128, dy: v128, a: v128, b: v128): v128 {
    return f32x4.mul(dy, sigmoidv(x));
  }
}

/** To [a, b]; the gradient passes at both ends. */
export class Clamp {
  @inline value(x: v128, a: v128, b: v128): v128 {
    return f32x4.pmin(f32x4.pmax(x, a), b);
  }
  @inline gradient(x: v128, dy: v128, a: v128, b: v128): v128 {
    return v128.and(dy, v128.and(f32x4.ge(x, a), f32x4.le(x, b)));
  }
}

export class Floor {
  @inline value(x: v128, a: v128, b: v128): v128 {
    return f32x4.floor(x);
  }
}

/** Toward zero, saturating; NaN gives 0. */
export class ToInt32 {
  @inline value(x: v128, a: v128, b: v128): v128 {
    return i32x4.trunc_sat_f32x4_s(x);
  }
}

export class ToFloat32 {
  @inline value(x: v128, a: v128, b: v128): v128 {
    return f32x4.convert_i32x4_s(x);
  }
}

/** 1, 0 or -1; 0 for NaN. */
// @ts-ignore: decorator
@inline
function sign(x: v128): v128 {
  const zero = f32x4.splat(0);
  return f32x4.sub(v128.and(f32x4.gt(x, zero), f32x4.splat(1)), v128.and(f32x4.lt(x, zero), f32x4.splat(1)));
}

/** x^a, a the same in every lane; the usual exponents quickly, 1/2 as the square root. */
function power(x: v128, a: v128): v128 {
  const exponent = f32x4.extract_lane(a, 0);
  if (exponent == 1) return x;
  if (exponent == 2) return f32x4.mul(x, x);
  if (exponent == 3) return f32x4.mul(f32x4.mul(x, x), x);
  if (exponent == 0.5) return f32x4.sqrt(x);
  if (exponent == -1) return f32x4.div(f32x4.splat(1), x);
  return powv(x, a);
}
