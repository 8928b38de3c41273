import { rm } from "node:fs/promises";
import { join } from "node:path";
import { forgetWhenInterrupted, removeWhenInterrupted } from "#harness/cluster/interruption.ts";
import type { DebugFault, DebugPlugin } from "#harness/cni/debug-plugins/faults.ts";
import { installDebugPlugins } from "#harness/cni/debug-plugins/install.ts";
import { runCniSuite } from "#harness/conformance/cni-run/run-suite.ts";
import type { Progress } from "#harness/core/async/progress.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { makeScratchFolder } from "#harness/core/process/scratch.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import type { CaseRun, FaultCase } from "#harness/proof/case.ts";
import type { SpecVersion } from "#suites/requirements/spec-version.ts";
import type { CaseTestbed } from "./testbed.ts";

/**
 * The CNI suite on the debug plugins, in rounds: all cases of one version that leave out the same tests run together,
 * each on a copy of its plugin. Needs root and Linux network namespaces on this machine, nothing else.
 */
export class CniTestbed implements CaseTestbed {
  readonly #progress: Progress;
  #folder = "";

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  async open(): Promise<void> {
    const folder = makeScratchFolder();
    this.#folder = folder;
    removeWhenInterrupted(folder, () => rm(folder, { recursive: true, force: true }));
  }

  choose(cases: readonly FaultCase[]): readonly FaultCase[] {
    const own = cases.filter(({ on }) => on.tier === "cni");
    const [first] = own;
    return first ? own.filter((one) => roundOf(one) === roundOf(first)) : [];
  }

  async run(batch: readonly FaultCase[]): Promise<CaseRun[]> {
    const startedAt = performance.now();
    const folder = this.#folder;
    const copies = batch.map(copyOf);
    const version = copies[0]?.version ?? "";
    await installDebugPlugins(
      new LocalHost(),
      folder,
      copies.flatMap(({ plugin, behaviour }) => (behaviour ? [{ plugin, behaviour }] : [])),
    );
    const faulty = copies.filter(({ behaviour }) => behaviour !== undefined).length;
    const results = await this.#progress.step(
      `CNI ${version}: ${copies.length - faulty} plugins without a fault, ${faulty} with one`,
      (onProgress) =>
        runCniSuite({
          plugins: copies.map(({ file }) => join(folder, file)),
          versions: [version],
          without: batch[0]?.without ?? [],
          settings: { CNI_PATH: folder, CONFIG: "", KIND: "" },
          folders: [folder],
          onProgress,
        }),
      { announce: true },
    );
    const durationMs = (performance.now() - startedAt) / batch.length;
    return copies.map(({ file }) => ({
      observations: results
        .filter(({ driver }) => driver === file)
        .map((result) => ({ ...result, test: result.title })),
      errors: [],
      durationMs,
    }));
  }

  /** The suite looks for what a test leaves behind itself. */
  async leftovers(): Promise<string> {
    return "";
  }

  async replace(): Promise<void> {
    await this.close();
    await this.open();
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
    forgetWhenInterrupted(this.#folder);
  }
}

/** The plugin that a case runs on, and its file. */
interface PluginCopy {
  readonly plugin: DebugPlugin;
  readonly version: SpecVersion;
  readonly behaviour?: DebugFault;
  readonly file: string;
}

function copyOf(one: FaultCase): PluginCopy {
  if (one.on.tier !== "cni") throw new HarnessError("the CNI suite was given a case of something else");
  const { plugin, version } = one.on;
  const inject = one.fault?.inject ?? {};
  if (!("behaviour" in inject)) return { plugin, version, file: plugin };
  const { behaviour } = inject;
  return { plugin, version, behaviour, file: `${plugin}.${behaviour}` };
}

function roundOf({ on, without = [] }: FaultCase): string {
  return [on.tier === "cni" ? on.version : "", ...without].join(" ");
}
