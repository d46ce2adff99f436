/**
 * Functions that the standard library computes a lane at a time (in float64 inside; error below one unit in the last place).
 */

/** sin x. */
// @ts-ignore: decorator
@inline
export function sinv(x: v128): v128 {
  return pack(
    Mathf.sin(f32x4.extract_lane(x, 0)),
    Mathf.sin(f32x4.extract_lane(x, 1)),
    Mathf.sin(f32x4.extract_lane(x, 2)),
    Mathf.sin(f32x4.extract_lane(x, 3)),
  );
}

/** cos x. */
// @ts-ignore: decorator
@inline
export function cosv(x: v128): v128 {
  return pack(
    Mathf.cos(f32x4.extract_lane(x, 0)),
    Mathf.cos(f32x4.extract_lane(x, 1)),
    Mathf.cos(f32x4.extract_lane(x, 2)),
    Mathf.cos(f32x4.extract_lane(x, 3)),
  );
}

/** x^a; a negative x has a power where a is an integer, else NaN. */
// @ts-ignore: decorator
@inline
export function powv(x: v128, a: v128): v128 {
  return pack(
    Mathf.pow(f32x4.extract_lane(x, 0), f32x4.extract_lane(a, 0)),
    Mathf.pow(f32x4.extract_lane(x, 1), f32x4.extract_lane(a, 1)),
    Mathf.pow(f32x4.extract_lane(x, 2), f32x4.extract_lane(a, 2)),
    Mathf.pow(f32x4.extract_lane(x, 3), f32x4.extract_lane(a, 3)),
  );
}

// @ts-ignore: decorator
@inline
function pack(l0: f32, l1: f32, l2: f32, l3: f32): v128 {
  let v = f32x4.splat(l0);
  v = f32x4.replace_lane(v, 1, l1);
  v = f32x4.replace_lane(v, 2, l2);
  return f32x4.replace_lane(v, 3, l3);
}
