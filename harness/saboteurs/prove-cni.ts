import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { debugPlugins, installDebugPlugins } from "#harness/cni/debug-plugins/install.ts";
import { runTier, type TierResult } from "#harness/cni/run-tier.ts";
import { LocalHost } from "#harness/host/local-host.ts";
import { type CniFault, cniFaults } from "./cni-faults.ts";

/** Whether the tier notices a fault, and nothing else. */
export interface CniProof {
  /** `<plugin>.<fault>`, or the plugin's name for the one without a fault. */
  readonly plugin: string;
  readonly version: string;
  readonly why: string;
  readonly kills: readonly string[];
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

/**
 * Runs the tier over the debug plugins without faults, which must be all green, and over every fault.
 * Needs root and Linux network namespaces on this machine, nothing else.
 */
export async function proveCni({
  faults = cniFaults,
  progress = () => {},
}: CniProving = {}): Promise<CniProof[]> {
  const folder = await mkdtemp(join(tmpdir(), "netconform-debug-plugins-"));
  try {
    await installDebugPlugins(new LocalHost(), folder, faults);
    const proofs: CniProof[] = [];
    for (const version of [newest, "1.0.0", "0.4.0", "0.3.1"]) {
      const concerned = faults.filter((fault) => (fault.version ?? newest) === version);
      const clean = Object.keys(debugPlugins);
      progress(`CNI ${version}: ${clean.length} plugins without a fault, ${concerned.length} with one`);
      const run = (names: readonly string[], without: readonly string[]) =>
        names.length === 0
          ? []
          : runTier({
              plugins: names.map((name) => join(folder, name)),
              versions: [version],
              without,
              settings: { CNI_PATH: folder, CONFIG: "", KIND: "" },
            });
      const crowded = concerned.filter(({ kills }) => kills.some((id) => id.startsWith("CNI-17")));
      const calm = concerned.filter((fault) => !crowded.includes(fault));
      const results = [
        ...(await run([...clean, ...crowded.map(nameOf)], [])),
        // A crowd of containers costs more than all other tests together and says nothing about these faults.
        ...(await run(calm.map(nameOf), ["concurrency"])),
      ];
      const of = (name: string) => results.filter(({ driver }) => driver === name);
      for (const name of clean) {
        const why = "no fault: everything must be green";
        proofs.push(judge(of(name), { plugin: name, version, why, kills: [] }));
      }
      for (const fault of concerned) {
        const { why, kills, mayFollow } = fault;
        const plugin = nameOf(fault);
        proofs.push(judge(of(plugin), { plugin, version, why, kills }, mayFollow));
      }
    }
    return proofs;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function nameOf({ plugin, name }: CniFault): string {
  return `${plugin}.${name}`;
}

function judge(
  results: readonly TierResult[],
  about: Pick<CniProof, "plugin" | "version" | "why" | "kills">,
  mayFollow: readonly string[] = [],
): CniProof {
  const red = results.filter(({ outcome }) => outcome !== "passed");
  const failed = new Set<string>(
    red.filter(({ outcome }) => outcome === "failed").map((one) => one.requirement),
  );
  const allowed = new Set([...about.kills, ...mayFollow]);
  const strays = red
    .filter(({ requirement, outcome }) => outcome !== "failed" || !allowed.has(requirement))
    .map(({ title, outcome, reason = "" }) => `${title}: ${outcome}: ${reason.split("\n")[0]}`);
  return {
    ...about,
    missed: about.kills.filter((id) => !failed.has(id)),
    strays: results.length === 0 ? ["no test ran", ...strays] : strays,
  };
}

/** Whether the proof holds. */
export function isProved({ missed, strays }: CniProof): boolean {
  return missed.length === 0 && strays.length === 0;
}
