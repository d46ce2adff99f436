import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  Application,
  type Comment,
  type CommentDisplayPart,
  type DeclarationReflection,
  ReflectionKind,
  type SignatureReflection,
  type SomeType,
} from "typedoc";

export interface ApiParameter {
  readonly name: string;
  readonly type: string;
  /** Markdown. */
  readonly text: string;
  readonly optional: boolean;
}

export interface ApiSignature {
  /** As one would write the call: `softmax(x: Tensor, options?: AxisOptions): Tensor`. */
  readonly text: string;
  readonly parameters: readonly ApiParameter[];
  readonly returns: string;
}

export interface ApiMember {
  readonly name: string;
  readonly signature: string;
  /** Markdown. */
  readonly text: string;
  /** The class that it comes from, where it is another one. */
  readonly from: string | undefined;
}

/** One exported name, as its docstring describes it. Texts are Markdown. */
export interface ApiEntry {
  /** "nn.LSTM", "softmax". */
  readonly name: string;
  /** "seqgrad", "seqgrad/node" or "seqgrad/export". */
  readonly module: string;
  readonly kind: "class" | "function" | "interface" | "type" | "value";
  readonly summary: string;
  readonly extends: readonly string[];
  readonly signatures: readonly ApiSignature[];
  readonly throws: readonly string[];
  readonly see: readonly string[];
  readonly examples: readonly string[];
  readonly members: readonly ApiMember[];
}

const textOf = (parts: readonly CommentDisplayPart[] | undefined) => (parts ?? []).map(({ text }) => text).join("");
const tagged = (comment: Comment | undefined, tag: `@${string}`) =>
  (comment?.blockTags ?? []).filter((block) => block.tag === tag).map(({ content }) => textOf(content).trim());
const typeOf = (type: SomeType | undefined) => type?.toString() ?? "unknown";

function signatureOf(signature: SignatureReflection, name: string): ApiSignature {
  const named = new Map((signature.comment?.blockTags ?? []).map((block) => [block.name, textOf(block.content).trim()]));
  const parameters = (signature.parameters ?? []).map((parameter): ApiParameter => {
    const optional = parameter.flags.isOptional || parameter.defaultValue !== undefined;
    const text = textOf(parameter.comment?.summary).trim() || (named.get(parameter.name) ?? "");
    return { name: `${parameter.flags.isRest ? "..." : ""}${parameter.name}`, type: typeOf(parameter.type), text, optional };
  });
  const types = signature.typeParameters ? `<${signature.typeParameters.map((each) => each.name).join(", ")}>` : "";
  const list = parameters.map(({ name: each, type, optional }) => `${each}${optional ? "?" : ""}: ${type}`).join(", ");
  const result = signature.kind === ReflectionKind.ConstructorSignature ? "" : `: ${typeOf(signature.type)}`;
  const returns = tagged(signature.comment, "@returns").join(" ");
  return { text: `${name}${types}(${list})${result}`, parameters, returns };
}

function memberOf(member: DeclarationReflection): ApiMember[] {
  const hidden =
    member.flags.isPrivate || member.flags.isProtected || member.kind === ReflectionKind.Constructor || member.name.startsWith("[");
  if (hidden) return [];
  const from = member.inheritedFrom?.name.split(".")[0];
  const before = member.flags.isStatic ? "static " : "";
  const signatures = member.signatures ?? (member.getSignature ? [member.getSignature] : []);
  if (signatures.length === 0) {
    const signature = `${before}${member.name}${member.flags.isOptional ? "?" : ""}: ${typeOf(member.type)}`;
    return [{ name: member.name, signature, text: textOf(member.comment?.summary).trim(), from }];
  }
  return signatures.map((each) => {
    const signature = member.getSignature ? `${member.name}: ${typeOf(each.type)}` : signatureOf(each, member.name).text;
    return { name: member.name, signature: before + signature, text: textOf(each.comment?.summary).trim(), from };
  });
}

