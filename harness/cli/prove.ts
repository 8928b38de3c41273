import { rmSync } from "node:fs";
import { join, relative } from "node:path";
import Table from "cli-table3";
import { handleInterruptions } from "#harness/cluster/interruption.ts";
import { readSettings } from "#harness/config/settings.ts";
import { UsageError } from "#harness/errors.ts";
import { progress } from "#harness/progress.ts";
import { type Unproved, unprovedRequirements } from "#harness/saboteurs/coverage.ts";
import {
  proveSaboteur,
  proveUntouched,
  type SaboteurProof,
  type UntouchedProof,
} from "#harness/saboteurs/proof.ts";
import { ProvingGround } from "#harness/saboteurs/proving-ground.ts";
import type { Saboteur } from "#harness/saboteurs/saboteur.ts";
import { saboteurs } from "#harness/saboteurs/saboteurs.ts";
import { writeAtomically } from "#reports/files.ts";
import { newCommand, runMain } from "./run.ts";

const command = newCommand("npm run prove --")
  .description(
    "Proves that the checks can fail: an untouched run must be green, then each saboteur breaks one thing, and the requirement it names must turn red.",
  )
  .option("--only <name...>", "let only these saboteurs loose")
  .option("--list", "list the saboteurs and what each must turn red")
  .option("--clusters <number>", "clusters to use at once; each driver gets at least one", Number, 4)
  .parse();
const options = command.opts<{ only?: string[]; list?: boolean; clusters: number }>();

await runMain(async () => {
  const chosen = choose(options.only);
  if (options.list) {
    list(chosen);
    return 0;
  }
  return prove(chosen);
});

function choose(names: readonly string[] | undefined): readonly Saboteur[] {
  const drivers = process.env.DRIVER ? readSettings().DRIVER : undefined;
  for (const name of names ?? []) {
    if (saboteurs.some((saboteur) => saboteur.name === name)) continue;
    const known = saboteurs.map((saboteur) => saboteur.name).join(", ");
    throw new UsageError(`--only ${name}: no such saboteur; expected one of ${known}`);
  }
  const chosen = saboteurs.filter(
    ({ name, driver }) => (names?.includes(name) ?? true) && (drivers?.includes(driver) ?? true),
  );
  if (chosen.length === 0) throw new UsageError(`DRIVER=${process.env.DRIVER}: no saboteur works on it`);
  return chosen;
}

function list(chosen: readonly Saboteur[]): void {
  const table = newTable(["saboteur", "on", "must fail", "may follow", "what it does"]);
  for (const { name, driver, chapter, kills, mayFollow = [], breaks } of chosen) {
    table.push([name, `${driver} ${chapter}`, kills.join(" "), mayFollow.join(" "), breaks]);
  }
  console.log(table.toString());
}

