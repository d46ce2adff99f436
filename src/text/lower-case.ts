import { shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";

/** The languages with a lower case of their own (Unicode, SpecialCasing): Turkish and Azerbaijani have a dotless ı, Lithuanian keeps dots. */
const special = ["tr", "az", "lt"];

/**
 * How a language writes text in lower case.
 * @throws SeqgradError `range` for a locale that is not a language tag
 */
export function lowerCaseOf(op: string, locale: string | undefined): (text: string) => string {
  if (locale === undefined) return (text) => text.toLowerCase();
  const language = languageOf(op, locale);
  return special.includes(language) ? (text) => text.toLocaleLowerCase(language) : (text) => text.toLowerCase();
}

function languageOf(op: string, locale: string): string {
  try {
    if (typeof locale === "string") return new Intl.Locale(locale).language;
  } catch {
    // refused below
  }
  throw new SeqgradError("range", `${op}: the locale ${shown(locale)} is not a language tag; expected one such as "en" or "tr".`);
}