const kinds = new Map<ReflectionKind, ApiEntry["kind"]>([
  [ReflectionKind.Class, "class"],
  [ReflectionKind.Function, "function"],
  [ReflectionKind.Interface, "interface"],
  [ReflectionKind.TypeAlias, "type"],
  [ReflectionKind.Variable, "value"],
]);

function entryOf(declaration: DeclarationReflection, prefix: string, module: string): ApiEntry[] {
  if (declaration.kind === ReflectionKind.Namespace)
    return (declaration.children ?? []).flatMap((child) => entryOf(child, `${prefix}${declaration.name}.`, module));
  const kind = kinds.get(declaration.kind);
  if (!kind) return [];
  const name = prefix + declaration.name;
  const maker = declaration.children?.find((child) => child.kind === ReflectionKind.Constructor);
  const constructors = (maker?.signatures ?? []).map((signature) => {
    const made = signatureOf(signature, `new ${name}`);
    const own = new Map((declaration.comment?.blockTags ?? []).map((block) => [block.name, textOf(block.content).trim()]));
    const parameters = made.parameters.map((each) => ({ ...each, text: each.text || (own.get(each.name) ?? "") }));
    return { ...made, parameters };
  });
  const calls = (declaration.signatures ?? []).map((signature) => signatureOf(signature, name));
  const comment = declaration.comment ?? declaration.signatures?.[0]?.comment ?? maker?.signatures?.[0]?.comment;
  const type = kind === "type" || kind === "value" ? [{ text: `${name}: ${typeOf(declaration.type)}`, parameters: [], returns: "" }] : [];
  return [
    {
      name,
      module,
      kind,
      summary: textOf(comment?.summary).trim(),
      extends: (declaration.extendedTypes ?? []).map(typeOf),
      signatures: [...constructors, ...calls, ...type],
      throws: tagged(comment, "@throws"),
      see: tagged(comment, "@see"),
      examples: tagged(comment, "@example").map((text) => text.replace(/^```\w*\n/, "").replace(/\n```$/, "")),
      members: (declaration.children ?? []).flatMap(memberOf),
    },
  ];
}

/** The files that the package exports whole, and the names under which it does. */
const modules: ReadonlyMap<string, string> = new Map([
  ["src/index.ts", "seqgrad"],
  ["src/node.ts", "seqgrad/node"],
  ["src/export/index.ts", "seqgrad/export"],
]);

function moduleOf({ name, sources }: DeclarationReflection): string {
  const file = sources?.[0]?.fileName;
  const found = [...modules].find(([path]) => path === file || path === `src/${name}.ts` || path === `src/${name}/index.ts`);
  if (!found) throw new Error(`typedoc read the module ${name} (${file}), which modules of site/docs/api.ts does not name.`);
  return found[1];
}

/** A hash of every source file, under which the reading of the docstrings is kept: it takes some ten seconds. */
function hashOf(folder: string): string {
  const hash = createHash("sha256");
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".ts") && !name.includes("generated"),
  );
  for (const name of names.sort()) hash.update(name).update(readFileSync(join(folder, name)));
  return hash.update(readFileSync("site/docs/api.ts")).digest("hex").slice(0, 16);
}

/** Every exported name of the package, with its documentation. */
export async function readApi(): Promise<ApiEntry[]> {
  const kept = `build/site-api/${hashOf("src")}.json`;
  if (existsSync(kept)) return JSON.parse(readFileSync(kept, "utf8")) as ApiEntry[];
  const application = await Application.bootstrap({
    entryPoints: [...modules.keys()],
    tsconfig: "tsconfig.json",
    skipErrorChecking: true,
    excludeInternal: true,
    logLevel: "Error",
  });
  const project = await application.convert();
  if (!project) throw new Error("typedoc could not read src/index.ts. Run `npx tsc --noEmit` to see why.");
  const entries = (project.children ?? []).flatMap((module) =>
    (module.children ?? []).flatMap((child) => entryOf(child, "", moduleOf(module))),
  );
  const first = new Map(entries.toReversed().map((entry) => [entry.name, entry]));
  const list = [...first.values()].toReversed();
  mkdirSync("build/site-api", { recursive: true });
  writeFileSync(kept, JSON.stringify(list));
  return list;
}
