import { attention } from "../../src/ops/index.js";
import { randn } from "../../src/tensor/create.js";
import { type Device, withDevice } from "../../src/tensor/device.js";
import { internal } from "../../src/tensor/internal.js";
import { scope } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import type { Context } from "../context.js";
import { cpuTime, inTurn, quantile, warm } from "../measure.js";
import { recorded } from "../observe.js";
import type { Table } from "../table.js";
import { type Heads, startTorch, type Torch } from "../torch.js";
import { workOf } from "../work.js";

/** The target of the kernels, then the layers of GPTs of 128 and of 64. */
const shapes: readonly Heads[] = [
  { B: 8, N: 8, T: 256, D: 64 },
  { B: 16, N: 4, T: 128, D: 32 },
  { B: 8, N: 4, T: 64, D: 16 },
];

/** Keys that a step of decoding sees. */
const caches = [64, 256, 1024];

/** Milliseconds for which one of the two computes before the other's turn. */
const turn = 10;

/** Causal attention of leaves, forward and backward. */
function training(device: Device, { B, N, T, D }: Heads): () => void {
  return withDevice(device, () => {
    const inputs = [0, 1, 2].map(() => randn([B, T, N * D], { requiresGrad: true })) as [Tensor, Tensor, Tensor];
    const dy = randn([B, T, N * D]);
    return () =>
      withDevice(device, () =>
        scope(() => {
          for (const x of inputs) {
            x.grad?.dispose();
            x.grad = undefined;
          }
          attention(...inputs, { heads: N, causal: true }).backward(dy);
        }),
      );
  });
}

/** The product of [256 x 256] matrices as a call, and its operations. */
function product(device: Device) {
  const n = 256;
  const [a, b, y] = withDevice(device, () => [randn([n, n]), randn([n, n]), randn([n, n])]) as [Tensor, Tensor, Tensor];
  const sizes = { batch: 1, m: n, n, k: n, lda: n, ldb: n, ldy: n, strideA: 0, strideB: 0, strideY: 0, begin: 0, end: n };
  const call = { a: internal(a), b: internal(b), y: internal(y), ...sizes, transA: 0, transB: 0, activation: 0, alpha: 1, beta: 0 };
  return { flops: 2 * n ** 3, call: () => void device.backend.dispatch("gemm", call) };
}

async function besideTorch(context: Context, torch: Torch | undefined, size: Heads) {
  const inner = await context.device();
  const { device, log, replay } = recorded(inner);
  scope(() => training(device, size)());
  const kernels = log.filter(({ kernel }) => kernel.startsWith("attention"));
  const gemm = product(inner);
  const [limit, ...seconds] = inTurn([gemm.call, ...kernels.map((made) => () => replay(made))], context.quick ? 5 : 30);
  const rate = gemm.flops / limit!;
  const shares = kernels.map(({ kernel, call }, i) => (100 * workOf(kernel, call).flops) / seconds[i]! / rate);

  const step = training(inner, size);
  const count = Math.max(1, Math.round(turn / warm(step, 1500)));
  await torch?.startAttention(size);
  for (let i = 0; torch && i < 3; i++) await torch.step(count);
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let i = 0; i < (context.quick ? 7 : 40); i++) {
    const start = cpuTime();
    for (let k = 0; k < count; k++) step();
    ours.push((cpuTime() - start) / count);
    if (torch) theirs.push(await torch.step(count));
  }
  const [mine, other] = [quantile(ours, 0.5), torch && quantile(theirs, 0.5)];
  return {
    shape: `B${size.B} N${size.N} T${size.T} D${size.D}`,
    "forward us": seconds[0]! * 1e6,
    "% of gemm": shares[0]!,
    "backward us": seconds[1]! * 1e6,
    "% of gemm there": shares[1]!,
    "both ms": mine,
    "PyTorch ms": other ?? "",
    "PyTorch / seqgrad": other ? other / mine : "",
  };
}

/** One query against keys and values that are slices of a cache. */
async function decoding(context: Context): Promise<Table> {
  const { device, log, replay } = recorded(await context.device());
  const [N, D] = [4, 32];
  withDevice(device, () =>
    scope(() => {
      const q = randn([1, 1, N * D]);
      for (const S of caches) attention(q, randn([1, S, N * D]), randn([1, S, N * D]), { heads: N });
    }),
  );
  const steps = log.filter(({ kernel }) => kernel === "attentionForward");
  const seconds = inTurn(
    steps.map((made) => () => replay(made)),
    context.quick ? 5 : 30,
  );
  return {
    title: `Attention, a step of decoding: B1 N${N} T1 D${D}`,
    note: "The kernel alone, by the number S of keys.",
    rows: steps.map(({ kernel, call }, i) => ({
      S: call.S!,
      us: seconds[i]! * 1e6,
      "GB/s": workOf(kernel, call).bytes / seconds[i]! / 1e9,
    })),
  };
}

/** Attention at named shapes: its kernels beside the matrix product, forward and backward beside PyTorch, and a step of decoding. */
export async function measureAttention(context: Context): Promise<Table[]> {
  const torch = await startTorch();
  const rows = [];
  for (const size of shapes) rows.push(await besideTorch(context, torch, size));
  torch?.end();
  const beside = torch ? "PyTorch on one thread, in turn with seqgrad" : "PyTorch is not there";
  return [
    {
      title: "Attention, causal",
      note: `Kernels: shares of gemm [256 x 256] [256 x 256] in the same rounds, by the operations that causality leaves. Both: medians of processor time, with the host; ${beside}.`,
      rows,
    },
    await decoding(context),
  ];
}
