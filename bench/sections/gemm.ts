import type { Context } from "../context.js";
import { inTurn } from "../measure.js";
import { type Product, product } from "../product.js";
import type { Table } from "../table.js";
import { type BenchKernels, base, benchKernels, registerLimit } from "./roofline.js";

const shapes: readonly Product[] = [
  { m: 256, k: 256, n: 256 },
  { m: 512, k: 512, n: 512 },
  { m: 1024, k: 1024, n: 1024 },
  { m: 256, k: 256, n: 256, transB: true },
  { m: 1024, k: 1024, n: 1024, transB: true },
  { m: 1024, k: 2048, n: 320, transA: true },
  { m: 64, k: 32, n: 64, transB: true, batch: 16 },
  { m: 1, k: 128, n: 512 },
  { m: 8, k: 128, n: 512 },
  { m: 8, k: 128, n: 512, transB: true },
  { m: 32, k: 256, n: 1024 },
  { m: 32, k: 256, n: 1024, transB: true },
  { m: 8, k: 128, n: 512, packed: true },
  { m: 32, k: 256, n: 1024, packed: true },
  { m: 3, k: 256, n: 1024, packed: true },
  { m: 2, k: 256, n: 1024, packed: true },
  { m: 1, k: 256, n: 1024, packed: true },
  { m: 1, k: 64, n: 256, packed: true },
];

/** The matrix product at named shapes, in turn with the limit, so that the shares hold although the machine changes its pace. */
export async function measureGemm(context: Context): Promise<Table> {
  const kernels = await benchKernels(context.variant);
  const [device, packed] = [await context.device(), packedProduct(kernels)];
  const limit = registerLimit(kernels);
  const chosen = context.quick ? shapes.filter(({ m }) => m < 512) : shapes;
  const products = chosen.map((shape) => (shape.packed ? packed(shape) : product(device, shape)));
  const seconds = inTurn([limit.call, ...products], context.quick ? 3 : 30);
  const peak = limit.flops / seconds[0]!;
  return {
    title: "Matrix product at named shapes",
    note: `Share of ${(peak / 1e9).toFixed(1)} GFLOP/s, the multiply-adds in registers measured in the same rounds.`,
    rows: chosen.map((s, i) => {
      const rate = (2 * (s.batch ?? 1) * s.m * s.n * s.k) / seconds[i + 1]!;
      const kind = s.packed ? "gemmPacked" : `gemm ${s.transA ? "T" : "N"}${s.transB ? "T" : "N"}`;
      const shape = `${s.batch ? `${s.batch} x ` : ""}[${s.m} x ${s.k}] [${s.k} x ${s.n}]`;
      return { kind, shape, us: seconds[i + 1]! * 1e6, "GFLOP/s": rate / 1e9, "% of roofline": (100 * rate) / peak };
    }),
  };
}

function packedProduct({ packB, gemmPacked }: BenchKernels): (shape: Product) => () => void {
  let end = base;
  const numbers = (n: number) => {
    const address = end;
    end += 64 * Math.ceil(n / 16);
    return address;
  };
  return ({ m, k, n }) => {
    const [a, b, panels, y] = [numbers(m * k), numbers(k * n), numbers(k * n), numbers(m * n)] as [number, number, number, number];
    packB(b, n, 0, k, n, panels);
    return () => gemmPacked(a, k, panels, m, n, k, y, n, 0);
  };
}
