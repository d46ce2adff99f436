// Node 20 has relaxed SIMD behind a flag, which must be set before anything asks for it.
import v8 from "node:v8";

if (process.versions.node.startsWith("20.")) v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
