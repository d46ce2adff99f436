import { powv } from "../simd/scalar";

// The functions of the binary family; unary-ops.ts says what such a class is.

export class Add {
  @inline value(a: v128, b: v128): v128 {
    return f32x4.add(a, b);
  }
}

export class Subtract {
  @inline value(a: v128, b: v128): v128 {
    return f32x4.sub(a, b);
  }
}

export class Multiply {
  @inline value(a: v128, b: v128): v128 {
    return f32x4.mul(a, b);
  }
}

export class Divide {
  @inline value(a: v128, b: v128): v128 {
    return f32x4.div(a, b);
  }
}

export class Power {
  @inline value(a: v128, b: v128): v128 {
    return powv(a, b);
  }
}

export class Maximum {
  @inline value(a: v128, b: v128): v128 {
    return f32x4.max(a, b);
  }
}

export class Minimum {
  @inline value(a: v128, b: v128): v128 {
    return f32x4.min(a, b);
  }
}

export class Equal {
  @inline value(a: v128, b: v128): v128 {
    return oneWhere(f32x4.eq(a, b));
  }
}

export class NotEqual {
  @inline value(a: v128, b: v128): v128 {
    return oneWhere(f32x4.ne(a, b));
  }
}

export class Less {
  @inline value(a: v128, b: v128): v128 {
    return oneWhere(f32x4.lt(a, b));
  }
}

export class LessEqual {
  @inline value(a: v128, b: v128): v128 {
    return oneWhere(f32x4.le(a, b));
  }
}

export class Greater {
  @inline value(a: v128, b: v128): v128 {
    return oneWhere(f32x4.gt(a, b));
  }
}

export class GreaterEqual {
  @inline value(a: v128, b: v128): v128 {
    return oneWhere(f32x4.ge(a, b));
  }
}

export class AddInt32 {
  @inline value(a: v128, b: v128): v128 {
    return i32x4.add(a, b);
  }
}

export class SubtractInt32 {
  @inline value(a: v128, b: v128): v128 {
    return i32x4.sub(a, b);
  }
}

export class MultiplyInt32 {
  @inline value(a: v128, b: v128): v128 {
    return i32x4.mul(a, b);
  }
}

export class MaximumInt32 {
  @inline value(a: v128, b: v128): v128 {
    return i32x4.max_s(a, b);
  }
}

export class MinimumInt32 {
  @inline value(a: v128, b: v128): v128 {
    return i32x4.min_s(a, b);
  }
}

export class EqualInt32 {
  @inline value(a: v128, b: v128): v128 {
    return oneWhere(i32x4.eq(a, b));
  }
}

export class NotEqualInt32 {
  @inline value(a: v128, b: v128): v128 {
    return oneWhere(i32x4.ne(a, b));
  }
}

export class LessInt32 {
  @inline value(a: v128, b: v128): v128 {
    return oneWhere(i32x4.lt_s(a, b));
  }
}

export class LessEqualInt32 {
  @inline value(a: v128, b: v128): v128 {
    return oneWhere(i32x4.le_s(a, b));
  }
}

export class GreaterInt32 {
  @inline value(a: v128, b: v128): v128 {
    return oneWhere(i32x4.gt_s(a, b));
  }
}

export class GreaterEqualInt32 {
  @inline value(a: v128, b: v128): v128 {
    return oneWhere(i32x4.ge_s(a, b));
  }
}

// @ts-ignore: decorator
@inline
function oneWhere(mask: v128): v128 {
  return v128.and(mask, f32x4.splat(1));
}
