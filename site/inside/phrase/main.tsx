import { computed, signal } from "@preact/signals";
import { SliderField } from "../../ui/fields.js";
import { HeatMap, type Matrix } from "../../ui/heat-map.js";
import { mount } from "../../ui/mount.js";
import { Frame } from "../frame.js";
import { Running } from "../view.js";
import type { PhraseData } from "./program.js";
import { cellsOf, matches } from "./search.js";

const running = new Running<PhraseData>("phrase");
const [start, end] = [signal(16), signal(23)];
const threshold = signal(0.5);
const AROUND = 24;

const chosen = computed(() => {
  const data = running.data.value;
  return data ? cellsOf(data.states, data.cells, start.value, end.value, threshold.value) : [];
});
const found = computed(() => {
  const data = running.data.value;
  return data ? matches(data.states, data.cells, { start: start.value, end: end.value }, threshold.value, 8) : [];
});
const picture = computed((): Matrix => {
  const data = running.data.value;
  if (!data) return { rows: 0, columns: 0, data: [] };
  const columns = end.value - start.value;
  const rows = chosen.value.flatMap((cell) =>
    Array.from({ length: columns }, (_, i) => data.states[(start.value + i) * data.cells + cell] ?? 0),
  );
  return { rows: chosen.value.length, columns, data: rows };
});

/** Takes the selection of the text area as the phrase. */
function select(area: HTMLTextAreaElement): void {
  const { selectionStart, selectionEnd } = area;
  if (selectionEnd <= selectionStart) return;
  start.value = selectionStart;
  end.value = Math.min(selectionEnd, selectionStart + 40);
}

function Phrase() {
  const { text = "" } = running.data.value ?? {};
  const phrase = text.slice(start.value, end.value);
  return (
    <Frame
      running={running}
      controls={() => ({})}
      fields={<SliderField label="A cell fires above" value={threshold} min={0.1} max={0.9} step={0.05} />}
    >
      <label class="field">
        <span class="label">The text: select a phrase in it</span>
        <textarea class="phrase-text" rows={8} readOnly value={text} onSelect={(event) => select(event.currentTarget)} />
      </label>
      <p role="status">
        {text === ""
          ? "The network reads its first letters."
          : `In “${phrase}” ${chosen.value.length} cells fire at every letter.${chosen.value.length === 0 ? " Choose a shorter phrase, or lower the threshold." : ""}`}
      </p>
      <HeatMap
        title="The cells that fire in the phrase"
        values={picture}
        rowLabels={chosen.value.map((cell) => `cell ${cell + 1}`)}
        columnLabels={[...phrase]}
        range={[-1, 1]}
      />
      <h2>Where the same cells fire</h2>
      <ol class="matches">
        {found.value.map((match) => (
          <li key={match.start}>
            <code>
              {text.slice(Math.max(0, match.start - AROUND), match.start)}
              <mark>{text.slice(match.start, match.end)}</mark>
              {text.slice(match.end, match.end + AROUND)}
            </code>{" "}
            <span class="hint">{Math.round(100 * match.score)} %</span>
          </li>
        ))}
      </ol>
    </Frame>
  );
}

mount("view", <Phrase />);
