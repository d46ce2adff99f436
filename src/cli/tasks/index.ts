export { caption } from "./caption.js";
export { classify } from "./classify.js";
export { forecast } from "./forecast.js";
export { lm } from "./lm.js";
export { recognize } from "./recognize.js";
export { tag } from "./tag.js";
export { translate } from "./translate.js";
