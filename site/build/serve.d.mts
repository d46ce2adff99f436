/** Serves a folder on localhost. Returns the address, and a function that stops the server. */
export function serve(
  folder: string,
  options?: { readonly port?: number; readonly prefix?: string },
): Promise<{ readonly url: string; stop(): Promise<void> }>;
