/** A word as the longest tokens from left to right; `undefined` where they do not make up the word, or the word is too long. */
export function longestPieces(
  word: string,
  ids: ReadonlyMap<string, number>,
  prefix: string,
  longest: number,
): readonly number[] | undefined {
  const characters = Array.from(word);
  if (characters.length > longest) return undefined;
  const pieces: number[] = [];
  for (let start = 0; start < characters.length; ) {
    let end = characters.length;
    let id: number | undefined;
    for (; end > start; end--) {
      id = ids.get((start > 0 ? prefix : "") + characters.slice(start, end).join(""));
      if (id !== undefined) break;
    }
    if (id === undefined) return undefined;
    pieces.push(id);
    start = end;
  }
  return pieces;
}
