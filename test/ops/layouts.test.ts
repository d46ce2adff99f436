import { expect, test } from "vitest";
import * as sg from "../../src/index.js";
import type { Device } from "../../src/tensor/device.js";
import { withDevice } from "../../src/tensor/device.js";
import { everywhere, forEachDevice } from "../helpers/devices.js";
import { expectClose } from "../helpers/numbers.js";

const int32 = (data: readonly number[], shape: readonly number[] = [data.length]) => sg.tensor([...data], shape, { dtype: "int32" });

/** Lengths 2, 5 and 3 as PyTorch's users cut them out of a table: a column, a reversed list, every second of a list. */
const lengthViews = () => ({
  column: sg.select(int32([9, 2, 9, 5, 9, 3], [3, 2]), 1, { axis: 1 }),
  reversed: sg.flip(int32([3, 5, 2]), { axis: 0 }),
  "every second": sg.slice(int32([2, 9, 5, 9, 3]), { end: 5, step: 2 }),
});

await forEachDevice(everywhere, "operands that are views", (device: Device) => {
  /** What `compute` returns, read. */
  const values = (compute: () => sg.Tensor) => withDevice(device, () => compute().data());

  /** Expects the same of the views as of their copies. */
  async function expectSameOfCopies(compute: (views: sg.Tensor) => sg.Tensor, view: () => sg.Tensor, what: string): Promise<void> {
    const plain = await values(() => compute(sg.copyOf(view())));
    expectClose(await values(() => compute(view())), plain, 1e-6, what);
  }

  test("a mask and a bias hide and shift the same keys, whichever way they lie in memory", async () => {
    for (const [T, S] of [
      [1, 5],
      [5, 5],
      [6, 9],
      [4, 14],
    ] as const) {
      const of = (rows: number) => withDevice(device, () => sg.randn([1, 1, rows, 8]));
      const [q, k, v] = [of(T), of(S), of(S)];
      const attend = (bias: sg.Tensor) => sg.scaledDotProductAttention(q, k, v, { bias });
      const hide = (mask: sg.Tensor) => sg.scaledDotProductAttention(q, k, v, { mask });
      const hideAndShift = (mask: sg.Tensor) => sg.scaledDotProductAttention(q, k, v, { mask, bias: sg.transpose(bias(S, T)) });
      const bias = (...shape: number[]) => sg.affine(sg.sin(sg.reshape(sg.arange(shape.reduce((a, b) => a * b)), shape)), 3);
      const masks: Record<string, () => sg.Tensor> = {
        "transposed [T, S]": () => sg.transpose(bias(S, T)),
        "flipped [T, S]": () => sg.flip(bias(T, S), { axis: [0, 1] }),
        "every second of [T, 2 S]": () => sg.slice(bias(T, 2 * S), { axis: 1, end: 2 * S, step: 2 }),
        "flipped [S]": () => sg.flip(bias(S), { axis: 0 }),
        "every third of [3 S]": () => sg.slice(bias(3 * S), { start: 1, end: 3 * S, step: 3 }),
        "a column [T, 1]": () => sg.slice(bias(T, 7), { axis: 1, start: 3, end: 4 }),
        "permuted [1, 1, T, S]": () => sg.permute(bias(S, 1, T, 1), [1, 3, 2, 0]),
      };
      for (const [what, bias] of Object.entries(masks)) {
        await expectSameOfCopies(attend, bias, `bias, T ${T}, S ${S}: ${what}`);
        await expectSameOfCopies((x) => hide(sg.greater(x, 0)), bias, `comparison of a view, T ${T}, S ${S}: ${what}`);
        await expectSameOfCopies((x) => hideAndShift(sg.relu(x)), bias, `mask and bias, T ${T}, S ${S}: ${what}`);
        // Integers by their strides: 0 where the bias rounds to 0.
        const integers = () => {
          const view = bias();
          const whole = sg.toInt(sg.contiguous(view));
          return view.rank === 2 ? sg.transpose(sg.copyOf(sg.transpose(whole))) : whole;
        };
        await expectSameOfCopies(hide, integers, `mask of int32, T ${T}, S ${S}: ${what}`);
      }
    }
  });

  test("a transposed causal mask does not show the future", async () => {
    const T = 9;
    const [q, k, v] = withDevice(device, () => [0, 1, 2].map(() => sg.randn([1, 1, T, 8]))) as [sg.Tensor, sg.Tensor, sg.Tensor];
    const causal = await values(() => sg.scaledDotProductAttention(q, k, v, { causal: true }));
    const upper = Float32Array.from({ length: T * T }, (_, n) => (Math.floor(n / T) > n % T ? Number.NEGATIVE_INFINITY : 0));
    const biased = await values(() => sg.scaledDotProductAttention(q, k, v, { bias: sg.transpose(sg.tensor(upper, [T, T])) }));
    expectClose(biased, causal, 1e-6);
    const masked = await values(() => {
      const i = sg.arange(T);
      return sg.scaledDotProductAttention(q, k, v, { mask: sg.lessEqual(i, sg.unsqueeze(i, { axis: 1 })) });
    });
    expectClose(masked, causal, 1e-6);
  });

  test.each(["column", "reversed", "every second"] as const)("lengths that are a view: %s", async (kind) => {
    const [x, q] = withDevice(device, () => [sg.randn([3, 6, 4]), sg.randn([3, 1, 6, 4])]) as [sg.Tensor, sg.Tensor];
    const [w, v] = withDevice(device, () => [sg.randn([16, 4]), sg.randn([4])]) as [sg.Tensor, sg.Tensor];
    const rows = (n: number) => sg.slice(w, { end: n });
    const users: Record<string, (lengths: sg.Tensor) => sg.Tensor> = {
      attention: (lengths) => sg.attention(x, x, x, { heads: 2, lengths }),
      scaledDotProductAttention: (lengths) => sg.scaledDotProductAttention(q, q, q, { lengths }),
      attentionWeights: (lengths) => sg.attentionWeights(x, x, { heads: 1, lengths }),
      additiveAttention: (lengths) => sg.additiveAttention(x, x, v, x, { lengths }).context,
      rnn: (lengths) => sg.rnn(x, rows(4), rows(4), { lengths }).y,
      gru: (lengths) => sg.gru(x, rows(12), rows(12), { lengths }).y,
      lstm: (lengths) => sg.lstm(x, w, w, { lengths, reverse: true }).y,
    };
    for (const [what, compute] of Object.entries(users)) await expectSameOfCopies(compute, () => lengthViews()[kind], what);
  });

  test("an index that is a view names the rows that it shows", async () => {
    const index = () => sg.transpose(int32([0, 1, 2, 3, 0, 2], [2, 3]));
    const table = withDevice(device, () => sg.randn([4, 5]));
    const x = withDevice(device, () => sg.randn([3, 4]));
    expect(Array.from(await values(() => sg.argmax(sg.oneHot(index(), 4), { axis: 2 })))).toEqual([0, 3, 1, 0, 2, 2]);
    const users: Record<string, (index: sg.Tensor) => sg.Tensor> = {
      oneHot: (i) => sg.oneHot(i, 4),
      embedding: (i) => sg.embedding(i, table),
      gather: (i) => sg.gather(x, i, { axis: 1 }),
      indexSelect: (i) => sg.indexSelect(table, sg.select(i, 1, { axis: 1 })),
      crossEntropy: (i) => sg.crossEntropy(x, sg.select(i, 0, { axis: 1 }), { reduction: "none" }),
      nllLoss: (i) => sg.nllLoss(x, sg.select(i, 0, { axis: 1 }), { reduction: "none" }),
    };
    for (const [what, compute] of Object.entries(users)) await expectSameOfCopies(compute, index, what);
  });
});
