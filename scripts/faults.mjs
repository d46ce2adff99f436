// Small faults that a text of src/ or assembly/ may have: an operator turned, a bound off by one, a statement or a condition left out,
// in WGSL too. What no test can hold is left alone: types, messages, imports, the samples of operations.
import ts from "typescript";

const operators = {
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "==": ["!="],
  "===": ["!=="],
  "!=": ["=="],
  "!==": ["==="],
  "&&": ["||"],
  "||": ["&&"],
  "??": ["&&"],
  "+": ["-"],
  "-": ["+"],
  "*": ["+"],
  "/": ["*"],
  "%": ["*"],
  "+=": ["=", "-="],
  "-=": ["=", "+="],
  "*=": ["="],
  "<<": [">>"],
  ">>": ["<<"],
  "&": ["|"],
  "|": ["&"],
};
const names = { add: "sub", sub: "add", mul: "add", max: "min", min: "max", some: "every", every: "some", ceil: "floor", floor: "ceil" };
const wgslOperator = /(?<= )(<=?|>=?|==|!=|&&|\|\||[-+*/%]|[-+*]=|<<|>>)(?= )/g;
const wgslName = /\b(max|min)(?=\()|(?<=[ (])\d+u?(?=[;,) ])/g;

/** Nodes in which nothing is changed. */
const isLeftAlone = (node) =>
  ts.isTypeNode(node) ||
  ts.isImportDeclaration(node) ||
  ts.isInterfaceDeclaration(node) ||
  ts.isTypeAliasDeclaration(node) ||
  ts.isThrowStatement(node) ||
  ts.isDecorator(node) ||
  (ts.isCallExpression(node) && node.expression.getText() === "addSamples") ||
  (ts.isVariableDeclaration(node) && /samples$/i.test(node.name.getText())) ||
  ((ts.isCallExpression(node) || ts.isNewExpression(node)) &&
    /Error$|^(refuse|fail|warn|check\w*|throw\w*|namesOf)$/.test(node.expression.getText()));

/** The faults of a file: [line, from, to, what stands there instead]. */
export function faultsOf(path, text) {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const faults = [];
  const isComment = (at) => /^\s*(\/\/|\/?\*)/.test(text.slice(text.lastIndexOf("\n", at) + 1, at));
  const add = (from, to, now) =>
    isComment(from) || faults.push({ line: source.getLineAndCharacterOfPosition(from).line + 1, from, to, now });
  const replace = (node, now) => add(node.getStart(), node.end, now);
  const isWgsl = path.includes("/wgsl/");
  const inWgsl = (node) => {
    const from = node.getStart();
    for (const { 0: found, index } of node.getText().matchAll(wgslOperator)) {
      for (const now of operators[found] ?? []) add(from + index, from + index + found.length, now);
    }
    for (const { 0: found, index } of node.getText().matchAll(wgslName)) {
      add(from + index, from + index + found.length, names[found] ?? found.replace(/\d+/, (n) => Number(n) + 1));
    }
  };
  const visit = (node) => {
    if (isLeftAlone(node)) return;
    if (ts.isBinaryExpression(node)) {
      // Texts that are joined are messages.
      const isText = /["'`]/.test(node.left.getText().at(-1) + node.right.getText()[0]);
      if (!isText) for (const now of operators[node.operatorToken.getText()] ?? []) replace(node.operatorToken, now);
    }
    if (ts.isNumericLiteral(node) && !ts.isPropertyAssignment(node.parent.parent ?? node)) {
      const value = Number(node.text);
      replace(node, String(Number.isInteger(value) ? value + 1 : value * 1.01));
    }
    if (node.kind === ts.SyntaxKind.TrueKeyword) replace(node, "false");
    if (node.kind === ts.SyntaxKind.FalseKeyword) replace(node, "true");
    if (ts.isPrefixUnaryExpression(node) && /^[!-]/.test(node.getText())) replace(node, node.operand.getText());
    if (ts.isConditionalExpression(node)) replace(node.condition, `!(${node.condition.getText()})`);
    if (ts.isIfStatement(node)) for (const now of ["false", "true"]) replace(node.expression, now);
    if (ts.isExpressionStatement(node) && !/^super\(/.test(node.getText())) replace(node, ";");
    if (ts.isCallExpression(node)) {
      const at = ts.isPropertyAccessExpression(node.expression) ? node.expression.name : node.expression;
      const other = names[at.getText()];
      if (other && Object.hasOwn(names, at.getText())) replace(at, other);
    }
    if (isWgsl && (ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node) || ts.isNoSubstitutionTemplateLiteral(node)))
      inWgsl(node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return faults;
}
