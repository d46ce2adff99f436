import * as sg from "seqgrad";
import { brackets, sums } from "../data/texts.js";
import { archField, choice, dropoutField, hiddenField, integer, layersField, lrField, scheduleField } from "../fields.js";
import { writerOf } from "../writer.js";

/** Texts, read character by character or in other units. */
export const languageModel = writerOf({
  id: "language-model",
  datasets: [
    { id: "almanac", title: "The Harbour Almanac, a year by the sea", make: () => sg.data.sampleText },
    { id: "sums", title: "Sums, such as 12+7=19", make: sums },
    { id: "brackets", title: "Brackets that close, such as ({[]})", make: brackets },
  ],
  accept: ".txt",
  form: "Any text of at least 500 characters.",
  fields: [
    archField(["rnn", "gru", "lstm", "transformer"], "lstm"),
    hiddenField(64),
    layersField,
    choice(
      "unit",
      "Tokens",
      [
        ["characters", "characters"],
        ["words", "words"],
        ["bpe", "parts of words"],
      ] as const,
      "characters",
    ),
    integer("context", "Tokens of a window", 4, 512, 48),
    integer("batch", "Windows of an update", 1, 256, 16),
    integer("steps", "Updates", 1, 100_000, 1000),
    dropoutField(0),
    lrField(0.005),
    scheduleField("constant"),
  ],
  tokens: 180,
  prompt: () => undefined,
});
