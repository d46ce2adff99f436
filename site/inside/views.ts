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
];
