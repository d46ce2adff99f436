import ts from "typescript";

const returnsNothing = /^(?:void|never|Promise<void>|(?:this|\w+) is .+|asserts .+)$/;

/** The parameters and the result that the tags of a comment leave out, and those parameters that it names although they are not there. */
function faultsOf(checker: ts.TypeChecker, signatures: readonly ts.Signature[], tags: readonly ts.JSDocTagInfo[]): string[] {
  /** The rest parameter that refuses too many arguments is for messages alone. */
  const refusesExtra = (parameter: ts.Symbol) => /^(?:never|unknown)\[\]$/.test(checker.typeToString(checker.getTypeOfSymbol(parameter)));
  const parameters = new Set(signatures.flatMap((s) => s.parameters.filter((p) => !refusesExtra(p)).map(({ name }) => name)));
  const named = new Set(
    tags.flatMap(({ name, text }) => (name === "param" ? [text?.find(({ kind }) => kind === "parameterName")?.text ?? "?"] : [])),
  );
  const isConstructor = signatures.every(({ declaration }) => !declaration || ts.isConstructorDeclaration(declaration));
  const hasResult = !isConstructor && signatures.some((s) => !returnsNothing.test(checker.typeToString(s.getReturnType())));
  return [
    ...[...parameters].filter((name) => !named.has(name)),
    ...[...named].filter((name) => !parameters.has(name)).map((name) => `${name}, which is not there`),
    ...(hasResult && !tags.some(({ name }) => name === "returns") ? ["the result"] : []),
  ];
}

const isHidden = (declaration: ts.Declaration | undefined): boolean =>
  declaration !== undefined &&
  ((ts.getCombinedModifierFlags(declaration) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) !== 0 ||
    declaration.getSourceFile().isDeclarationFile ||
    ts.isPrivateIdentifier(ts.getNameOfDeclaration(declaration) ?? declaration));

const isInternal = (tags: readonly ts.JSDocTagInfo[]): boolean => tags.some(({ name }) => name === "internal");

/** The faults in the comments of a function, or of a class's constructor and public methods: `nn.Linear.forward: x, the result`. */
export function undocumented(checker: ts.TypeChecker, symbol: ts.Symbol, name: string): string[] {
  const type = checker.getTypeOfSymbol(symbol);
  const found: [name: string, faults: string[]][] = [];
  const calls = type.getCallSignatures();
  if (calls.length > 0) found.push([name, faultsOf(checker, calls, symbol.getJsDocTags(checker))]);
  if (symbol.flags & ts.SymbolFlags.Class) {
    const makers = type.getConstructSignatures().filter((maker) => !isHidden(maker.declaration) && !isInternal(maker.getJsDocTags()));
    const tags = [...symbol.getJsDocTags(checker), ...makers.flatMap((maker) => maker.getJsDocTags())];
    if (makers.length > 0) found.push([name, faultsOf(checker, makers, tags)]);
    for (const member of [...checker.getDeclaredTypeOfSymbol(symbol).getProperties(), ...checker.getPropertiesOfType(type)]) {
      const tags = member.getJsDocTags(checker);
      if (!(member.flags & ts.SymbolFlags.Method) || isHidden(member.valueDeclaration) || isInternal(tags)) continue;
      found.push([`${name}.${member.name}`, faultsOf(checker, checker.getTypeOfSymbol(member).getCallSignatures(), tags)]);
    }
  }
  return found.flatMap(([name, faults]) => (faults.length > 0 ? [`${name}: ${faults.join(", ")}`] : []));
}
