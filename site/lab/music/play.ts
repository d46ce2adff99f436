import type { Tune } from "./abc.js";

let context: AudioContext | undefined;
let playing: { stop(): void } | undefined;

/** Sounds a tone by an oscillator that fades. */
function tone(audio: AudioContext, frequency: number, start: number, seconds: number): OscillatorNode {
  const [oscillator, gain] = [audio.createOscillator(), audio.createGain()];
  oscillator.type = "triangle";
  oscillator.frequency.value = frequency;
  gain.gain.setValueAtTime(0, start);
  gain.gain.linearRampToValueAtTime(0.25, start + 0.01);
  gain.gain.exponentialRampToValueAtTime(0.01, start + Math.max(0.05, seconds));
  oscillator.connect(gain).connect(audio.destination);
  oscillator.start(start);
  oscillator.stop(start + seconds + 0.05);
  return oscillator;
}

/** Ends what plays. */
export function stopPlaying(): void {
  playing?.stop();
  playing = undefined;
}

/** Plays tones, each with its start and length in seconds; `onTime` hears the time until they end. */
async function play(
  tones: readonly { readonly frequency: number; readonly start: number; readonly seconds: number }[],
  onTime: (seconds: number | undefined) => void,
): Promise<void> {
  stopPlaying();
  context ??= new AudioContext();
  await context.resume();
  const audio = context;
  const begin = audio.currentTime + 0.05;
  const nodes = tones.map(({ frequency, start, seconds }) => tone(audio, frequency, begin + start, seconds));
  const end = tones.reduce((last, { start, seconds }) => Math.max(last, start + seconds), 0);
  let frame = 0;
  const show = () => {
    const time = audio.currentTime - begin;
    onTime(time < end ? Math.max(0, time) : undefined);
    if (time < end) frame = requestAnimationFrame(show);
  };
  frame = requestAnimationFrame(show);
  playing = {
    stop() {
      cancelAnimationFrame(frame);
      for (const node of nodes) node.stop();
      onTime(undefined);
    },
  };
}

/** Plays frequencies one after the other. */
export const playTones = (frequencies: readonly number[], seconds: number): Promise<void> =>
  play(
    frequencies.map((frequency, i) => ({ frequency, start: i * seconds, seconds })),
    () => {},
  );

/** Plays a tune, and says at each frame which beat sounds. */
export function playTune(tune: Tune, onBeat: (beat: number | undefined) => void, beatsPerMinute = 132): Promise<void> {
  const beat = 60 / beatsPerMinute;
  const tones = tune.notes.map(({ pitch, start, length }) => ({
    ...{ frequency: 440 * 2 ** ((pitch - 69) / 12), start: start * beat, seconds: length * beat },
  }));
  return play(tones, (time) => onBeat(time === undefined ? undefined : time / beat));
}
