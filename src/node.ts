export { fileStore } from "./io/file-store.js";
