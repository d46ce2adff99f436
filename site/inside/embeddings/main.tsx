import { signal } from "@preact/signals";
import { mount } from "../../ui/mount.js";
import { DataTable } from "../../ui/panel.js";
import { Frame, Letters } from "../frame.js";
import { neighbors } from "../geometry.js";
import { Running } from "../view.js";
import type { EmbeddingsData } from "./program.js";

const running = new Running<EmbeddingsData>("embeddings");
const chosen = signal(0);
const [WIDTH, HEIGHT, MARGIN] = [640, 420, 40];

function Plane({ data }: { readonly data: EmbeddingsData }) {
  const most = Math.max(...data.points.flatMap(([x, y]) => [Math.abs(x), Math.abs(y)])) || 1;
  const place = ([x, y]: readonly [number, number]) => ({
    x: WIDTH / 2 + (x / most) * (WIDTH / 2 - MARGIN),
    y: HEIGHT / 2 - (y / most) * (HEIGHT / 2 - MARGIN),
  });
  return (
    <svg
      class="plane"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label="The words on a plane, near each other where their vectors are"
    >
      {data.points.map((point, i) => {
        const { x, y } = place(point);
        return (
          <g key={data.words[i]} class={i === chosen.value ? "chosen" : undefined} onPointerEnter={() => (chosen.value = i)}>
            <circle cx={x} cy={y} r={4} />
            <text x={x + 6} y={y + 4}>
              {data.words[i]}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

function Embeddings() {
  const data = running.data.value;
  const near = data ? neighbors(data.vectors, chosen.value, 5) : [];
  return (
    <Frame running={running} controls={() => ({})}>
      {data && (
        <>
          <Plane data={data} />
          <Letters label="Words; choose one" texts={data.words} chosen={chosen.value} onChoose={(i) => (chosen.value = i)} />
          <DataTable
            caption={`The words nearest to “${data.words[chosen.value]}”`}
            columns={["word", "cosine"]}
            rows={near.map(({ row, cosine }) => [data.words[row] ?? "", Number(cosine.toFixed(3))])}
          />
        </>
      )}
    </Frame>
  );
}

mount("view", <Embeddings />);
