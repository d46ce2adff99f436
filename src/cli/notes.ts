/** Writes a note or a warning to stderr; stdout holds answers only. */
export const warn = (message: string): void => {
  process.stderr.write(`warning: ${message}\n`);
};
