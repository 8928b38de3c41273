import { rm } from "node:fs/promises";
import { join } from "node:path";
import { debugPlugins, installDebugPlugins } from "#harness/cni/debug-plugins/install.ts";
import { runTier, type TierResult } from "#harness/conformance/cni-run/run-suite.ts";
import { makeScratchFolder } from "#harness/core/scratch.ts";
import { LocalHost } from "#harness/host/local-host.ts";
import { type CniFault, cniFaults } from "#harness/proof/faults/cni.ts";
import { specVersions } from "#suites/requirements/spec-version.ts";

/** Whether the tier notices a fault, and nothing else. */
export interface CniProof {
  /** `<plugin>.<fault>`, or the plugin's name for the one without a fault. */
  readonly plugin: string;
  readonly version: string;
  readonly why: string;
  readonly detectedBy: readonly string[];
  /** Rules that should have turned red and did not. */
  readonly missed: readonly string[];
  /** Tests that turned red although the fault does not concern them, with their reason. */
  readonly strays: readonly string[];
}

export interface CniProving {
  readonly faults?: readonly CniFault[];
  /** Called when a round of runs begins; the rounds are slow. */
  readonly progress?: (line: string) => void;
}

const newest = "1.1.0";
const progressMs = 10_000;

/**
 * Runs the tier over every fault at its version, and over the same plugins without one, which must be all green. With
 * all faults, every plugin is run without one at every version; with some, those that they need.
 * Needs root and Linux network namespaces on this machine, nothing else.
 */
export async function proveCni({
  faults = cniFaults,
  progress = () => {},
}: CniProving = {}): Promise<CniProof[]> {
  const folder = makeScratchFolder();
  try {
    await installDebugPlugins(new LocalHost(), folder, faults);
    const proofs: CniProof[] = [];
    const all = faults.length === cniFaults.length;
    for (const version of specVersions.toReversed()) {
      const concerned = faults.filter((fault) => (fault.version ?? newest) === version);
      const clean = Object.keys(debugPlugins).filter(
        (name) => all || concerned.some(({ plugin }) => plugin === name),
      );
      if (clean.length === 0) continue;
      progress(`CNI ${version}: ${clean.length} plugins without a fault, ${concerned.length} with one`);
      const run = async (names: readonly string[], without: readonly string[]) => {
        if (names.length === 0) return [];
        let told = 0;
        return runTier({
          plugins: names.map((name) => join(folder, name)),
          versions: [version],
          without,
          settings: { CNI_PATH: folder, CONFIG: "", KIND: "" },
          folders: [folder],
          onProgress: (detail) => {
            if (Date.now() - told < progressMs) return;
            told = Date.now();
            progress(`CNI ${version}: ${detail}`);
          },
        });
      };
      const crowded = concerned.filter(isCrowded).map(nameOf);
      const calm = concerned.filter((fault) => !isCrowded(fault)).map(nameOf);
      // A crowd of containers costs more than all other tests together: where no fault is about it, it says nothing
      // about faults, and at older versions nothing that it has not said at the newest one.
      const withCrowd = [...(all && version === newest ? clean : []), ...crowded];
      const results = [
        ...(await run(withCrowd, [])),
        ...(await run([...clean.filter((name) => !withCrowd.includes(name)), ...calm], ["concurrency"])),
      ];
      const of = (name: string) => results.filter(({ driver }) => driver === name);
      for (const name of clean) {
        const why = "no fault: everything must be green";
        proofs.push(judge(of(name), { plugin: name, version, why, detectedBy: [] }));
      }
      for (const fault of concerned) {
        const { why, detectedBy, mayFollow } = fault;
        const plugin = nameOf(fault);
        proofs.push(judge(of(plugin), { plugin, version, why, detectedBy }, mayFollow));
      }
    }
    return proofs;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function isCrowded({ detectedBy }: CniFault): boolean {
  return detectedBy.some((id) => id.startsWith("CNI-17"));
}

function nameOf({ plugin, name }: CniFault): string {
  return `${plugin}.${name}`;
}

function judge(
  results: readonly TierResult[],
  about: Pick<CniProof, "plugin" | "version" | "why" | "detectedBy">,
  mayFollow: readonly string[] = [],
): CniProof {
  const red = results.filter(({ outcome }) => outcome !== "passed");
  const failed = new Set<string>(
    red.filter(({ outcome }) => outcome === "failed").map((one) => one.requirement),
  );
  const allowed = new Set([...about.detectedBy, ...mayFollow]);
  const strays = red
    .filter(({ requirement, outcome }) => outcome !== "failed" || !allowed.has(requirement))
    .map(({ title, outcome, reason = "" }) => `${title}: ${outcome}: ${reason.split("\n")[0]}`);
  return {
    ...about,
    missed: about.detectedBy.filter((id) => !failed.has(id)),
    strays: results.length === 0 ? ["no test ran", ...strays] : strays,
  };
}

/** Whether the proof holds. */
export function isProved({ missed, strays }: CniProof): boolean {
  return missed.length === 0 && strays.length === 0;
}
