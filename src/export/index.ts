export { type HuggingFaceOptions, toHuggingFace } from "./to-hugging-face.js";
export { type OnnxOptions, toOnnx } from "./to-onnx.js";
