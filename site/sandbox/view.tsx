import { HeatMap } from "../ui/heat-map.js";
import { LineChart } from "../ui/line-chart.js";
import { DataTable } from "../ui/panel.js";
import type { View } from "./views.js";

/** Draws one thing that the code shows. */
export function ViewOf({ view }: { readonly view: View }) {
  if (view.type === "line") return <LineChart title={view.title} x="step" y="" series={view.series} />;
  if (view.type === "text")
    return (
      <figure class="chart">
        <figcaption>{view.title}</figcaption>
        <pre class="sample short">{view.text.value}</pre>
      </figure>
    );
  if (view.type === "table") {
    const columns = Object.keys(view.rows.value[0] ?? {});
    return <DataTable caption={view.title} columns={columns} rows={view.rows.value.map((row) => columns.map((name) => row[name] ?? ""))} />;
  }
  const { rows, columns, scale = "sequential", range } = view.labels.value;
  return (
    <HeatMap
      title={view.title}
      values={view.values}
      scale={scale}
      {...(rows && { rowLabels: rows })}
      {...(columns && { columnLabels: columns })}
      {...(range && { range })}
    />
  );
}
