// Do the bars of a tune in ABC notation add up? By the standard at abcnotation.com/wiki/abc:standard:v2.1.
//
// A bar adds up when its notes last as long as the meter says. Music may begin within a bar, and so may each of its parts: a short bar at the
// begin of a part is an upbeat, and not judged. A short bar at the end of a part is right when an upbeat of the tune completes it, since
// one of them comes next.

const marks = [
  String.raw`(?<nothing>\s+|"[^"]*"|\{[^}]*\}|![^!]*!|%.*|[\\~.\-]|\((?!\d)|\))`, // chords' names, grace notes, ornaments, ties, slurs
  String.raw`\[(?<field>[A-Za-z]):(?<value>[^\]]*)\]`,
  String.raw`(?<line>\[\||:*\|[|\]:]*|::+)(?<variant>\d?)`, // a bar line; any but | ends a part
  String.raw`\[(?<ending>\d)`, // [1 for the first time, [2 for the second; |1 and :|2 too
  String.raw`\((?<tuplet>\d)(?::(?<time>\d?))?(?::(?<many>\d?))?`, // (3 or (3:2:3: three as long as two, for three notes
  "(?<broken>>+|<+)", // A>B is A3/2B/2, A>>B is A7/4B/4
  String.raw`(?<note>[_^=]*[A-Ga-g][,']*|[zx]|\[[^\]|:]+\])(?<long>\d*)(?<halves>\/*)(?<short>\d*)`,
];
const mark = new RegExp(marks.join("|"), "y");

/** How long `A3/2` is, in units: 3/2; `A//` is a quarter of one. A chord is as long as its first note, times what follows it. */
function lengthOf({ note, long, halves, short }) {
  const [, first = ""] = /^\[([^A-Ga-gzx]*[A-Ga-gzx][,']*\d*\/*\d*)/.exec(note) ?? [];
  const [, inLong, inHalves, inShort] = /(\d*)(\/*)(\d*)$/.exec(first) ?? [];
  const of = (times, slashes, by) => Number(times || 1) / (slashes ? Number(by || 2 ** slashes.length) : 1);
  return of(long, halves, short) * of(inLong, inHalves, inShort);
}

/** The bars of a tune: their `text`, `length` and the one `expected`, in whole notes, and whether a part `opens` or `closes` by them. */
function parse(tune) {
  const bars = [];
  let [meter, unit, expected, length, text] = [4 / 4, undefined, 1, 0, ""];
  let [by, left, broken, last] = [1, 0, 1, 0];
  let opens = true;
  let compound = false;
  const set = (field, value) => {
    const [, over, under] = /^\s*(\d+)\s*\/\s*(\d+)/.exec(value.replace(/^\s*C\|/, "2/2").replace(/^\s*C/, "4/4")) ?? [];
    if (!over) return;
    if (field === "L") unit = over / under;
    if (field === "M") [meter, compound] = [over / under, over % 3 === 0 && over > 3];
  };
  const close = (closes, repeats) => {
    // An upbeat before a repeat, as in `A2|:`, ends no part.
    if (text !== "") bars.push({ length, expected, opens, closes: closes && !(opens && repeats), text });
    else if (closes && bars.length > 0) bars.at(-1).closes = true; // as in `| |:`
    if (text !== "" || closes) opens = closes;
    [length, text, left, broken] = [0, "", 0, 1];
  };
  for (const row of tune.split("\n")) {
    const [, name, setting] = /^([A-Za-z]):(?![|:])(.*)$/.exec(row) ?? [];
    if (name) {
      set(name, setting);
      continue;
    }
    for (mark.lastIndex = 0; mark.lastIndex < row.length; ) {
      const start = mark.lastIndex;
      const groups = mark.exec(row)?.groups;
      if (!groups) {
        // What means nothing in ABC spoils its bar.
        mark.lastIndex = start + 1;
        [length, text] = [Number.NaN, text + row[start]];
      } else if (groups.field) set(groups.field, groups.value);
      else if (groups.line) {
        close(groups.line !== "|", /^\|+:/.test(groups.line));
        if (groups.variant) opens = false;
      } else if (groups.ending) opens = false;
      else if (groups.tuplet) {
        const n = Number(groups.tuplet);
        by = Number(groups.time || ({ 2: 3, 3: 2, 4: 3, 6: 2, 8: 3 }[n] ?? (compound ? 3 : 2))) / n;
        left = Number(groups.many || n);
      } else if (groups.broken) {
        const more = (groups.broken[0] === ">" ? 1 : -1) * (1 - 0.5 ** groups.broken.length);
        [length, broken] = [length + last * more, 1 - more];
      } else if (groups.note) {
        expected = meter;
        last = lengthOf(groups) * (unit ?? (meter < 0.75 ? 1 / 16 : 1 / 8)) * (left-- > 0 ? by : 1);
        length += last * broken;
        [broken, text] = [1, text + row.slice(start, mark.lastIndex)];
      }
    }
  }
  close(true, false);
  return bars;
}

/** The bars of a tune that can be judged, in order, and whether each is `right`. */
export function barsOf(tune) {
  const bars = parse(tune);
  const isUpbeat = ({ opens, closes, length, expected }) => opens && !closes && length < expected - 1e-9;
  const upbeats = bars.filter(isUpbeat).map(({ length }) => length);
  const isWhole = (length, expected) => Math.abs(length - expected) < 1e-9;
  return bars
    .filter((bar) => !isUpbeat(bar))
    .map(({ text, length, expected, closes }) => ({
      text,
      right: isWhole(length, expected) || (closes && upbeats.some((upbeat) => isWhole(length + upbeat, expected))),
    }));
}
