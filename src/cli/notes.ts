/** Writes what a person should know of a run that goes on all the same; stdout holds answers alone. */
export const warn = (message: string): void => {
  process.stderr.write(`warning: ${message}\n`);
};
