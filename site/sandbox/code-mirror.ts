import { indentWithTab } from "@codemirror/commands";
import { javascript } from "@codemirror/lang-javascript";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView, keymap } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { minimalSetup } from "codemirror";

const highlight = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--series-4)" },
  { tag: [tags.string, tags.regexp], color: "var(--series-2)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--series-3)" },
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
]);

const theme = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--surface)", fontSize: "0.85rem" },
  ".cm-content": { fontFamily: "var(--mono)", caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--accent) 25%, transparent)",
  },
});

export interface EditorOptions {
  readonly code: string;
  readonly label: string;
  readonly onChange: (code: string) => void;
  readonly onRun: () => void;
}

/** Opens CodeMirror in an element; returns a function that closes it. Ctrl-Enter runs the code, and Escape then Tab leaves the editor. */
export function openEditor(parent: HTMLElement, { code, label, onChange, onRun }: EditorOptions): () => void {
  const run = () => {
    onRun();
    return true;
  };
  const view = new EditorView({
    doc: code,
    parent,
    extensions: [
      keymap.of([{ key: "Mod-Enter", run }, indentWithTab]),
      minimalSetup,
      javascript(),
      syntaxHighlighting(highlight),
      theme,
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": label }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) onChange(update.state.doc.toString());
      }),
    ],
  });
  return () => view.destroy();
}
