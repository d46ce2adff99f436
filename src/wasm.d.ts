/** A file of kernels, next to the bundle, as a bundler for workerd hands it over. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
