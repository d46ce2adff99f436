import type { TensorData } from "../backend/backend.js";
import type { TensorValue } from "../tensor/value.js";

/** A value that a layer computed, on the host. */
export interface CapturedValue extends TensorValue {
  /** True if the layer was in training mode. */
  readonly training: boolean;
}

/** Is called with each name and value that a capture gives. While a promise that it returned is pending, no step is captured. */
export type CaptureFunction = (name: string, value: CapturedValue) => unknown;

type Named = [name: string, value: CapturedValue];

/** The values of one quantity, by the calls that computed it. */
interface Quantity {
  readonly name: string | undefined;
  /** The name of its norm, if that is needed. */
  readonly norm: string | undefined;
  readonly values: Map<number, CapturedValue>;
}

/** All that was captured in one step. */
export class CapturedStep {
  readonly #quantities = new Map<string, Quantity>();
  readonly #pending: Promise<unknown>[] = [];
  #calls = 0;
  isClosed = false;

  /** The number of the call of a layer that begins. */
  begin(): number {
    return this.#calls++;
  }

  /** Adds a value, of which one name at least is needed; its data may be on their way. */
  add(
    call: number,
    { name, norm }: Omit<Quantity, "values">,
    { data, ...value }: Omit<CapturedValue, "data"> & { readonly data: TensorData | Promise<TensorData> },
  ): void {
    const key = `${name} ${norm}`;
    const quantity = this.#quantities.get(key) ?? { name, norm, values: new Map() };
    this.#quantities.set(key, quantity);
    const put = (data: TensorData) =>
      quantity.values.set(call, { ...value, data: data instanceof Float64Array ? Float32Array.from(data) : data });
    if (data instanceof Promise) this.#pending.push(data.then(put));
    else put(data);
  }

  /** All values by their names; the values of a name in the order of the calls. */
  close(): Named[] | Promise<Named[]> {
    this.isClosed = true;
    return this.#pending.length > 0 ? Promise.all(this.#pending).then(() => this.#named()) : this.#named();
  }

  #named(): Named[] {
    return Array.from(this.#quantities.values()).flatMap(({ name, norm, values }) => {
      const calls = [...values].sort(([a], [b]) => a - b);
      const all = joined(calls.map(([, value]) => value));
      const under = (name: string | undefined, of: (value: CapturedValue) => CapturedValue) =>
        name === undefined ? [] : all.map((value): Named => [name, of(value)]);
      return [...under(name, (value) => value), ...under(norm, normOf)];
    });
  }
}

const sizeOf = (shape: readonly number[]) => shape.reduce((size, n) => size * n, 1);

/** Values [B, 1, ..] of a decoder that goes step by step as one [B, T, ..]; others as they are. */
function joined(values: readonly CapturedValue[]): readonly CapturedValue[] {
  const [first] = values;
  const isStep = ({ shape }: CapturedValue) => shape.length > 2 && shape[1] === 1 && `${shape}` === `${first?.shape}`;
  if (!first || values.length === 1 || !values.every(isStep)) return values;
  const [B = 0, , ...rest] = first.shape;
  const [T, n] = [values.length, sizeOf(rest)];
  const data = first.data instanceof Int32Array ? new Int32Array(B * T * n) : new Float32Array(B * T * n);
  for (const [t, value] of values.entries()) for (let b = 0; b < B; b++) data.set(value.data.subarray(b * n, (b + 1) * n), (b * T + t) * n);
  return [{ ...first, shape: [B, T, ...rest], data }];
}

/** The Euclidean norm of x [B, T, ..] of each step, [T]; of x with fewer dimensions, the norm of all. */
function normOf({ shape, data, ...rest }: CapturedValue): CapturedValue {
  const [, T = 1] = shape.length > 2 ? shape : [];
  const n = shape.length > 2 ? sizeOf(shape.slice(2)) : data.length;
  const norms = Float32Array.from({ length: T }, (_, t) => {
    let sum = 0;
    for (let row = t * n; row < data.length; row += T * n) for (const x of data.subarray(row, row + n)) sum += x * x;
    return Math.sqrt(sum);
  });
  return { ...rest, shape: shape.length > 2 ? [T] : [], data: norms };
}
