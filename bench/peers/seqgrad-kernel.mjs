// seqgrad's matrix product as a bare WebAssembly call: what its host costs is the distance to seqgrad.mjs.
import { readFile } from "node:fs/promises";
import { dataOf } from "./works.mjs";

export const name = "seqgrad kernel";

const PAGE = 65536;
const file = (variant) => readFile(new URL(`../../dist/${variant}.wasm`, import.meta.url));

export async function load() {
  const relaxed = await file("relaxed");
  return WebAssembly.validate(relaxed) ? relaxed : file("simd");
}

export async function open(bytes) {
  const module = await WebAssembly.compile(bytes);

  async function gemm(work) {
    const { m, k, n } = work;
    const { sets } = dataOf(work);
    const floats = sets.reduce((total, { a, b }) => total + a.data.length + b.data.length, m * n);
    // The workspace of the contract is at most 256 rows of 512 columns; static data of the kernels lies in the first page.
    const memory = new WebAssembly.Memory({ initial: 2 + Math.ceil((floats + 256 * 512) / (PAGE / 4)) });
    const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
    let end = PAGE;
    const reserve = (count) => {
      const address = end;
      end += Math.ceil(count / 16) * 64;
      return address;
    };
    const write = ({ data }) => {
      const address = reserve(data.length);
      new Float32Array(memory.buffer, address, data.length).set(data);
      return address;
    };
    const addresses = sets.map(({ a, b }) => [write(a), write(b)]);
    const y = reserve(m * n);
    const workspace = reserve(0);
    const run = (i) => {
      const [a, b] = addresses[i % addresses.length];
      exports.gemm(a, b, 0, y, workspace, 1, m, n, k, 0, 0, k, n, n, 0, 0, 0, 0, 0, m, 1, 0);
    };
    return {
      run,
      value(i) {
        run(i);
        return new Float32Array(memory.buffer, y, m * n).slice();
      },
    };
  }

  return { info: "one call of the export", prepare: (work) => (work.kind === "gemm" ? gemm(work) : undefined) };
}
