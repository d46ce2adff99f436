/** The cosine of two vectors: 1 the same way, 0 nothing in common. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [p, q] = [a[i] ?? 0, b[i] ?? 0];
    dot += p * q;
    aa += p * p;
    bb += q * q;
  }
  return dot / (Math.sqrt(aa * bb) || 1);
}

/** The `count` rows nearest to row `of` by cosine, from the nearest on, without itself. */
export function neighbors(
  rows: readonly ArrayLike<number>[],
  of: number,
  count: number,
): { readonly row: number; readonly cosine: number }[] {
  const own = rows[of] ?? [];
  return rows
    .map((row, i) => ({ row: i, cosine: cosine(own, row) }))
    .filter(({ row }) => row !== of)
    .sort((a, b) => b.cosine - a.cosine)
    .slice(0, count);
}

/**
 * The rows on the two directions along which they differ most (principal components), by power iteration on the covariance. `before` holds the
 * directions of an earlier call: the picture turns as little as it can.
 */
export function project(
  rows: readonly ArrayLike<number>[],
  before?: readonly (readonly number[])[],
): { readonly points: readonly (readonly [number, number])[]; readonly directions: readonly (readonly number[])[] } {
  const D = rows[0]?.length ?? 0;
  const mean = Array.from({ length: D }, (_, d) => rows.reduce((sum, row) => sum + (row[d] ?? 0), 0) / rows.length);
  const centered = rows.map((row) => mean.map((m, d) => (row[d] ?? 0) - m));
  const directions: number[][] = [];
  for (const c of [0, 1]) {
    let v = [...(before?.[c] ?? Array.from({ length: D }, (_, d) => Math.cos(1 + d * (c + 1))))];
    for (let iteration = 0; iteration < 100; iteration++) {
      const next = new Array<number>(D).fill(0);
      for (const row of centered) {
        const along = row.reduce((sum, x, d) => sum + x * (v[d] ?? 0), 0);
        for (let d = 0; d < D; d++) next[d] = (next[d] ?? 0) + along * (row[d] ?? 0);
      }
      for (const other of directions) {
        const along = next.reduce((sum, x, d) => sum + x * (other[d] ?? 0), 0);
        for (let d = 0; d < D; d++) next[d] = (next[d] ?? 0) - along * (other[d] ?? 0);
      }
      const norm = Math.sqrt(next.reduce((sum, x) => sum + x * x, 0)) || 1;
      v = next.map((x) => x / norm);
    }
    directions.push(v);
  }
  const on = (row: readonly number[], v: readonly number[] | undefined) => row.reduce((sum, x, d) => sum + x * (v?.[d] ?? 0), 0);
  return { points: centered.map((row) => [on(row, directions[0]), on(row, directions[1])] as const), directions };
}
