import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { ResourceManager } from "../../../src/entries/resources.ts";
import { RedisLimits } from "../../../src/entries/store.ts";
import { hasRedis, RedisServer } from "../redis-server.ts";
import type { WorkerReport, WorkerTask } from "./worker.ts";

const workerFile = fileURLToPath(new URL("./worker.ts", import.meta.url));

describe.skipIf(!hasRedis)("several processes with one Redis", () => {
  const starting = hasRedis ? RedisServer.start() : undefined;
  let lastPrefix = 0;
  afterAll(async () => (await starting)?.[Symbol.asyncDispose]());

  function start(task: WorkerTask): ChildProcess {
    return spawn(process.execPath, ["--conditions=flock-source", workerFile, JSON.stringify(task)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
  }

  async function firstLine(child: ChildProcess): Promise<string> {
    const [line] = (await once(createInterface({ input: child.stdout! }), "line")) as [string];
    return line;
  }

  async function run(count: number, task: Partial<WorkerTask>): Promise<{ reports: WorkerReport[]; prefix: string }> {
    lastPrefix += 1;
    const prefix = `processes-${lastPrefix}`;
    const { url } = (await starting)!;
    const base = {
      url,
      prefix,
      work: "rate",
      limits: {},
      leaseMs: 5_000,
      forMs: 0,
      parallel: 8,
      wrongClock: false,
    } as const;
    const children = Array.from({ length: count }, (_, index) => start({ ...base, ...task, wrongClock: index === 1 }));
    const reports = await Promise.all(
      children.map(async (child) => JSON.parse(await firstLine(child)) as WorkerReport),
    );
    return { reports, prefix };
  }

  it.each([2, 4])(
    "take no more than a rate in any window, whatever the clock of one of %i says, and use it",
    async (count) => {
      const perSecond = 200;
      const { reports } = await run(count, { limits: { requests: { perSecond } }, forMs: 4_000 });
      const grants = reports.flatMap((report) => report.grants).sort((a, b) => a - b);
      let most = 0;
      for (let from = 0, to = 0; to < grants.length; to++) {
        while (grants[to]! - grants[from]! >= 1_000) from += 1;
        most = Math.max(most, to - from + 1);
      }
      expect(most).toBeLessThanOrEqual(perSecond);
      const first = grants[0]!;
      // Whole windows only: a burst at the start fills the first one at once.
      const inWindows = grants.filter((at) => at < first + 3_000).length;
      // How much of it a slow machine uses is for the bench to say.
      expect(inWindows / (perSecond * 3)).toBeGreaterThanOrEqual(0.5);
      for (const report of reports) expect(report.grants.length).toBeGreaterThan(perSecond / count);
    },
  );

  it.each([2, 4])("never hold more permits at a time than there are, in %i processes", async (count) => {
    const { reports } = await run(count, { work: "concurrency", limits: { concurrency: 3 }, forMs: 1_500 });
    const most = Math.max(...reports.map((report) => report.mostAtATime));
    expect(most).toBe(3);
    const each = reports.map((report) => report.grants.length);
    expect(Math.min(...each)).toBeGreaterThan(Math.max(...each) / 4);
  });

  it("never spend more than one budget, and all of it but what one call needs", async () => {
    const { reports, prefix } = await run(4, { work: "budget", limits: { usd: { total: 0.2 } }, parallel: 4 });
    const spent = reports.reduce((sum, report) => sum + report.spentMicroUsd, 0);
    expect(spent).toBeLessThanOrEqual(200_000);
    expect(spent).toBeGreaterThan(199_000);
    expect(reports.flatMap((report) => report.failures)).toEqual(Array(16).fill("budget_exceeded"));
    await using limits = new RedisLimits({ url: (await starting)!.url, prefix });
    const [usage] = await limits.usage([{ name: "gpt/usd.total", kind: "budget", capacity: 200_000 }]);
    expect(usage).toMatchObject({ used: spent, reserved: 0 });
  });

  it("get the permits of a killed one back after the lease time, and not before", async () => {
    const { url } = (await starting)!;
    const task = { url, prefix: "killed", leaseMs: 1_200, limits: { concurrency: 2 } } as const;
    const child = start({ ...task, work: "hold", forMs: 0, parallel: 2, wrongClock: false });
    expect(await firstLine(child)).toBe("held");
    await using limits = new RedisLimits({ url, prefix: task.prefix, leaseMs: task.leaseMs });
    const manager = new ResourceManager(task.limits, { shared: limits, name: "gpt" });
    // Alive, it keeps them well past the lease time.
    await expect(manager.acquire({ concurrency: 1 }, { timeoutMs: 2_000 })).rejects.toMatchObject({
      code: "limit_exceeded",
    });
    const killedAt = performance.now();
    child.kill("SIGKILL");
    const lease = await manager.acquire({ concurrency: 2 }, { timeoutMs: 5_000 });
    const waited = performance.now() - killedAt;
    expect(waited).toBeGreaterThan(600);
    expect(waited).toBeLessThan(1_200 + 10_000);
    lease.release();
    await manager[Symbol.asyncDispose]();
  });
});
