import type { CDPSession } from "puppeteer-core";

/** The bytes of a page or a worker after its garbage has gone: those of its heap, and those of WebAssembly. */
export async function bytesOf(session: CDPSession): Promise<{ heap: number; wasm: number }> {
  const { result } = await session.send("Runtime.evaluate", { expression: "WebAssembly.Memory.prototype" });
  // A finalizer may run only after a collection, and what it lets go of is garbage of the next.
  for (let i = 0; i < 3; i++) await session.send("HeapProfiler.collectGarbage");
  const { objects } = await session.send("Runtime.queryObjects", { prototypeObjectId: result.objectId! });
  const sum = await session.send("Runtime.callFunctionOn", {
    objectId: objects.objectId!,
    functionDeclaration: "function () { return this.reduce((sum, { buffer }) => sum + buffer.byteLength, 0); }",
    returnByValue: true,
  });
  await session.send("Runtime.releaseObject", { objectId: objects.objectId! });
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  return { heap: usedSize, wasm: sum.result.value };
}
