/** The words of a card, which the page shows before its script has loaded. */
export interface Card {
  readonly id: string;
  readonly title: string;
  readonly short: string;
  readonly lead: string;
}

export const cards: readonly Card[] = [
  {
    id: "language-model",
    title: "Language model",
    short: "A network reads a text character by character, and learns to write on.",
    lead: "The network reads a text and predicts the next character, at every place. What it writes shows what it has learned: letters, then words, then lines.",
  },
  {
    id: "sentiment",
    title: "Sentiment",
    short: "Is a review good or bad? The words decide, and so does their order.",
    lead: "Each review has a label. The network reads its words in order, so that “not good” can mean something else than “good”.",
  },
  {
    id: "tagging",
    title: "Tagging",
    short: "Which words of a sentence name a person, a place or a firm?",
    lead: "Each word gets a tag. The network reads the sentence in both directions, and the letters of each word, so that it can tag names that it has never seen.",
  },
  {
    id: "translation",
    title: "Translation",
    short: "English in, French out, with attention to the words that matter.",
    lead: "An encoder reads the source. A decoder writes the target word by word, and at each word attends to parts of the source.",
  },
  {
    id: "forecast",
    title: "Forecast",
    short: "The next days of a series, with an interval, beside what is naive.",
    lead: "The network reads the last days and predicts the next ones: a middle value, and an interval in which the true value should lie four times of five.",
  },
  {
    id: "captions",
    title: "Captions",
    short: "A picture of colored shapes, described in a sentence.",
    lead: "A picture is a grid of places. The network writes a sentence about it, and attends to the places word by word.",
  },
  {
    id: "music",
    title: "Music",
    short: "Folk tunes as text. It composes, you listen.",
    lead: "A tune in ABC notation is a text. The network learns its characters one by one, and nobody explains what a bar is. Press Play to hear what it composes.",
  },
  {
    id: "sounds",
    title: "Sounds to symbols",
    short: "Which notes does this noisy recording play?",
    lead: "The network hears frames of a sound and writes the notes. Nobody says when a note begins: the loss sums over all ways to place them (CTC).",
  },
];
