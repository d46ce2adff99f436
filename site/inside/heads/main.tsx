import { computed, signal } from "@preact/signals";
import { Field, SelectField } from "../../ui/fields.js";
import { HeatMap, type Matrix } from "../../ui/heat-map.js";
import { mount } from "../../ui/mount.js";
import { Frame, Letters } from "../frame.js";
import { Running } from "../view.js";
import type { HeadsAnswer, HeadsData } from "./program.js";

/** The four-word matrices of the notes, as they are drawn there. */
const notes: Readonly<Record<string, HeadsAnswer>> = {
  "The big red dog (of the notes)": {
    tokens: ["The", "big", "red", "dog"],
    weights: [[Float32Array.of(0.71, 0.04, 0.07, 0.18, 0.01, 0.84, 0.02, 0.13, 0.09, 0.05, 0.62, 0.24, 0.03, 0.03, 0.03, 0.91)]],
  },
  "le gros chien rouge (of the notes, causal)": {
    tokens: ["le", "gros", "chien", "rouge"],
    weights: [[Float32Array.of(1, 0, 0, 0, 0.1, 0.9, 0, 0, 0.05, 0.4, 0.55, 0, 0.09, 0.15, 0.16, 0.66)]],
  },
};
const OWN = "a phrase of your own, by the network below";

const running = new Running<HeadsData>("heads");
const preset = signal(OWN);
const phrase = signal("The harbour was quiet, and the boats lay at the quay.");
const [layer, head] = [signal("0"), signal("0")];
const word = signal(3);
const asked = signal<HeadsAnswer | undefined>(undefined);
const error = signal<string>();

async function ask(): Promise<void> {
  try {
    const text = phrase.value;
    const answer = await running.ask<HeadsAnswer>("attention", text);
    if (text === phrase.value) asked.value = answer;
    error.value = undefined;
  } catch (cause) {
    if (running.state.value === "running" || running.state.value === "done") error.value = (cause as Error).message;
  }
}
running.data.subscribe((data) => data && void ask());

const answer = computed(() => notes[preset.value] ?? asked.value);
const weights = computed(() => {
  const all = answer.value?.weights ?? [];
  const heads = all[Math.min(Number(layer.value), all.length - 1)] ?? [];
  return heads[Math.min(Number(head.value), heads.length - 1)] ?? new Float32Array();
});
const size = computed(() => answer.value?.tokens.length ?? 0);
const matrix = computed((): Matrix => ({ rows: size.value, columns: size.value, data: weights.value }));
const row = computed(() => Array.from(weights.value.slice(word.value * size.value, (word.value + 1) * size.value)));

function Heads() {
  const own = preset.value === OWN;
  const { tokens = [] } = answer.value ?? {};
  const { layers = 1, heads = 1 } = running.data.value ?? {};
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => [String(i), String(i + 1)] as const);
  const fields = (
    <div class="grid">
      <SelectField label="Matrix" value={preset} options={[OWN, ...Object.keys(notes)].map((name) => [name, name] as const)} />
      {own && (
        <Field label="Phrase" error={error.value}>
          <input
            value={phrase.value}
            onInput={(event) => {
              phrase.value = event.currentTarget.value;
              void ask();
            }}
          />
        </Field>
      )}
      {own && <SelectField label="Layer" value={layer} options={numbers(layers)} />}
      {own && <SelectField label="Head" value={head} options={numbers(heads)} />}
    </div>
  );
  return (
    <Frame running={running} controls={() => ({})} fields={fields}>
      <p>Choose a word: the others are colored by the weight that this head gives them.</p>
      <Letters
        label="Words"
        texts={tokens}
        chosen={Math.min(word.value, tokens.length - 1)}
        weights={row.value}
        onChoose={(i) => (word.value = i)}
      />
      <HeatMap
        title="Rows look at columns"
        values={matrix}
        rowLabels={tokens}
        columnLabels={tokens}
        scale="sequential"
        range={[0, 1]}
        onHover={(cell) => {
          if (cell) word.value = cell.row;
        }}
      />
    </Frame>
  );
}

mount("view", <Heads />);
