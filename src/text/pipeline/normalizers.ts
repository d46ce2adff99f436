import { isRecord } from "../../util/check.js";
import { toByteCharacters } from "../byte-alphabet.js";
import { bertNormalizer, lowerCase, type Normalizer } from "./bert.js";
import { patternOf, replaced, spansOf, type Translate, WHITE } from "./patterns.js";
import { precompiled } from "./precompiled.js";
import { type Makers, make, type Settings, unreadable } from "./settings.js";

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that it removes
const nmtRemoved = /[\x01-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]/g;
const nmtBlank = /[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/g;

const keeping: readonly unknown[] = [undefined, "NFC", "NFD", "NFKC", "NFKD", "Lowercase", "Prepend", "ByteLevel"];

/** True if a normalizer leaves the first character of each text in its place. */
export function keepsStart(part: unknown): boolean {
  const { type, normalizers, content }: Readonly<Record<string, unknown>> = isRecord(part) ? part : {};
  if (type === "Sequence") return Array.isArray(normalizers) && normalizers.every(keepsStart);
  return keeping.includes(type) || (type === "Replace" && content !== "");
}

/** The normalizer of tokenizer.json. */
export function normalizerOf(where: string, part: unknown, translate: Translate): Normalizer {
  if (part === undefined || part === null) return (text) => text;
  const form = (name: string) => () => (text: string) => text.normalize(name);
  const makers: Makers<Normalizer> = {
    Sequence: (settings) => {
      const steps = settings.list("normalizers").map((step, i) => normalizerOf(`${settings.where}.normalizers[${i}]`, step, translate));
      return (text) => steps.reduce((changed, step) => step(changed), text);
    },
    BertNormalizer: (settings) => {
      const lowercase = settings.flag("lowercase");
      return bertNormalizer({
        cleanText: settings.flag("clean_text"),
        chineseCharacters: settings.flag("handle_chinese_chars"),
        stripAccents: settings.flag("strip_accents", lowercase),
        lowercase,
      });
    },
    NFC: form("NFC"),
    NFD: form("NFD"),
    NFKC: form("NFKC"),
    NFKD: form("NFKD"),
    Lowercase: () => lowerCase,
    StripAccents: () => (text) => text.replace(/\p{M}/gu, ""),
    Strip: stripper,
    Nmt: () => (text) => text.replace(nmtRemoved, "").replace(nmtBlank, " "),
    Replace: (settings) => {
      const pattern = patternOf(settings, translate);
      const content = settings.text("content");
      if (spansOf("a, b1\n", pattern).some(({ start, end }) => start === end))
        throw unreadable(
          settings.where,
          `the pattern ${JSON.stringify(settings.raw("pattern"))} also matches nothing, which is not supported here`,
        );
      return (text) => replaced(text, pattern, content);
    },
    Prepend: (settings) => {
      const prefix = settings.text("prepend");
      return (text) => (text === "" ? text : prefix + text);
    },
    ByteLevel: () => toByteCharacters,
    Precompiled: (settings) => precompiled(settings.where, settings.text("precompiled_charsmap")),
  };
  return make(where, part, makers);
}

function stripper(settings: Settings): Normalizer {
  const parts = [settings.flag("strip_left") ? `^${WHITE}+` : "", settings.flag("strip_right") ? `${WHITE}+$` : ""].filter(Boolean);
  if (parts.length === 0) return (text) => text;
  const pattern = new RegExp(parts.join("|"), "gu");
  return (text) => text.replace(pattern, "");
}
