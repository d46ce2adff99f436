import type { Options } from "minisearch";

/** Words of names too: "nn.LSTMCell" is found by "lstm" and by "cell". */
const words = (text: string) =>
  text
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);

/** The options of the index, the same when it is written and when it is read. */
export const searchOptions: Options = {
  fields: ["title", "headings", "description", "text"],
  storeFields: ["title", "section", "description"],
  tokenize: (text) => [...new Set([...words(text), ...text.split(/[^\p{L}\p{N}.]+/u).filter(Boolean)])],
  searchOptions: { boost: { title: 6, headings: 2, description: 2 }, prefix: true, fuzzy: (term) => (term.length > 4 ? 0.2 : false) },
};
