import type { Device } from "../src/tensor/device.js";

/** A matrix product by its sizes, how the operands lie, and how many there are. */
export interface Product {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transA?: boolean;
  readonly transB?: boolean;
  readonly batch?: number;
  /** B lies packed already, as the recurrent weights do while a sequence runs. */
  readonly packed?: boolean;
}

/** The product on a device, of operands of its own. */
export function product(device: Device, { m, k, n, transA = false, transB = false, batch = 1 }: Product): () => void {
  const { backend } = device;
  const numbers = (n: number) => {
    const address = backend.alloc(4 * n);
    backend.write(address, new Float32Array(n).fill(0.9));
    return address;
  };
  const [a, b, y] = [numbers(batch * m * k), numbers(batch * k * n), numbers(batch * m * n)] as [number, number, number];
  const strides = { lda: transA ? m : k, ldb: transB ? k : n, ldy: n, strideA: m * k, strideB: k * n, strideY: m * n };
  const flags = { transA: Number(transA), transB: Number(transB), activation: 0, begin: 0, end: batch * m, alpha: 1, beta: 0 };
  return () => void backend.dispatch("gemm", { a, b, y, batch, m, n, k, ...strides, ...flags });
}
