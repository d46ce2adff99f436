import { computed, signal } from "@preact/signals";
import { HeatMap, type Matrix } from "../../ui/heat-map.js";
import { LineChart, type Series } from "../../ui/line-chart.js";
import { mount } from "../../ui/mount.js";
import { Frame, Letters } from "../frame.js";
import { Running } from "../view.js";
import type { GatesData } from "./program.js";

const running = new Running<GatesData>("gates");
const chosen = signal(0);
const losses = signal<Series[]>([]);
const [xs, ys]: [number[], number[]] = [[], []];
running.data.subscribe((data) => {
  if (!data) return;
  if (data.step === 1) xs.length = ys.length = 0;
  xs.push(data.step);
  ys.push(data.loss);
  losses.value = [{ name: "loss", xs: [...xs], ys: [...ys] }];
});

const names = ["input gate i", "forget gate f", "candidate g", "output gate o", "cell state c"];
const empty: Matrix = { rows: 0, columns: 0, data: [] };
const pictures = names.map((name) => ({
  name,
  values: computed((): Matrix => {
    const data = running.data.value;
    const picture = data?.pictures[name];
    return data && picture ? { rows: data.units, columns: data.letters.length, data: picture } : empty;
  }),
}));
/** All of one letter: a row for each gate, a column for each unit. */
const atLetter = computed((): Matrix => {
  const data = running.data.value;
  if (!data) return empty;
  const [T, U] = [data.letters.length, data.units];
  const values = names.flatMap((name) => Array.from({ length: U }, (_, u) => data.pictures[name]?.[u * T + chosen.value] ?? 0));
  return { rows: names.length, columns: U, data: values };
});

function Gates() {
  const letters = running.data.value?.letters ?? [];
  const letter = letters[chosen.value];
  const choose = (cell: { column: number } | undefined) => {
    if (cell) chosen.value = cell.column;
  };
  return (
    <Frame running={running} controls={() => ({})}>
      <Letters label="The text; choose a letter" texts={letters} chosen={chosen.value} onChoose={(i) => (chosen.value = i)} />
      <HeatMap
        title={letter === undefined ? "The chosen letter" : `Letter ${chosen.value + 1}, “${letter}”: 16 units`}
        values={atLetter}
        rowLabels={names}
        range={[-1, 1]}
      />
      <div class="grid">
        {pictures.map(({ name, values }) => (
          <HeatMap
            key={name}
            title={`${name}: 16 units over the text`}
            values={values}
            columnLabels={letters}
            scale={/gate/.test(name) ? "sequential" : "diverging"}
            range={/gate/.test(name) ? [0, 1] : [-1, 1]}
            onHover={choose}
          />
        ))}
        <LineChart title="Loss" x="update" y="nats" series={losses} />
      </div>
    </Frame>
  );
}

mount("view", <Gates />);
