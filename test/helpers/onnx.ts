import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** Where `npm install --prefix build/onnxruntime onnxruntime-web` puts the package, which is too large for everybody's npm ci. */
const path = resolve("build/onnxruntime/node_modules/onnxruntime-web/dist/ort.node.min.mjs");

/** Why models cannot be run here; "" where they can. */
export const noRuntime = existsSync(path) ? "" : " (cannot run: npm install --no-save --prefix build/onnxruntime onnxruntime-web)";

type Elements = Float32Array | Int32Array | BigInt64Array;
/** A tensor of ONNX Runtime. */
export interface OnnxTensor {
  readonly dims: readonly number[];
  readonly data: Elements;
}
export type Feeds = Readonly<Record<string, OnnxTensor>>;

interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Record<string, unknown>): Promise<Record<string, OnnxTensor>>;
}
interface Runtime {
  readonly env: { readonly wasm: { numThreads: number }; logLevel: string };
  readonly InferenceSession: { create(bytes: Uint8Array, options?: object): Promise<Session> };
  readonly Tensor: new (type: string, data: Elements, dims: readonly number[]) => OnnxTensor;
}

let loaded: Promise<Runtime> | undefined;
async function runtime(): Promise<Runtime> {
  const ort: Runtime = await import(/* @vite-ignore */ pathToFileURL(path).href);
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  return ort;
}

export const floats = (data: ArrayLike<number>, ...dims: readonly number[]): OnnxTensor => ({ dims, data: Float32Array.from(data) });
export const ints = (data: ArrayLike<number>, ...dims: readonly number[]): OnnxTensor => ({ dims, data: Int32Array.from(data) });

const typeOf = (data: Elements) => (data instanceof Float32Array ? "float32" : data instanceof Int32Array ? "int32" : "int64");

/** A graph that runs. */
export class OnnxModel {
  private constructor(
    readonly session: Session,
    readonly Tensor: Runtime["Tensor"],
  ) {}

  /** Opens one of the files of toOnnx(), with its external data, if it has any. */
  static async open(files: ReadonlyMap<string, Uint8Array>, name = "model"): Promise<OnnxModel> {
    loaded ??= runtime();
    const { InferenceSession, Tensor } = await loaded;
    const bytes = files.get(`${name}.onnx`);
    if (!bytes) throw new Error(`there is no ${name}.onnx among ${[...files.keys()].join(", ")}`);
    const external = files.get(`${name}.onnx.data`);
    const options = external && { externalData: [{ path: `${name}.onnx.data`, data: external }] };
    return new OnnxModel(await InferenceSession.create(bytes, { executionProviders: ["wasm"], ...options }), Tensor);
  }

  run(feeds: Feeds): Promise<Record<string, OnnxTensor>> {
    const tensors = Object.entries(feeds).map(([name, { data, dims }]) => [name, new this.Tensor(typeOf(data), data, dims)]);
    return this.session.run(Object.fromEntries(tensors));
  }
}
