import { tunes } from "../data/tunes.js";
import { archField, dropoutField, hiddenField, integer, layersField, lrField, scheduleField } from "../fields.js";
import { parseTune } from "../music/abc.js";
import type { Problem } from "../task.js";
import { writerOf } from "../writer.js";

/** Tunes as their meter, unit, key and notes: names, words and chords are left out, and so are tunes without a note. */
function tunesOf(text: string): { text: string; problems: Problem[] } {
  const problems: Problem[] = [];
  let line = 1;
  const kept = text
    .replace(/\r\n?/g, "\n")
    .split(/\n\s*\n|\n(?=X:)/)
    .map((tune) => {
      const at = line;
      line += tune.split("\n").length + 1;
      const lines = tune.split("\n").map((row) =>
        row
          .replace(/%.*|"[^"]*"|\\$/g, "")
          .replace(/ +/g, " ")
          .trim(),
      );
      const music = lines.filter((row) => row !== "" && !/^[A-JN-Za-z]:(?![|:])/.test(row)).join("\n");
      if (music === "") return "";
      if (!/^K:/m.test(music)) problems.push({ line: at, text: "the tune has no key; expected a line such as K:G" });
      else if (parseTune(music).notes.length === 0) problems.push({ line: at, text: "the tune has no note that can be read" });
      else return `${music}\n\n`;
      return "";
    });
  return { text: kept.join(""), problems };
}

/** Tunes in ABC notation, read character by character. */
export const music = writerOf({
  id: "music",
  datasets: [{ id: "walks", title: "320 tunes that are made up, reels and jigs", make: tunes }],
  accept: ".abc,.txt",
  form: "Tunes in ABC notation, each with a line K: for its key and an empty line after it.",
  fields: [
    archField(["rnn", "gru", "lstm", "transformer"], "lstm"),
    hiddenField(96),
    layersField,
    integer("context", "Characters of a window", 16, 512, 64),
    integer("batch", "Windows of an update", 1, 256, 16),
    integer("steps", "Updates", 1, 100_000, 600),
    dropoutField(0),
    lrField(0.006),
    scheduleField("cosine"),
  ],
  tokens: 220,
  prompt: () => "M:4/4\nK:C\n",
  clean: tunesOf,
});
