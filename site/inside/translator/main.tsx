import { computed, signal } from "@preact/signals";
import { Button } from "../../ui/button.js";
import { SelectField } from "../../ui/fields.js";
import { HeatMap, type Matrix } from "../../ui/heat-map.js";
import { LineChart, type Series } from "../../ui/line-chart.js";
import { mount } from "../../ui/mount.js";
import { DataTable } from "../../ui/panel.js";
import { Frame } from "../frame.js";
import { Running } from "../view.js";
import type { Translation, TranslatorData } from "./program.js";

const sentences = [
  "the big red dog",
  "the small black bird and the old green horse",
  "the big red dog and the old black cat and the small green bird",
] as const;
const running = new Running<TranslatorData>("translator");
const sentence = signal<string>(sentences[2]);
const found = signal<Translation | undefined>(undefined);
/** The number of words that are shown: the picture grows as the decoder writes. */
const shown = signal(Number.POSITIVE_INFINITY);
const shares = signal<Series[]>([]);
const [xs, withAttention, without]: [number[], number[], number[]] = [[], [], []];

async function ask(): Promise<void> {
  found.value = await running.ask<Translation>("translate", sentence.value);
}
const look = () => void ask().catch(() => {});
running.data.subscribe((data) => {
  if (!data) return;
  if (data.epoch === 0) xs.length = withAttention.length = without.length = 0;
  xs.push(data.epoch);
  withAttention.push(data.exact.with);
  without.push(data.exact.without);
  shares.value = [
    { name: "with attention", xs: [...xs], ys: [...withAttention] },
    { name: "without", xs: [...xs], ys: [...without] },
  ];
  look();
});
sentence.subscribe(() => {
  shown.value = Number.POSITIVE_INFINITY;
  if (running.state.value !== "stopped") look();
});

const alignment = computed((): Matrix => {
  const { source = [], words = [], weights = new Float32Array() } = found.value ?? {};
  const rows = Math.min(words.length, shown.value);
  return { rows, columns: source.length, data: weights.slice(0, rows * source.length) };
});

function Translator() {
  const { source = [], words = [], reference = "", without: other = "" } = found.value ?? {};
  const written = words.slice(0, Math.min(words.length, shown.value));
  const field = <SelectField label="Sentence" value={sentence} options={sentences.map((text) => [text, text] as const)} />;
  return (
    <Frame running={running} controls={() => ({})} fields={field}>
      <div class="actions">
        <Button disabled={words.length === 0} onClick={() => (shown.value = written.length >= words.length ? 1 : written.length + 1)}>
          {written.length >= words.length ? "Write it again, word by word" : "Next word"}
        </Button>
        <Button disabled={written.length >= words.length} onClick={() => (shown.value = Number.POSITIVE_INFINITY)}>
          Whole sentence
        </Button>
      </div>
      <HeatMap
        title="Where the decoder looks as it writes each word"
        values={alignment}
        rowLabels={written}
        columnLabels={source}
        scale="sequential"
        range={[0, 1]}
      />
      <DataTable
        caption="The same sentence"
        columns={["by", "translation"]}
        rows={[
          ["with attention", written.filter((word) => word !== "end").join(" ")],
          ["without attention", other],
          ["reference", reference],
        ]}
      />
      <LineChart title="Sentences of 14 words without a mistake, unseen before" x="epoch" y="share" series={shares} />
    </Frame>
  );
}

mount("view", <Translator />);
