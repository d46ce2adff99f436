// The one chunk of what only devices with threads need.
export { openCrew } from "./threads/crew.js";
export { withSharedMemory } from "./threads/share.js";
