import { rmSync } from "node:fs";
import { join } from "node:path";
import { Option } from "commander";
import { newCommand, runMain } from "#harness/cli/run.ts";
import { handleInterruptions } from "#harness/cluster/interruption.ts";
import { UsageError } from "#harness/core/errors.ts";
import { progress } from "#harness/core/progress.ts";
import { passOn } from "#harness/core/settings/session.ts";
import { isGiven, readSettings } from "#harness/core/settings/settings.ts";
import { holds, type Proof, type Proving, type Tier, tiers } from "#harness/proof/proof.ts";
import { unprovedRequirements } from "#harness/proof/report/coverage.ts";
import { describeClaims, describeProofs } from "#harness/proof/report/table.ts";
import { ChaptersProving } from "#harness/proof/runner/chapters.ts";
import { CniProving } from "#harness/proof/runner/cni.ts";
import { CnmProving } from "#harness/proof/runner/cnm.ts";
import { choose } from "#harness/proof/selection.ts";
import { writeAtomically } from "#reports/files.ts";

/** The proof that every check can fail. */
export const command = newCommand("npm run prove --")
  .description(
    "Proves that the checks can fail: everything untouched must be green, then faults and faults break one thing each, and the requirement that each names must turn red.",
  )
  .addOption(new Option("--tier <tier...>", "prove only these").choices(tiers))
  .option("--only <name...>", "let only these faults and faults loose")
  .option("--list", "list the faults and faults and what each must turn red")
  .option("--clusters <number>", "clusters to use at once; each driver gets at least one", Number, 4)
  .action(() => runMain(prove));

async function prove(): Promise<number> {
  const options = command.opts<{ tier?: Tier[]; only?: string[]; list?: boolean; clusters: number }>();
  const startedAt = new Date();
  const elapsed = () => `${((Date.now() - startedAt.getTime()) / 1000).toFixed(0).padStart(4)} s`;
  const chosen = choose({
    tiers: options.tier ?? tiers,
    names: options.only,
    ...(isGiven("DRIVER") ? { only: readSettings().DRIVER } : {}),
  });
  const drivers = [...new Set(chosen.faults.map(({ driver }) => driver))];
  // The vitest configuration, which vitest reads later on, makes a project for each of them.
  passOn({ FAULT: "", ...(drivers.length > 0 ? { DRIVER: drivers.join(",") } : {}) });
  const settings = { ...readSettings(), KEEP: false };
  const [engine] = settings.ENGINE;
  if (!engine) throw new UsageError("ENGINE is empty");
  const folder = join(settings.REPORTS, "prove");

  let interrupted = false;
  const provings: Proving[] = [];
  const stop = () => {
    interrupted = true;
    for (const proving of provings) proving.abandon();
  };
  const watchForInterruption = () => handleInterruptions(progress, stop);
  const { faults, cnm, cni } = chosen;
  const say = (line: string) => progress.say(`${elapsed()}  ${line}`);
  const { clusters } = options;
  if (faults.length > 0) {
    provings.push(
      new ChaptersProving(faults, { settings, progress, engine, clusters, folder, watchForInterruption }),
    );
  }
  if (cnm.length > 0) provings.push(new CnmProving(cnm, { folder, opened: watchForInterruption }));
  if (cni.length > 0) provings.push(new CniProving(cni, say));
  const claims = provings.flatMap((proving) => proving.claims);
  if (options.list) {
    console.log(describeClaims(claims));
    return 0;
  }

  const path = join(settings.REPORTS, "prove.json");
  rmSync(path, { force: true });
  watchForInterruption();
  const proofs: Proof[] = [];
  const tell = (proof: Proof) => {
    proofs.push(proof);
    const verdict = proof.detectedBy.length === 0 ? ["green  ", "NOT GREEN"] : ["caught ", "MISSED "];
    const what = proof.detectedBy.length === 0 ? proof.name : `${proof.name} → ${proof.detectedBy.join(" ")}`;
    const problems = proof.problems.map(
      (problem) => `\n          ${problem.replaceAll("\n", "\n            ")}`,
    );
    say(`${holds(proof) ? verdict[0] : verdict[1]}  ${proof.tier}  ${proof.on}  ${what}${problems.join("")}`);
    if (proof.traces)
      progress.say(`          its traces stayed, so the cluster was replaced:\n${proof.traces}`);
  };
  // Chapters wait for the wire most of the time, which the CNM tier can use; the CNI tier needs the processors.
  for (const together of [
    provings.filter((proving) => !(proving instanceof CniProving)),
    provings.filter((proving) => proving instanceof CniProving),
  ]) {
    if (interrupted) break;
    const ends = await Promise.allSettled(together.map((proving) => proving.run(tell)));
    if (interrupted) break;
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }
  if (interrupted) return 130;

  const unproved = unprovedRequirements();
  const durationMs = Date.now() - startedAt.getTime();
  const report = { startedAt: startedAt.toISOString(), durationMs, engine, proofs, unproved };
  writeAtomically(path, `${JSON.stringify(report, null, 2)}\n`);
  const { text, passed, failed } = describeProofs({ claims, proofs, unproved, durationMs, path });
  console.log(text);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
