/** The part of WebGPU's `GPU` that is used here, so that the package's types need no others. */
export interface Gpu {
  requestAdapter(options?: object): Promise<unknown>;
}
