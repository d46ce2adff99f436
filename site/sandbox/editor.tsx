import { useEffect, useRef } from "preact/hooks";

export interface EditorProps {
  readonly code: string;
  readonly label: string;
  readonly onChange: (code: string) => void;
  readonly onRun: () => void;
}

/** An editor of JavaScript. CodeMirror is loaded when the editor is first shown; until then the code can be read. */
export function Editor({ code, label, onChange, onRun }: EditorProps) {
  const box = useRef<HTMLDivElement>(null);
  const current = useRef({ onChange, onRun });
  current.current = { onChange, onRun };
  useEffect(() => {
    let stop = () => {};
    let gone = false;
    void import("./code-mirror.js").then(({ openEditor }) => {
      if (gone || !box.current) return;
      box.current.replaceChildren();
      const change = (text: string) => current.current.onChange(text);
      stop = openEditor(box.current, { code, label, onChange: change, onRun: () => current.current.onRun() });
    });
    return () => {
      gone = true;
      stop();
    };
  }, [code, label]);
  return (
    <div class="editor" ref={box}>
      <pre>
        <code>{code}</code>
      </pre>
    </div>
  );
}
