/** Symbol.dispose, which Node 20 and some browsers do not have. */
export const disposeKey = (Symbol.dispose ?? Symbol.for("Symbol.dispose")) as typeof Symbol.dispose;
