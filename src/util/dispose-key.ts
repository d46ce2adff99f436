/** Symbol.dispose, which Node 20 and some browsers do not have. */
export const disposeKey: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for("Symbol.dispose");
