import { computed, signal } from "@preact/signals";
import { SliderField } from "../../ui/fields.js";
import { HeatMap } from "../../ui/heat-map.js";
import { LineChart } from "../../ui/line-chart.js";
import { mount } from "../../ui/mount.js";
import "../inside.css";
import { encoding, products } from "./encoding.js";

const [positions, width, position] = [signal(48), signal(32), signal(12)];
const values = computed(() => encoding(positions.value, width.value));
const picture = computed(() => ({ rows: positions.value, columns: width.value, data: values.value }));
const cosines = computed(() => ({
  rows: positions.value,
  columns: positions.value,
  data: products(values.value, positions.value, width.value),
}));
const at = computed(() => Math.min(position.value, positions.value - 1));
const row = computed(() => [
  {
    name: `position ${at.value} with the others`,
    xs: Array.from({ length: positions.value }, (_, q) => q),
    ys: Array.from(cosines.value.data.slice(at.value * positions.value, (at.value + 1) * positions.value)),
  },
]);

function Positions() {
  const choose = (cell: { row: number } | undefined) => {
    if (cell) position.value = cell.row;
  };
  return (
    <div class="panel view" data-state="done">
      <div class="grid">
        <SliderField label="Positions" value={positions} min={8} max={128} step={8} />
        <SliderField label="Width d" value={width} min={4} max={64} step={4} />
        <SliderField label="Position" value={position} min={0} max={127} step={1} format={() => String(at.value)} />
      </div>
      <div class="grid">
        <HeatMap title="PE: a row for each position, a column for each dimension" values={picture} range={[-1, 1]} onHover={choose} />
        <HeatMap title="The cosine of each two positions" values={cosines} range={[-1, 1]} onHover={choose} />
      </div>
      <LineChart title="How alike this position is to the others" x="position" y="cosine" series={row} />
    </div>
  );
}

mount("view", <Positions />);
