import { expect, test } from "vitest";
import { parseSafetensors, writeSafetensors } from "../../src/io/safetensors.js";
import { withDevice } from "../../src/tensor/device.js";
import { expectGolden, fileBytes, loadGolden, type StateCase } from "../golden/golden.js";
import { forEachDevice, startOn, variants } from "../helpers/devices.js";
import { toTensor, toValues } from "../helpers/golden-tensors.js";
import { TokenModel, type TokenModelOptions } from "../helpers/token-model.js";

const golden = await loadGolden<StateCase>("states");
const files = new Map(await Promise.all(golden.cases.map(async (c) => [c.file, await fileBytes(c.file)] as const)));

await forEachDevice(variants, "a file of PyTorch's", (device) => {
  const load = (c: StateCase) => {
    const model = new TokenModel(c.args[0] as TokenModelOptions);
    model.loadStateDict(parseSafetensors(files.get(c.file)!));
    return model;
  };

  test.each(golden.cases)("loads: the logits of $name are PyTorch's", (c) =>
    startOn(device, async () => {
      const tokens = toTensor(golden.inputs(c).get("tokens")!);
      expectGolden(await toValues(load(c).forward(tokens)), golden.output(c, "logits"));
    }),
  );

  test.each(golden.cases)("comes back from a file of ours: $name", async (c) => {
    const state = await withDevice(device, () => load(c)).stateDict();
    const stored = parseSafetensors(files.get(c.file)!);
    expect(new Set(state.keys())).toEqual(new Set(stored.keys()));
    expect(parseSafetensors(writeSafetensors(state))).toEqual(stored);
  });
});
