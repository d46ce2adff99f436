import { useEffect, useRef } from "preact/hooks";
import { token } from "../../ui/theme-tokens.js";
import type { Tune } from "./abc.js";

const BEAT = 22;
const names = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];
export const noteName = (pitch: number): string => `${names[pitch % 12]}${Math.floor(pitch / 12) - 1}`;

function paint(canvas: HTMLCanvasElement, { notes, bars, length }: Tune, beat: number | undefined): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const [low, high] = [Math.min(60, ...notes.map(({ pitch }) => pitch)) - 1, Math.max(72, ...notes.map(({ pitch }) => pitch)) + 1];
  const row = 7;
  const [width, height] = [Math.max(200, Math.min(6000, length * BEAT) + 40), (high - low + 1) * row];
  const ratio = devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  context.scale(ratio, ratio);
  context.fillStyle = token("--bg");
  context.fillRect(0, 0, width, height);
  const y = (pitch: number) => (high - pitch) * row;
  context.fillStyle = token("--line");
  context.globalAlpha = 0.35;
  for (let pitch = low; pitch <= high; pitch++) if (names[pitch % 12]?.includes("♯")) context.fillRect(40, y(pitch), width, row);
  context.globalAlpha = 1;
  for (const bar of bars) context.fillRect(40 + bar * BEAT, 0, 1, height);
  context.fillStyle = token("--muted");
  context.font = "9px system-ui, sans-serif";
  for (let pitch = low; pitch <= high; pitch++) if (pitch % 12 === 0) context.fillText(noteName(pitch), 4, y(pitch) + row);
  for (const { pitch, start, length: long } of notes) {
    const sounds = beat !== undefined && beat >= start && beat < start + long;
    context.fillStyle = token(sounds ? "--series-2" : "--accent");
    context.fillRect(40 + start * BEAT, y(pitch) + 1, Math.max(2, long * BEAT - 1), row - 1);
  }
}

/** A tune as a piano roll: time to the right, pitch upward, lines between the bars. */
export function PianoRoll({ tune, beat }: { readonly tune: Tune; readonly beat: number | undefined }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const draw = () => canvas.current && paint(canvas.current, tune, beat);
    draw();
    window.addEventListener("themechange", draw);
    return () => window.removeEventListener("themechange", draw);
  }, [tune, beat]);
  const summary = `Piano roll of ${tune.notes.length} notes: ${tune.notes
    .slice(0, 24)
    .map(({ pitch }) => noteName(pitch))
    .join(" ")}`;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reached by the keyboard
    <section class="roll" tabIndex={0} aria-label="Piano roll">
      <canvas ref={canvas} role="img" aria-label={summary} />
    </section>
  );
}