async function prove(chosen: readonly Saboteur[]): Promise<number> {
  const startedAt = new Date();
  const elapsed = () => `${((Date.now() - startedAt.getTime()) / 1000).toFixed(0).padStart(4)} s`;
  const drivers = [...new Set(chosen.map(({ driver }) => driver))];
  process.env.DRIVER = drivers.join(",");
  delete process.env.SABOTAGE;
  const settings = { ...readSettings(), KEEP: false };
  const [engine] = settings.ENGINE;
  if (!engine) throw new UsageError("ENGINE is empty");
  const folder = join(settings.REPORTS, "prove");
  const grounds = shareOut(chosen, options.clusters).map((driver) => {
    return new ProvingGround(settings, progress, driver, engine);
  });

  const path = join(settings.REPORTS, "prove.json");
  rmSync(path, { force: true });
  let interrupted = false;
  const heed = () =>
    handleInterruptions(progress, () => {
      interrupted = true;
      for (const ground of grounds) ground.abandon();
    });
  heed();

  const untouched: UntouchedProof[] = [];
  const proofs: SaboteurProof[] = [];
  const say = (verdict: string, what: string, problems: readonly string[]) =>
    progress.say(
      `${elapsed()}  ${verdict}  ${what}${problems.map((problem) => `\n          ${problem.replaceAll("\n", "\n            ")}`).join("")}`,
    );
  /** Every ground takes the next piece of work of its driver until there is none. */
  const share = async <T extends { driver: string }>(
    work: readonly T[],
    act: (ground: ProvingGround, piece: T) => Promise<void>,
  ) => {
    const left = [...work];
    const take = (driver: string) => {
      const index = left.findIndex((piece) => piece.driver === driver);
      return index < 0 || interrupted ? undefined : left.splice(index, 1)[0];
    };
    const lanes = await Promise.allSettled(
      grounds.map(async (ground) => {
        for (let piece = take(ground.driver); piece; piece = take(ground.driver)) await act(ground, piece);
      }),
    );
    if (interrupted) return;
    for (const lane of lanes) if (lane.status === "rejected") throw lane.reason;
  };

  try {
    const chapters = [
      ...new Map(chosen.map(({ driver, chapter }) => [`${driver} ${chapter}`, { driver, chapter }])).values(),
    ];
    await Promise.all(grounds.map((ground) => ground.open()));
    heed();
    progress.say(
      `${elapsed()}  ${grounds.length} clusters are up; first the chapters untouched, then ${chosen.length} saboteurs`,
    );
    await share(chapters, async (ground, { driver, chapter }) => {
      const proof = await proveUntouched(ground, chapter, join(folder, `untouched-${driver}-${chapter}`));
      untouched.push(proof);
      say(
        proof.problems.length === 0 ? "green  " : "NOT GREEN",
        `${driver} ${chapter}, untouched`,
        proof.problems,
      );
    });
    const sound = (saboteur: Saboteur) =>
      untouched.some(
        ({ driver, chapter, problems }) =>
          driver === saboteur.driver && chapter === saboteur.chapter && problems.length === 0,
      );
    await share(chosen.filter(sound), async (ground, saboteur) => {
      const proof = await proveSaboteur(ground, saboteur, join(folder, saboteur.name));
      proofs.push(proof);
      say(
        proof.problems.length === 0 ? "caught " : "MISSED ",
        `${saboteur.name} → ${saboteur.kills.join(" ")}`,
        proof.problems,
      );
      if (proof.traces !== "")
        progress.say(`          its traces stayed, so the cluster was replaced:\n${proof.traces}`);
    });
  } finally {
    // While an interruption is at work, it removes the clusters and ends the process.
    if (!interrupted) await Promise.allSettled(grounds.map((ground) => ground.close()));
  }
  if (interrupted) return 130;
  const durationMs = Date.now() - startedAt.getTime();
  const unproved = unprovedRequirements();
  const report = {
    startedAt: startedAt.toISOString(),
    durationMs,
    engine,
    untouched,
    saboteurs: proofs,
    unproved,
  };
  writeAtomically(path, `${JSON.stringify(report, null, 2)}\n`);
  return summarise(chosen, untouched, proofs, unproved, { durationMs, path });
}

/** A driver for each cluster: one for every driver that is needed, the others for whoever has most to do. */
function shareOut(chosen: readonly Saboteur[], clusters: number): string[] {
  const load = new Map<string, number>();
  for (const { driver } of chosen) load.set(driver, (load.get(driver) ?? 0) + 1);
  const shares = new Map([...load.keys()].map((driver) => [driver, 1]));
  const perCluster = (driver: string) => (load.get(driver) ?? 0) / (shares.get(driver) ?? 1);
  for (let spare = clusters - shares.size; spare > 0; spare--) {
    const [busiest] = [...shares.keys()].sort((a, b) => perCluster(b) - perCluster(a));
    if (busiest && perCluster(busiest) > 1) shares.set(busiest, (shares.get(busiest) ?? 1) + 1);
  }
  return [...shares].flatMap(([driver, count]) => Array.from({ length: count }, () => driver));
}

function summarise(
  chosen: readonly Saboteur[],
  untouched: readonly UntouchedProof[],
  proofs: readonly SaboteurProof[],
  unproved: readonly Unproved[],
  run: { durationMs: number; path: string },
): number {
  const table = newTable(["saboteur", "on", "must fail", "followed", "result", "time"]);
  for (const { name, driver, chapter, kills } of chosen) {
    const proof = proofs.find(({ saboteur }) => saboteur === name);
    const result = proof ? (proof.problems.length === 0 ? "caught" : "MISSED") : "not run";
    const seconds = proof ? `${(proof.durationMs / 1000).toFixed(1)} s` : "";
    table.push([
      name,
      `${driver} ${chapter}`,
      kills.join(" "),
      proof?.followed.join(" ") ?? "",
      result,
      seconds,
    ]);
  }
  console.log(table.toString());
  for (const { driver, chapter, notApplicable } of untouched) {
    for (const { requirement, outcome, reason } of notApplicable) {
      console.log(`${requirement} on ${driver} (${chapter}) is ${outcome}: ${reason}`);
    }
  }
  for (const { requirement, reason } of unproved) {
    console.log(`${requirement} is not proved: ${reason ?? "NO SABOTEUR AND NO REASON"}`);
  }
  const green = untouched.filter(({ problems }) => problems.length === 0).length;
  const caught = proofs.filter(({ problems }) => problems.length === 0).length;
  const gaps = unproved.filter(({ reason }) => reason === undefined).length;
  const passed = green + caught;
  const failed = untouched.length - green + (chosen.length - caught) + gaps;
  console.log(`Report: ${relative(process.cwd(), run.path)}; ${(run.durationMs / 1000).toFixed(0)} s in all`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

function newTable(head: string[]) {
  return new Table({ head, style: { head: [], border: [] } });
}
