import { rmSync } from "node:fs";
import { join, relative } from "node:path";
import { InvalidArgumentError, Option } from "commander";
import { completing } from "#harness/cli/completion/candidates.ts";
import { newCommand, runMain } from "#harness/cli/run.ts";
import { handleInterruptions } from "#harness/cluster/interruption.ts";
import { targetEngines } from "#harness/cluster/providers.ts";
import { chaptersOnDemand } from "#harness/conformance/run/projects.ts";
import { progress } from "#harness/core/async/progress.ts";
import { UsageError } from "#harness/core/errors.ts";
import { writeInOneStep } from "#harness/core/process/draft.ts";
import { isCheckout, moduleEnding } from "#harness/core/project-root.ts";
import { type WorkloadRuntimeName, workloadRuntimes } from "#harness/core/settings/schema.ts";
import { passOn } from "#harness/core/settings/session.ts";
import { isGiven, readSettings } from "#harness/core/settings/settings.ts";
import { type CaseResult, casesOf } from "#harness/proof/case.ts";
import { type Fault, type FaultPlaces, isOfTier, runtimeOf, type Tier, tiers } from "#harness/proof/fault.ts";
import { faults as allFaults } from "#harness/proof/faults/all.ts";
import { unprovedRequirements } from "#harness/proof/report/coverage.ts";
import { toJson } from "#harness/proof/report/json.ts";
import { listFaults } from "#harness/proof/report/list.ts";
import { describeResult, describeRun } from "#harness/proof/report/table.ts";
import { ClusterTestbed, carriedBy } from "#harness/proof/runner/cluster-testbed.ts";
import { CniTestbed } from "#harness/proof/runner/cni-testbed.ts";
import { CnmTestbed } from "#harness/proof/runner/cnm-testbed.ts";
import { runCases } from "#harness/proof/runner/runner.ts";
import { chooseFaults, namesIn, refuseRepeated, refuseUntouched } from "#harness/proof/selection.ts";

/** The proof that every check can fail. */
export const command = newCommand("prove")
  .description(
    "Proves that the checks can fail: without a fault everything must be green, then one thing at a time is broken, and the requirements that must detect it must turn red.",
  )
  .addOption(new Option("--tier <tier...>", "prove only these").choices(tiers))
  .addOption(
    completing(
      new Option("--only <name...>", "inject only these faults, with spaces or commas between them"),
      () => allFaults.map(({ name, breaks }) => ({ value: name, says: breaks })),
      { list: true },
    ),
  )
  .option(
    "--changed [ref]",
    "inject only the faults that a change touches: their test, chapter, driver or code, also by what these import; compared with this commit, default: where HEAD left main",
  )
  .option(
    "--thorough",
    "run the whole chapter, or suite, under each fault, and not only the tests of what must turn red and of what may follow",
  )
  .option(
    "--on-demand",
    `inject the faults of the chapters that run only where they are asked for too: ${chaptersOnDemand.join(", ")}`,
  )
  .option(
    "--repeat <number>",
    "inject each fault so many times, and its baseline once; of chapters",
    count,
    1,
  )
  .option("--list", "list the faults, one a line, with what must detect them")
  .option("--clusters <number>", "clusters to use at once; each driver gets at least one", Number, 4)
  .action(() => runMain(prove));

function count(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new InvalidArgumentError("expected a whole number from 1");
}

interface ProveOptions {
  tier?: Tier[];
  only?: string[];
  changed?: string | true;
  thorough?: boolean;
  onDemand?: boolean;
  repeat: number;
  list?: boolean;
  clusters: number;
}

/** Those of the faults that a change touches. Needs what the published package lacks: the project's repository, and a parser. */
async function touched(faults: readonly Fault[], reference: string | true) {
  if (!isCheckout)
    throw new UsageError("--changed: expected a clone of the project, got the published package");
  const module = `#harness/tools/changed/changed${moduleEnding}`;
  const { faultsOfChanges } = (await import(module)) as {
    faultsOfChanges: (
      faults: readonly Fault[],
      reference?: string,
    ) => Promise<{ readonly faults: readonly Fault[]; readonly told: string }>;
  };
  return reference === true ? faultsOfChanges(faults) : faultsOfChanges(faults, reference);
}

function listOf(values: readonly string[]): string {
  return [...new Set(values)].join(",");
}

