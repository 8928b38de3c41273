import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, expect, test } from "vitest";
import { installDebugPlugins } from "#harness/cni/debug-plugins/install.ts";
import { until } from "#harness/core/async/poll.ts";
import { identify } from "#harness/core/process/process.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { $, environmentWith } from "#harness/host/local/zx.ts";

const owner = join(import.meta.dirname, "fixtures/cni-run-owner.ts");
const folder = mkdtempSync(join(tmpdir(), "netconform-self-"));
const temporary = join(folder, "tmp");

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(["SIGINT", "SIGTERM", "SIGKILL"] as const)(
  "a run of the CNI suite whose owner gets %s leaves no process, folder or namespace",
  async (signal) => {
    const before = new Set(namespaces());
    await installDebugPlugins(new LocalHost(), folder);
    mkdirSync(temporary, { recursive: true });
    const running = $({
      stdio: ["ignore", "pipe", "inherit"],
      env: environmentWith({ CNI_PATH: folder, CONFIG: "", KIND: "", TMPDIR: temporary }),
    })`${[process.execPath, owner, join(folder, "debug-ipam")]}`;
    const [first] = await new Promise<string[]>((resolve, reject) => {
      createInterface({ input: running.stdout }).once("line", (line) => resolve(line.split(" ")));
      running.then(({ exitCode }) =>
        reject(new Error(`the owner ended with ${exitCode} before the run began`)),
      );
    });
    const child = Number(first);
    expect(identify(child)).toBeDefined();
    expect(readdirSync(temporary).length).toBeGreaterThan(0);
    running.child?.kill(signal);
    await until({ what: "the run to end", deadlineMs: 60_000, everyMs: 100 }, () => !identify(child));
    await until({ what: "the owner to end", deadlineMs: 10_000 }, () => !identify(running.pid ?? 0));
    expect(readdirSync(temporary)).toEqual([]);
    expect(namespaces().filter((name) => !before.has(name) && ownerOf(name) === "gone")).toEqual([]);
  },
  120_000,
);

function namespaces(): string[] {
  return existsSync("/run/netns") ? readdirSync("/run/netns") : [];
}

/** Whether the process that made a namespace of the suite is there; other namespaces do not matter here. */
function ownerOf(name: string): "there" | "gone" {
  const [, pid] = /^nccni-(\d+)-/.exec(name) ?? [];
  return pid === undefined || identify(Number(pid)) !== undefined ? "there" : "gone";
}
