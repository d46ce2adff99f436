/** Other words that tables have for the parts of an example. */
const words = {
  label:
    "labels class classes category categories sentiment rating stars polarity topic intent emotion mood target y tag genre kind type verdict klasse kategorie stimmung classe catégorie étiquette".split(
      " ",
    ),
  text: "texts review reviews sentence sentences comment comments message messages content body tweet document description utterance headline title phrase sms question query post transcript transcription satz nachricht texte phrase avis".split(
    " ",
  ),
  source: "src input question prompt query article document original sentence1".split(" "),
  target: "tgt trg output answer response reply completion summary translation sentence2".split(" "),
  caption: "captions description text title sentence".split(" "),
  features: "feature vector vectors embedding embeddings image".split(" "),
  frames: "frame features mfcc audio signal vectors".split(" "),
};

const wordsOf: ReadonlyMap<string, readonly string[]> = new Map(Object.entries(words));

const languages: ReadonlySet<string> = new Set(
  "english french german spanish italian portuguese dutch russian chinese japanese korean arabic hindi turkish polish swedish danish norwegian finnish greek hebrew thai vietnamese ukrainian czech hungarian romanian indonesian deutsch français español italiano português eng fra fre deu ger spa ita por nld rus zho jpn kor ara hin tur pol swe en fr de es pt nl ru zh ja ko ar hi tr pl sv".split(
    " ",
  ),
);

/** True if a column's name is another word for a part. */
export const isWordFor = (part: string, name: string): boolean => wordsOf.get(part)?.includes(name.toLowerCase()) ?? false;

/** True if a column's name is the name of a language. */
export const isLanguage = (name: string): boolean => languages.has(name.toLowerCase());