/** What the vitest configuration, which vitest reads when a testbed opens, makes the projects of that runtime's places from. */
function projectsOf(
  places: readonly FaultPlaces["chapters"][],
  runtime: WorkloadRuntimeName,
): Record<string, string> {
  const drivers = places.filter((one) => runtimeOf(one) === runtime).map(({ driver }) => driver);
  return { RUNTIME: runtime, ...(drivers.length > 0 ? { DRIVER: listOf(drivers) } : {}) };
}

async function prove(): Promise<number> {
  const options = command.opts<ProveOptions>();
  const startedAt = new Date();
  const elapsedMs = () => Date.now() - startedAt.getTime();
  const chosen = chooseFaults({
    tiers: options.tier ?? tiers,
    names: options.only && namesIn(options.only),
    onDemand: options.onDemand ?? false,
    ...(isGiven("DRIVER") ? { only: readSettings().DRIVER } : {}),
    ...(isGiven("RUNTIME") ? { runtime: readSettings().RUNTIME } : {}),
  });
  const changed = options.changed === undefined ? undefined : await touched(chosen, options.changed);
  const faults = changed?.faults ?? chosen;
  if (changed) progress.say(changed.told);
  if (options.only) refuseUntouched(chosen, faults);
  if (options.list || faults.length === 0) {
    console.log(faults.length === 0 ? "nothing to prove" : listFaults(faults));
    return 0;
  }
  const { repeat } = options;
  if (repeat > 1) refuseRepeated(faults);
  const cases = casesOf(faults, { thorough: options.thorough ?? false, repeat });
  const [word] = readSettings().ENGINE;
  if (!word) throw new UsageError("ENGINE is empty");
  const places = faults.flatMap((fault) => (isOfTier(fault, "chapters") ? [fault.on] : []));
  passOn({
    FAULT: "",
    MEND: "",
    CNM_ENGINE: "",
    ENGINE: listOf([word, ...places.flatMap((place) => place.engine ?? [])]),
  });
  const settings = { ...readSettings(), KEEP: false };
  const engines = await targetEngines(settings);
  const folder = join(settings.REPORTS, "prove");
  const path = join(settings.REPORTS, "prove.json");
  rmSync(path, { force: true });

  const interruption = new AbortController();
  const { signal } = interruption;
  handleInterruptions(progress, () => interruption.abort());
  const clustersThrough = (runtime: WorkloadRuntimeName) =>
    carriedBy(
      cases.filter(({ on }) => on.tier === "chapters" && runtimeOf(on) === runtime),
      options.clusters,
    ).map(
      (carried) =>
        new ClusterTestbed(carried, {
          settings: { ...settings, RUNTIME: runtime },
          ...{ progress, engines, folder, signal },
        }),
    );
  // One waits for a fault that hangs while the other goes on.
  const cnm = cases.some(({ on }) => on.tier === "cnm") ? [1, 2].map(() => new CnmTestbed(folder)) : [];
  const cni = cases.some(({ on }) => on.tier === "cni") ? [new CniTestbed(progress)] : [];

  const results: CaseResult[] = [];
  const tell = (result: CaseResult) => {
    results.push(result);
    const seconds = (elapsedMs() / 1000).toFixed(0).padStart(4);
    progress.say(`${seconds} s  ${describeResult(result)}`);
  };
  // A vitest has the projects of one runtime. Chapters wait for the wire most of the time, which the CNM suite can use.
  for (const runtime of workloadRuntimes) {
    passOn(projectsOf(places, runtime));
    const testbeds = [...clustersThrough(runtime), ...(runtime === "netconform" ? cnm : [])];
    await runCases(cases, { testbeds, signal, tell });
    // It needs the processors.
    if (runtime === "netconform") await runCases(cases, { testbeds: cni, signal, tell });
  }
  if (signal.aborted) return 130;

  const unproved = unprovedRequirements();
  const run = {
    startedAt,
    durationMs: elapsedMs(),
    engine: engines[0]?.name ?? word,
    cases,
    results,
    unproved,
  };
  writeInOneStep(path, `${JSON.stringify(toJson(run), null, 2)}\n`);
  const { text, passed, failed, blocked } = describeRun(run);
  console.log(`${text}\nReport: ${relative(process.cwd(), path)}`);
  console.log(`${passed} passed, ${failed} failed, ${blocked} blocked`);
  return failed === 0 ? 0 : 1;
}
