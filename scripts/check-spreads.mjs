// Checks that no call in src takes a list apart: f(...list) fails where the list has more than some 100,000 items. src/util/numbers.ts has
// maxOf() and normOf() for Math.max(...) and Math.hypot(...), a loop does for push(...). Allowed is to hand on one's own rest parameter.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

/** True if the name is a rest parameter of a function around the node. */
function isRest(node, name) {
  for (let at = node.parent; at; at = at.parent)
    if (ts.isFunctionLike(at))
      for (const parameter of at.parameters) if (parameter.name.getText() === name) return Boolean(parameter.dotDotDotToken);
  return false;
}

const problems = [];
const files = readdirSync("src", { recursive: true }).filter((path) => path.endsWith(".ts") && !path.includes("generated"));
for (const path of files.map((file) => join("src", file))) {
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
  const visit = (node) => {
    if (ts.isCallExpression(node) || ts.isNewExpression(node))
      for (const { kind, expression, ...argument } of node.arguments ?? []) {
        if (kind !== ts.SyntaxKind.SpreadElement || isRest(node, expression.getText())) continue;
        const { line } = source.getLineAndCharacterOfPosition(argument.pos);
        problems.push(
          `${path}:${line + 1}: ...${expression.getText()} in a call fails for a long list; use a loop, or src/util/numbers.ts.`,
        );
      }
    ts.forEachChild(node, visit);
  };
  visit(source);
}

for (const problem of problems) console.error(problem);
if (problems.length) process.exitCode = 1;
else console.log(`spreads: none in the calls of ${files.length} files`);
