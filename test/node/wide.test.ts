import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { obstacle } from "../../src/backend/wasm/fusing.js";
import { createDevice } from "../../src/tensor/device.js";
import { expectRejection } from "../helpers/errors.js";

const dist = existsSync("dist/index.js") ? "" : " (cannot run: there is no dist/; run `npm run build`)";
const missing = obstacle() || dist;

/** Trains a recurrent and a Transformer's layer on sizes around the tiles; prints the device's variant and a hash of losses and weights. */
const program = (options: object) => `
  import { createHash } from "node:crypto";
  import * as sg from ${JSON.stringify(pathToFileURL(resolve("dist/index.js")).href)};
  const { variant } = await sg.init(${JSON.stringify({ device: "wasm", threads: 1, ...options })});
  sg.manualSeed(7);
  class Model extends sg.nn.Module {
    embedding = new sg.nn.Embedding(37, 24);
    lstm = new sg.nn.LSTM(24, 40);
    layer = new sg.nn.TransformerEncoderLayer(40, 4);
    head = new sg.nn.Linear(40, 37);
    forward(x) {
      return this.head.forward(this.layer.forward(this.lstm.forward(this.embedding.forward(x)).output));
    }
  }
  const model = new Model();
  const optimizer = new sg.optim.AdamW(model.parameters(), { lr: 1e-2, clipNorm: 1 });
  const ids = (start) => sg.tensor(Int32Array.from({ length: 77 }, (_, i) => (start + i * i) % 37), [7, 11], { dtype: "int32" });
  const [x, y] = [ids(0), ids(5)];
  const hash = createHash("sha256");
  for (let i = 0; i < 5; i++) hash.update(String((await optimizer.step(() => sg.crossEntropy(model.forward(x), y)).read())));
  for (const { data } of (await model.stateDict()).values()) hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  console.log(JSON.stringify({ variant, hash: hash.digest("hex") }));
`;

/** Runs it in a process of its own, since V8's flag holds for a whole process. Without Liftoff every call uses what the flag makes. */
async function trained(options: object, ...flags: string[]): Promise<{ variant: string; hash: string }> {
  const argv = ["--no-liftoff", ...flags, "--input-type=module", "--eval", program(options)];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { env: { ...process.env, NODE_OPTIONS: "" } });
  return JSON.parse(stdout);
}

describe.skipIf(missing)(`under V8's flag for 256 bits${missing && ` (${missing})`}`, () => {
  test("a deterministic device trains with the bits that it has without the flag", async () => {
    const plain = await trained({ deterministic: true });
    expect(plain.variant).toBe("simd");
    expect(await trained({ deterministic: true, wide: true })).toEqual(plain);
    expect(await trained({ deterministic: true }, "--experimental-wasm-revectorize")).toEqual(plain);
  });

  test("wide kernels train with the bits of the relaxed ones", async () => {
    const relaxed = await trained({ wide: false });
    const wide = await trained({ wide: true });
    expect([relaxed.variant, wide.variant]).toEqual(["relaxed", "wide"]);
    expect(wide.hash).toBe(relaxed.hash);
  });
});

test.skipIf(!obstacle())("wide kernels are refused with the reason where the runtime cannot have them", async () => {
  await expectRejection("device", createDevice({ wide: true }), obstacle() ?? "", "leave `wide` out");
});
