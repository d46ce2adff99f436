import { expect, test } from "vitest";
import type { PaddedFrames, PaddedRows } from "../../src/data/index.js";
import { Captioner, type CaptionerConfig, RecurrentSeq2Seq, type RecurrentSeq2SeqConfig } from "../../src/models/index.js";
import { mul, slice, sum } from "../../src/ops/index.js";
import { tensor } from "../../src/tensor/create.js";
import type { Device } from "../../src/tensor/device.js";
import { scope } from "../../src/tensor/scope.js";
import { type Case, expectGolden, loadGolden } from "../golden/golden.js";
import { forEachDevice, startOn } from "../helpers/devices.js";
import { toState, toTensor, toValues } from "../helpers/golden-tensors.js";

const golden = await loadGolden("decoders");

interface ForwardCase {
  readonly sources: readonly (readonly number[])[];
  readonly lengths: readonly number[];
  readonly targets: readonly (readonly number[])[];
}

/** The fixture calls the decoder's recurrent layers `decoder`. */
const nameHere = (name: string) => name.replace(/^decoder\./, "rnn.");
const nameThere = (name: string) => name.replace(/^rnn\./, "decoder.");

/** A model of the case, and what it makes of the case's sources. */
function open(c: Case, { sources, lengths }: ForwardCase) {
  const state = new Map(Array.from(toState(golden.parameters(c)), ([name, value]) => [nameHere(name), value]));
  if (c.call === "Captioner") {
    const model = new Captioner(c.args[0] as CaptionerConfig);
    model.loadStateDict(state);
    const { data, shape } = golden.inputs(c).get("features")!;
    const frames = { data, shape, lengths } as PaddedFrames;
    return { model, encode: () => model.encode(frames) };
  }
  const model = new RecurrentSeq2Seq(c.args[0] as RecurrentSeq2SeqConfig);
  model.loadStateDict(state);
  const rows: PaddedRows = { data: Int32Array.from(sources.flat()), shape: [sources.length, sources[0]!.length], lengths };
  return { model, encode: () => model.encode(rows) };
}

/** Compares the scores and the gradient of every parameter with PyTorch's. */
async function check(c: Case): Promise<void> {
  const forward = c.forward![0] as ForwardCase;
  const { model, encode } = open(c, forward);
  const comparisons = scope(() => {
    const tokens = tensor(Int32Array.from(forward.targets.flat()), [forward.targets.length, forward.targets[0]!.length]);
    const { logits } = model.decode(slice(tokens, { axis: 1, end: -1 }), encode());
    sum(mul(logits, toTensor(golden.upstream(c, "y")))).backward();
    const pending = [toValues(logits).then((values) => expectGolden(values, golden.output(c, "y")))];
    for (const [name, p] of model.namedParameters())
      pending.push(toValues(p.grad!).then((values) => expectGolden(values, golden.gradient(c, nameThere(name)))));
    expect(Object.keys(c.gradients!).sort()).toEqual(Array.from(model.namedParameters(), ([name]) => nameThere(name)).sort());
    return pending;
  });
  await Promise.all(comparisons);
  model.dispose();
}

const suite = (device: Device) => {
  test.each(golden.cases)("$name", (c) => startOn(device, () => check(c)));
};
await forEachDevice(["simd", "full relaxed", "full webgpu"], "decoders equal PyTorch's", suite);
