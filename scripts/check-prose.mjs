// Checks the English of code, messages, tests and pages against the phrases that docs/style.md says to avoid.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

/** A phrase, what to write instead, and which files it is looked for in, if not in all. */
const phrases = [
  [/(?<!\bthere )\b(?:is|are|was|were) no\b(?! longer)/i, '"is not a", "has no", or "must not"'],
  [/\bshall\b/i, '"must", "should" or "will"'],
  [/(?<!(?:and|Attend) )\b(?:tells?|told|telling)\b/i, '"reports", "says", "shows" or "distinguishes"', /^(?!examples)/],
  [/\bso (?:many|much)\b(?! as\b)/i, "the number, by its name"],
  [/\bgo(?:es)? on from\b|\b(?:goes|gone) on\b/i, '"continues", "resumes" or "starts from"'],
  [/; answers (?:the|a|an|whether|its|each|how)\b|\banswers whether\b/i, '"returns"'],
  [/(?:\b|[a-z])(?:wants?|[wW]anted)\b/, '"expected" in an error and as a name, "needs" or "expects" elsewhere'],
  [/\bforetells?\b|\bforetold\b/i, '"predicts", "predicted"'],
  [/\banew\b/i, '"again"'],
  [/\bin the place of\b/i, '"instead of"'],
  [/\b(?:that|what|which) (?:is|are|was|were) none\b(?! of)/i, '"that is not a ...", "invalid"'],
  [/\bfor want of\b/i, '"without"'],
  [/\bnot to be had\b/i, '"not available"'],
  [
    /\/\*\* (?:What|Which|That|Whether|Where) |^ *\* (?:What|Which|That|Whether|Where) [^?]*\.$/,
    "a noun or a verb first: The ..., Returns ..., True if ...",
    /^(?!test)/,
  ],
  [
    /(?<!["-])recognis|normalis|initialis|minimis(?:e|ing)|maximis(?:e|ing)|serialis|tokenis|quantis|summaris|optimis(?:e|ing|ation)|organis|generalis|penalis|finalis/i,
    "-ize, -ization",
  ],
  [/neighbour|behaviour|colour|favour|honour/i, "-or"],
  [/\bcentred?\b|\blabelled\b|\bmodelling\b|\blearnt\b|\blicence\b/i, "American spelling: center, labeled, modeling, learned, license"],
];

/** Texts that people trained or published: their words are data. */
const isData = (path) => path === "src/data/sample.ts" || path === "scripts/check-prose.mjs" || path.startsWith("test/golden/fixtures");
const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { encoding: "utf8" }).split("\n");
const folders =
  /^(?:src|assembly|scripts|test|examples|bench|docs|site)\/.*\.(?:ts|tsx|mts|mjs|js|md|sh|html)$|^(?:README|CONTRIBUTING)\.md$/;
const files = listed.filter((path) => folders.test(path) && !isData(path) && existsSync(path));

let found = 0;
for (const path of files)
  for (const [i, line] of readFileSync(path, "utf8").split("\n").entries())
    for (const [phrase, advice, where] of phrases) {
      const [match] = (where?.test(path) ?? true) ? (phrase.exec(path.endsWith(".md") ? line.replace(/`[^`]*`/g, "``") : line) ?? []) : [];
      if (match === undefined) continue;
      console.error(`${path}:${i + 1}: "${match.trim().slice(0, 60)}"; write ${advice}.`);
      found++;
    }

if (found) process.exitCode = 1;
else console.log(`prose: ${files.length} files without a phrase to avoid`);
