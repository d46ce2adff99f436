/** The things that examples may use without saying what they are, and what they are then. */
const usual: Readonly<Record<string, string>> = {
  text: `const text = "The cat sat on the mat. The dog sat on the log. ".repeat(4);`,
  tokenizer: "const tokenizer = sg.text.CharTokenizer.fromText(text);",
  model: `const model = new sg.models.RecurrentLM({ vocab: tokenizer.size, arch: "lstm", embed: 4, hidden: 8 });`,
  optimizer: "const optimizer = new sg.optim.AdamW(model.parameters());",
  loader: "const loader = new sg.data.RandomWindows(tokenizer.encode(text), { batch: 2, context: 8 });",
  store: "const store = sg.io.memoryStore();",
  config: `const config = { model: "lm" };`,
  tensors: "const tensors = await model.stateDict();",
  bytes: "const bytes = sg.io.writeSafetensors(tensors);",
  readFile: `const readFile = async () => new TextEncoder().encode("a file");`,
};

const uses = (code: string, name: string) => new RegExp(`(?<!\\w|(?<!\\.\\.)\\.)${name}\\b(?!:)`).test(code);
const declares = (code: string, name: string) => new RegExp(`(?:const|let|class|import) (?:\\{[^}]*)?\\b${name}\\b`).test(code);

/** The code of an example, with the usual things that it uses before it. */
export function withUsual(code: string): string {
  let all = code;
  for (const name of Object.keys(usual).reverse()) if (uses(all, name) && !declares(all, name)) all = `${usual[name]}\n${all}`;
  return all;
}
