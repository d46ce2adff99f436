/** Units of a chunk, more or less. */
const SIZE = 4096;

/** Pieces without white space that are longer are worked at in turns. */
export const LONG = 1024;

/**
 * A text in parts that follow each other, cut before white space that follows something else: no tokenizer's piece lies across a cut. Where
 * nothing is white, the part is as long as it takes.
 */
export function* chunksOf(text: string): Generator<string> {
  const end = /\S[ \n\r\t]/g;
  let start = 0;
  while (text.length - start > 2 * SIZE) {
    end.lastIndex = start + SIZE;
    const match = end.exec(text);
    if (!match) break;
    yield text.slice(start, match.index + 1);
    start = match.index + 1;
  }
  yield text.slice(start);
}
