export { type StoredDType, type StoredTensor, toTensorValue, type WritableTensor } from "./dtypes.js";
export { loadModel, type SavedModel, saveModel } from "./model-folder.js";
export { parseSafetensors, readSafetensorsMetadata, writeSafetensors } from "./safetensors.js";
export { memoryStore, type Store } from "./store.js";
