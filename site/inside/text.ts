import type * as Seqgrad from "seqgrad";

/** A model of characters on the sample text, as the views of language models train it. */
export function characters(sg: typeof Seqgrad, hidden: number) {
  const text = sg.data.sampleText;
  const tokenizer = sg.text.CharTokenizer.fromText(text);
  const model = new sg.models.RecurrentLM({ vocab: tokenizer.size, arch: "lstm", embed: 16, hidden });
  const loader = new sg.data.RandomWindows(tokenizer.encode(text), { batch: 16, context: 32 });
  return { text, tokenizer, model, loader, optimizer: new sg.optim.Adam(model.parameters(), { lr: 1e-2, clipNorm: 1 }) };
}
