import * as sg from "seqgrad";
import { Draw } from "./random.js";

/** Four years of nights: a season, and weather that lasts for days. */
export function temperatures(): sg.data.Series {
  const draw = new Draw(29);
  let weather = 0;
  const days = Array.from({ length: 1460 }, (_, day) => {
    weather = 0.75 * weather + 1.8 * draw.normal();
    return [Number((10 - 8 * Math.cos((2 * Math.PI * (day - 20)) / 365) + weather).toFixed(1))];
  });
  return sg.data.seriesOf(days, { names: ["night, °C"] });
}

/** The water in a harbor, hour by hour: two tides that beat, and wind. */
export function tides(): sg.data.Series {
  const draw = new Draw(31);
  let wind = 0;
  const hours = Array.from({ length: 1500 }, (_, hour) => {
    wind = 0.95 * wind + 0.04 * draw.normal();
    const moon = Math.sin((2 * Math.PI * hour) / 12.42);
    const sun = 0.35 * Math.sin((2 * Math.PI * hour) / 12);
    return [Number((2.5 + 1.2 * (moon + sun) + wind).toFixed(2))];
  });
  return sg.data.seriesOf(hours, { names: ["water, m"] });
}

/** Two series, one of which follows the other three steps later. */
export function echo(): sg.data.Series {
  const draw = new Draw(37);
  const lead: number[] = [];
  const rows = Array.from({ length: 1200 }, (_, t) => {
    lead.push(0.8 * (lead[t - 1] ?? 0) + draw.normal());
    return [lead[t] ?? 0, 2 * (lead[t - 3] ?? 0) + 0.2 * draw.normal()];
  });
  return sg.data.seriesOf(rows, { names: ["lead", "echo"] });
}
