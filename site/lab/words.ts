/** A measure's name in words: `bitsPerCharacter` is "bits per character". */
export const spaced = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
