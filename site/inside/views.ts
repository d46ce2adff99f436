/** The views, in their order. */
export interface View {
  /** The folder of the view, and its place under inside/. */
  readonly name: string;
  readonly title: string;
  /** One sentence, for the card. */
  readonly description: string;
  /** HTML above the view. */
  readonly text: string;
}

export const views: readonly View[] = [
  {
    name: "gates",
    title: "Gates of an LSTM",
    description: "Input, forget and output gates and the cell state, letter by letter, while the network trains.",
    text: `<p>An LSTM keeps a cell state c. At every letter, the forget gate f says how much of each unit is kept, the input gate i how much of
the candidate g is added, and the output gate o how much is shown. Watch them while the network learns to predict the next letter: gates begin near a
half, and some units learn to open or close at spaces and at the ends of lines.</p>`,
  },
  {
    name: "cells",
    title: "Gradients through time",
    description: "RNN, GRU and LSTM side by side on one batch: the gradient vanishes, explodes, or holds.",
    text: `<p>Three networks read the same 40 symbols and must say which came first. The error stands at the last step, so the gradient has to
travel back through all of them. The first chart shows how much of it arrives at each step. In the RNN it shrinks or grows by nearly the same factor at
every step; gates let it pass. Raise the gain until it explodes, then clip it.</p>`,
  },
  {
    name: "connectivity",
    title: "Which letters matter",
    description: "Choose a letter, and see which earlier letters its prediction depends on.",
    text: `<p>Choose a letter with the pointer or the arrow keys. The color of an earlier letter is the norm of the gradient of the chosen letter's
log-probability by that letter's embedding: how much the prediction would change if that letter changed a little. At first only the last letters matter.
Longer words and habits of the text come later.</p>`,
  },
  {
    name: "translator",
    title: "Alignment of a translator",
    description: "Where the decoder looks as it writes each word, beside a network without attention.",
    text: `<p>Two translators learn from the same pairs. One has attention: before it writes a word it weighs the words of the source. The matrix
shows these weights, a row for each word that it writes. French puts a color after its noun, so the rows cross over there. The other translator has to
put the whole sentence into one vector. Compare both with the reference.</p>`,
  },
  {
    name: "heads",
    title: "Heads of a Transformer",
    description: "Layer by layer and head by head: which words look at which, in your own phrase.",
    text: `<p>A Transformer has several heads in each layer, and each head weighs the words before in its own way. Choose a layer and a head, then a
word. The matrices of the notes are here too: “The big red dog” looks at all four words, the French side only at what was written before.</p>`,
  },
  {
    name: "embeddings",
    title: "Embeddings on a plane",
    description: "Vectors of words move as the network learns: alike words come together.",
    text: `<p>An embedding is a table with a vector for each word. This one learns from sentences of two words, such as “king rules” and “mango
ripe”. Words that occur with the same neighbors get alike vectors. The picture shows the two directions along which the vectors differ most (principal
components).</p>`,
  },
  {
    name: "positions",
    title: "Positional encodings",
    description: "The sines and cosines that say where a word stands, and how alike two positions are.",
    text: `<p>Attention alone does not see the order of words. A Transformer adds to each word's embedding a vector that depends on its position p:
sines and cosines of p, from fast to slow. Near positions have alike vectors, and the likeness depends only on the distance.</p>`,
  },
  {
    name: "phrase",
    title: "Where the same cells fire",
    description: "Select a phrase, and find the places where the same cells of an LSTM are active.",
    text: `<p>Select a few letters of the text. The network's cells that are active at all of them are drawn, and the list shows where else in the
text they are active together. Often these are places of the same kind: ends of words, dates, or beginnings of lines.</p>`,
  },
];
