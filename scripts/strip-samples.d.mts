export declare const stripSamples: {
  readonly name: string;
  transform(code: string, id: string): string | undefined;
};
