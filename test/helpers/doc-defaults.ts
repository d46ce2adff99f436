import ts from "typescript";

/** The value of a literal, as text; undefined for other expressions. */
function literalOf(node: ts.Expression): string | undefined {
  if (ts.isStringLiteral(node)) return node.text;
  if (ts.isPrefixUnaryExpression(node) && ts.isNumericLiteral(node.operand)) return node.getText();
  if (ts.isNumericLiteral(node)) return String(Number(node.getText().replaceAll("_", "")));
  return /^(true|false)$/.test(node.getText()) ? node.getText() : undefined;
}

/** The default that a comment states: `Default 1e-5.`, `Default \`mean\`.`, `...; default 10,000`; undefined where it does so in words. */
function statedIn(comment: string): string | undefined {
  const [, stated] = /\bdefault:? (`[^`]*`|-?[\d.,]+(?:e-?\d+)?(?<![.,])|[a-z]\w*(?=[.,;] |\.?$))/i.exec(comment) ?? [];
  if (stated === undefined || /^(all|none|no|zeros)$/.test(stated)) return undefined;
  return /^-?\d/.test(stated) ? String(Number(stated.replaceAll(",", ""))) : stated.replaceAll("`", "");
}

/** A default in the code, and the comment on what it is for. */
interface Default {
  readonly place: string;
  readonly value: string;
  readonly stated: string;
}

const commentOf = (checker: ts.TypeChecker, symbol: ts.Symbol | undefined) =>
  symbol && ts.displayPartsToString(symbol.getDocumentationComment(checker));

/** The literals that stand where an option or an argument is left out, each with the default that its comment states, if any. */
export function defaultsIn(program: ts.Program): Default[] {
  const checker = program.getTypeChecker();
  const found: Default[] = [];
  for (const source of program.getSourceFiles()) {
    if (!/\/src\/[^/]/.test(source.fileName) || source.isDeclarationFile) continue;
    const add = (name: ts.Node, initializer: ts.Expression, comment: string | undefined) => {
      const value = literalOf(initializer);
      const stated = comment && statedIn(comment);
      if (value === undefined || !stated) return;
      const { line } = source.getLineAndCharacterOfPosition(name.getStart());
      found.push({ place: `${source.fileName.replace(/^.*\/(?=src\/)/, "")}:${line + 1} ${name.getText()}`, value, stated });
    };
    const visit = (node: ts.Node): void => {
      // const { eps = 1e-5 } = options
      if (ts.isBindingElement(node) && node.initializer && ts.isObjectBindingPattern(node.parent)) {
        const name = node.propertyName ?? node.name;
        add(name, node.initializer, commentOf(checker, checker.getTypeAtLocation(node.parent).getProperty(name.getText())));
      }
      // options.eps ?? 1e-5
      if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken) {
        if (ts.isPropertyAccessExpression(node.left))
          add(node.left, node.right, commentOf(checker, checker.getSymbolAtLocation(node.left)));
      }
      // (x, eps = 1e-5)
      if (ts.isParameter(node) && node.initializer) {
        const tag = ts.getJSDocParameterTags(node)[0];
        add(node.name, node.initializer, ts.getTextOfJSDocComment(tag?.comment));
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}
