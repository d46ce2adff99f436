/** A validation: the number of updates before it, and its measures. */
export interface Measurement {
  readonly step: number;
  readonly measures: Readonly<Record<string, number>>;
}

/** FNV-1a over the bits of the losses as 32-bit floats. */
const BASIS = 0x811c9dc5;
const bits = new DataView(new ArrayBuffer(4));
function hashed(hash: number, loss: number): number {
  bits.setFloat32(0, loss);
  let h = hash;
  for (let i = 0; i < 4; i++) h = Math.imul(h ^ bits.getUint8(i), 0x01000193);
  return h >>> 0;
}

/** The losses of a run, update by update, and its validations. */
export class Series {
  #losses = new Float32Array(256);
  #hashes = new Uint32Array(256);
  #count = 0;
  measured: Measurement[] = [];

  /** The number of updates. */
  get length(): number {
    return this.#count;
  }

  get losses(): Float32Array {
    return this.#losses.subarray(0, this.#count);
  }

  /** Sets the loss of an update, counted from 1. A run that was resumed makes the updates after its checkpoint again. */
  put(step: number, loss: number): void {
    this.cut(step - 1);
    while (this.#count < step - 1) this.push(Number.NaN);
    this.push(loss);
  }

  /** Adds the loss of the next update. */
  push(loss: number): void {
    if (this.#count === this.#losses.length) {
      const [losses, hashes] = [this.#losses, this.#hashes];
      this.#losses = new Float32Array(2 * losses.length);
      this.#losses.set(losses);
      this.#hashes = new Uint32Array(2 * hashes.length);
      this.#hashes.set(hashes);
    }
    this.#hashes[this.#count] = hashed(this.#count === 0 ? BASIS : (this.#hashes[this.#count - 1] ?? BASIS), loss);
    this.#losses[this.#count++] = loss;
  }

  /** Forgets what came after update `step`. */
  cut(step: number): void {
    if (step >= this.#count) return;
    this.#count = step;
    this.measured = this.measured.filter((entry) => entry.step <= step);
  }

  /** Eight digits that the bits of the first losses decide: the same on two machines if all bits are. */
  hash(step: number = this.#count): string {
    return step < 1 || step > this.#count ? "" : (this.#hashes[step - 1] ?? 0).toString(16).padStart(8, "0");
  }

  /** The bytes of a file, of the first `step` updates: their number, their losses, and the validations as JSON. */
  encode(step: number = this.#count): Uint8Array {
    const count = Math.min(step, this.#count);
    const measured = new TextEncoder().encode(JSON.stringify(this.measured.filter((entry) => entry.step <= count)));
    const bytes = new Uint8Array(4 + 4 * count + measured.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, count, true);
    for (let i = 0; i < count; i++) view.setFloat32(4 + 4 * i, this.#losses[i] ?? 0, true);
    bytes.set(measured, 4 + 4 * count);
    return bytes;
  }

  /** The series of such a file. */
  static decode(bytes: Uint8Array | undefined): Series {
    const series = new Series();
    if (!bytes) return series;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const count = view.getUint32(0, true);
    for (let i = 0; i < count; i++) series.push(view.getFloat32(4 + 4 * i, true));
    series.measured = JSON.parse(new TextDecoder().decode(bytes.subarray(4 + 4 * count)));
    return series;
  }

  /** At most `most` points for a chart: the mean loss of as many stretches of the same length. */
  curve(most = 400): { xs: number[]; ys: number[] } {
    const [xs, ys]: [number[], number[]] = [[], []];
    const stride = Math.max(1, Math.ceil(this.#count / most));
    for (let start = 0; start < this.#count; start += stride) {
      const end = Math.min(this.#count, start + stride);
      let sum = 0;
      for (let i = start; i < end; i++) sum += this.#losses[i] ?? 0;
      xs.push(end);
      ys.push(sum / (end - start));
    }
    return { xs, ys };
  }
}
