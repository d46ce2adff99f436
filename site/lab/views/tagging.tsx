import { useSignal } from "@preact/signals";
import type { Tagged } from "../data/sentences.js";
import { parted, predicted } from "../examples.js";
import type { LabState } from "../state.js";
import { Asking } from "./asking.js";
import type { Ask, View } from "./index.js";

interface Answered extends Tagged {
  readonly answer: readonly string[];
}

const kindOf = (tag: string) => tag.replace(/^[BIESLU]-/, "");

/** Words with their tags below; a color for each kind. */
function Words({
  words,
  tags,
  truth,
  kinds,
}: {
  readonly words: readonly string[];
  readonly tags: readonly string[];
  readonly truth?: readonly string[];
  readonly kinds: readonly string[];
}) {
  return (
    <p class="tagged">
      {words.map((word, i) => {
        const tag = tags[i] ?? "O";
        const isWrong = truth !== undefined && truth[i] !== tag;
        return (
          <span
            key={`${i}:${word}`}
            class={`word${tag === "O" ? "" : " tag"}${isWrong ? " wrong-answer" : ""}`}
            style={{ "--tag": `var(--series-${(kinds.indexOf(kindOf(tag)) % 8) + 1})` }}
          >
            {word}
            {(tag !== "O" || isWrong) && (
              <small>
                {isWrong ? `${tag === "O" ? "none" : kindOf(tag)}, not ${truth[i] === "O" ? "none" : kindOf(truth[i] ?? "")}` : kindOf(tag)}
              </small>
            )}
          </span>
        );
      })}
    </p>
  );
}

const kindsOf = (lab: LabState): string[] => [
  ...new Set(
    ((lab.source.value?.data as readonly Tagged[] | undefined) ?? []).flatMap(({ tags }) => tags.filter((tag) => tag !== "O").map(kindOf)),
  ),
];

function Sample({ value, lab }: { readonly value: readonly Answered[]; readonly lab: LabState }) {
  const kinds = kindsOf(lab);
  return (
    <>
      {value.map(({ words, tags, answer }) => (
        <Words key={words.join(" ")} words={words} tags={answer} truth={tags} kinds={kinds} />
      ))}
    </>
  );
}

function Try({ ask, lab }: { readonly ask: Ask; readonly lab: LabState }) {
  const data = (lab.source.peek()?.data ?? []) as readonly Tagged[];
  const text = useSignal(parted(data).held[0]?.words.join(" ") ?? "");
  const answer = useSignal<Tagged | undefined>(undefined);
  const act = async () => {
    const words = text.peek().trim().split(/\s+/);
    const [tags = []] = await ask((task) => predicted<string[]>(task, [words]));
    answer.value = { words, tags };
  };
  return (
    <Asking label="A sentence of your own, with blanks between words and signs" value={text} button="Tag" act={act}>
      {answer.value && <Words words={answer.value.words} tags={answer.value.tags} kinds={kindsOf(lab)} />}
    </Asking>
  );
}

export const view: View = { Sample, Try };
