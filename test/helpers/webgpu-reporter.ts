import type { Reporter, TestModule } from "vitest/node";

/** Says at the end how many tests ran on WebGPU in each project, and why others were skipped: a machine without an adapter must not look like success. */
export class WebGpuReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = new Map<string, { ran: number; skipped: number }>();
    const reasons = new Set<string>();
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const [, reason] = /\(webgpu[^:)]*: ([^)]*)\)/.exec(test.fullName) ?? [];
        if (!/webgpu/i.test(`${module.moduleId.split("/test/").at(-1)} ${test.fullName}`)) continue;
        const count = counts.get(module.project.name) ?? { ran: 0, skipped: 0 };
        counts.set(module.project.name, count);
        if (test.result().state === "skipped") count.skipped++;
        else count.ran++;
        if (reason) reasons.add(reason);
      }
    }
    for (const [project, { ran, skipped }] of counts) process.stdout.write(`WebGPU, ${project}: ${ran} tests ran, ${skipped} skipped\n`);
    for (const reason of reasons) process.stdout.write(`  skipped where there is no WebGPU: ${reason}\n`);
  }
}
