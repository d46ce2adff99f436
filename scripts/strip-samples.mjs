// Leaves the samples of operations, of which only tests and benches know, out of the package: 1.3 kB gzipped.
import ts from "typescript";

/** A plugin of the bundler: it removes the property `samples` of every object in src/ops. */
export const stripSamples = {
  name: "strip-samples",
  transform(code, id) {
    if (!/[\\/]src[\\/]ops[\\/][^\\/]+\.ts$/.test(id)) return undefined;
    const ranges = [];
    const visit = (node) => {
      const isProperty = ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node);
      if (isProperty && node.name.getText() === "samples") ranges.push([node.getFullStart(), node.getEnd()]);
      else ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile(id, code, ts.ScriptTarget.ES2022, true));
    // From the last to the first, so that positions hold.
    return ranges.reduceRight((text, [start, end]) => text.slice(0, start) + text.slice(end).replace(/^\s*,/, ""), code);
  },
};
