/** A drawing of losses over steps. Its colors are those that the style sheet gives the canvas. */
export class LossCurve {
  #canvas;
  #losses = [];
  #steps = 1;

  constructor(canvas) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  /** Clears the drawing and makes room for `steps` steps. */
  clear(steps) {
    this.#losses = [];
    this.#steps = steps;
    this.draw();
  }

  add(loss) {
    this.#losses.push(loss);
  }

  draw() {
    const canvas = this.#canvas;
    const { clientWidth: width, clientHeight: height } = canvas;
    canvas.width = width * devicePixelRatio;
    canvas.height = height * devicePixelRatio;
    const context = canvas.getContext("2d");
    context.scale(devicePixelRatio, devicePixelRatio);
    const { color, borderTopColor, accentColor } = getComputedStyle(canvas);

    const [left, right, top, bottom] = [40, width - 16, 16, height - 28];
    const highest = 1.05 * this.#losses.reduce((a, b) => Math.max(a, b), 1);
    const x = (step) => left + ((right - left) * step) / this.#steps;
    const y = (loss) => bottom - ((bottom - top) * loss) / highest;
    const line = (points) => {
      context.beginPath();
      for (const point of points) context.lineTo(...point);
      context.stroke();
    };

    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "middle";
    context.fillStyle = color;
    context.strokeStyle = borderTopColor;
    context.textAlign = "right";
    for (const loss of ticks(highest)) {
      line([
        [left, y(loss)],
        [right, y(loss)],
      ]);
      context.fillText(loss, left - 8, y(loss));
    }
    context.textAlign = "center";
    for (const step of ticks(this.#steps)) context.fillText(step, x(step), bottom + 14);

    context.strokeStyle = accentColor;
    context.lineJoin = "round";
    context.lineWidth = 2;
    line(this.#losses.map((loss, i) => [x(i + 1), y(loss)]));
  }
}

/** Round numbers from 0 to `highest`, some five of them. */
function ticks(highest) {
  const power = 10 ** Math.floor(Math.log10(highest / 4));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => highest / n <= 6);
  return Array.from({ length: Math.floor(highest / step) + 1 }, (_, i) => Number((i * step).toPrecision(6)));
}
