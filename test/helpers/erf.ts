/** erf x in float64: its power series, or its continued fraction where that is slow. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (!(a >= 3)) {
    let sum = x;
    for (let term = x, n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let k = 60; k > 0; k--) fraction = k / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / ((a + fraction) * Math.sqrt(Math.PI)));
}
