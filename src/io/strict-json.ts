import { isRecord } from "../util/check.js";
import { messageOf, SeqgradError } from "../util/errors.js";

/** Deeper than any file we read, and far from where nesting alone would cost memory. */
const DEPTH_LIMIT = 64;

/**
 * JSON.parse for text from outside: refuses a key that occurs twice in an object, of which JSON.parse would keep the last, and nesting
 * of more than 64 levels. `what` names the text in a message: `config.json`.
 * @throws SeqgradError `format`
 */
export function parseJson(what: string, text: string): unknown {
  checkStructure(what, text);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SeqgradError("format", `${what} is not JSON: ${messageOf(error)}.`, { cause: error });
  }
}

/** parseJson, of an object. */
export function parseJsonObject(what: string, text: string): Record<string, unknown> {
  const value = parseJson(what, text);
  if (!isRecord(value)) throw new SeqgradError("format", `${what} is not a JSON object.`);
  return value;
}

/** Walks over braces, brackets and strings alone; whatever else is wrong is left to JSON.parse. */
function checkStructure(what: string, text: string): void {
  const open: Set<string>[] = []; // of each object or array around the position, the keys so far
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "{" || c === "[") {
      if (open.push(new Set()) > DEPTH_LIMIT) {
        throw new SeqgradError("format", `${what} is nested more than ${DEPTH_LIMIT} levels deep at character ${i}.`);
      }
    } else if (c === "}" || c === "]") {
      open.pop();
    } else if (c === '"') {
      const start = i;
      i = closingQuote(text, start);
      const keys = open.at(-1);
      if (!keys || !isKey(text, i + 1)) continue;
      const key = meaningOf(text.slice(start, i + 1));
      if (keys.has(key)) throw new SeqgradError("format", `${what} has the key ${JSON.stringify(key)} twice.`);
      keys.add(key);
    }
  }
}

function closingQuote(text: string, opening: number): number {
  let i = opening + 1;
  while (i < text.length && text[i] !== '"') i += text[i] === "\\" ? 2 : 1;
  return i;
}

/** True if a colon comes next: in JSON it follows keys and nothing else. */
function isKey(text: string, position: number): boolean {
  const colon = /[ \t\r\n]*:/y;
  colon.lastIndex = position;
  return colon.test(text);
}

/** The decoded form of a key, so that "\u0061" equals "a"; a malformed key stays as it is, for JSON.parse to refuse. */
function meaningOf(quoted: string): string {
  if (!quoted.includes("\\")) return quoted.slice(1, -1);
  try {
    return JSON.parse(quoted);
  } catch {
    return quoted;
  }
}
