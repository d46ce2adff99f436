/** PE(p, 2i) = sin(p / 10000^(2i/d)), PE(p, 2i + 1) = cos(p / 10000^(2i/d)): positions by dimensions. */
export function encoding(positions: number, d: number): Float32Array {
  return Float32Array.from({ length: positions * d }, (_, at) => {
    const [p, k] = [Math.floor(at / d), at % d];
    const angle = p / 10_000 ** ((k - (k % 2)) / d);
    return k % 2 ? Math.cos(angle) : Math.sin(angle);
  });
}

/** The products of the encodings of each two positions, by their length: the cosine of two positions. */
export function products(values: Float32Array, positions: number, d: number): Float32Array {
  return Float32Array.from({ length: positions ** 2 }, (_, at) => {
    const [p, q] = [Math.floor(at / positions) * d, (at % positions) * d];
    let sum = 0;
    for (let k = 0; k < d; k++) sum += (values[p + k] ?? 0) * (values[q + k] ?? 0);
    return sum / (d / 2);
  });
}
