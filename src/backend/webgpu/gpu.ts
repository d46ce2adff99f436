/** What of WebGPU's `GPU` is asked for here, so that the package's types need no others. */
export interface Gpu {
  requestAdapter(options?: object): Promise<unknown>;
}
