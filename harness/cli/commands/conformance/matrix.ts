import { join, resolve } from "node:path";
import { Argument, InvalidArgumentError, Option } from "commander";
import { completing } from "#harness/cli/completion/candidates.ts";
import { newCommand, runMain } from "#harness/cli/run.ts";
import {
  chaptersFor,
  checkCited,
  checkFilters,
  patternOf,
  presentChapters,
  requirementOption,
  requirementsIn,
} from "#harness/cli/selection.ts";
import { ensureEngine } from "#harness/cluster/host-engine/engine.ts";
import { ensureNodeImage } from "#harness/cluster/images/node-image.ts";
import { handleInterruptions, removeWhenInterrupted } from "#harness/cluster/interruption.ts";
import { chaptersOnDemand } from "#harness/conformance/run/projects.ts";
import { clustersThatFit } from "#harness/conformance/run/side-by-side.ts";
import { progress } from "#harness/core/async/progress.ts";
import { engineVersions, parseEngine } from "#harness/core/engines/grammar.ts";
import { UsageError } from "#harness/core/errors.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { readGitHubStep } from "#harness/core/settings/github-step.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { typed } from "#harness/core/typed.ts";
import { firewallsOffered } from "#harness/tools/matrix/firewalls.ts";
import { readHistory } from "#harness/tools/matrix/history.ts";
import { driversDocument, writeDriversDocument } from "#harness/tools/matrix/known/drivers-document.ts";
import { compareWithKnown, readKnownReds } from "#harness/tools/matrix/known/known-reds.ts";
import { MatrixRun } from "#harness/tools/matrix/matrix-run.ts";
import { mergeMatrices } from "#harness/tools/matrix/merge.ts";
import { enginesAsAsked, longestFirst, planCells } from "#harness/tools/matrix/plan/plan.ts";
import { spreadEngines } from "#harness/tools/matrix/plan/variants.ts";
import { type Pair, reportMatrix } from "#harness/tools/matrix/report.ts";
import { claimFolder } from "#reports/claim.ts";
import { describeEnvironment } from "#reports/environment.ts";
import { tellGitHubOfMatrix } from "#reports/matrix/github.ts";
import { type Firewall, firewalls, type Matrix, type PastRun } from "#reports/matrix/schema.ts";
import { matrixFiles } from "#reports/matrix/write.ts";

interface Options {
  requirement?: string;
  clusters?: number;
  firewall?: Firewall[];
  variant?: string[];
  mixed?: boolean;
  shard?: string;
  onDemand?: boolean;
  between?: string[];
  history?: string;
  nights: number;
  expect?: boolean;
  known?: string;
  docs?: boolean;
}

/** The chapters on every driver and engine version, as one report. */
export const command = newCommand("matrix")
  .description(
    "Runs the chapters on every driver and engine version, clusters side by side, and writes one report: requirement × engine × driver, what drifted, the history.",
  )
  .addArgument(
    completing(
      new Argument(
        "[what...]",
        "chapters to run, e.g. suites/multihost (default: as conform); or `merge FOLDER...`: put the reports of several runs together",
      ),
      ([first]) => {
        if (first === "merge") return "files";
        const present = presentChapters({ onDemand: true });
        return first === undefined ? [...present, "merge"] : present;
      },
    ),
  )
  .addOption(requirementOption())
  .option(
    "--clusters <number>",
    "clusters to have up at a time; default: as cores and memory allow",
    wholeNumber,
  )
  .addOption(new Option("--firewall <backend...>", "iptables of the nodes; default: both").choices(firewalls))
  .option(
    "--variant <flags...>",
    "run each engine once more with these flags of dockerd, e.g. icc=false,live-restore",
  )
  .option("--mixed", "run every ordered pair of the engines too: node1 with one, node2 with the other")
  .option(
    "--shard <part/parts>",
    "run only this part of the test files, as vitest's --shard; merge the parts afterwards",
  )
  .option(
    "--on-demand",
    `run the chapters that run only where they are asked for too: ${chaptersOnDemand.join(", ")}`,
  )
  .option(
    "--expect",
    "with merge: a cell that DRIVER, ENGINE and --firewall name and no report has counts as broken",
  )
  .addOption(
    completing(
      new Option(
        "--between <engine...>",
        "tell the drift between these two engine versions, e.g. 20.10 28.5",
      ),
      () => engineVersions,
    ),
  )
  .option(
    "--history <file>",
    `what earlier runs showed; default: ${matrixFiles.history} in the reports folder`,
  )
  .option(
    "--known <file>",
    "requirements that are known to fail, with the reports of them; they do not fail the run, one that passes does",
  )
  .option("--docs", `put the table requirement × driver × engine into ${driversDocument}`)
  .option("--nights <number>", "runs to keep in the history", wholeNumber, 400)
  .addHelpText(
    "after",
    `\nSettings are those of ${typed("conform")}, but ENGINE is ${engineVersions.join(",")} where it is not set. The reports are in REPORTS.`,
  )
  .action((what: string[], options: Options) => runMain(() => matrix(what, options)));

async function matrix(what: readonly string[], options: Options): Promise<number> {
  const settings = withAxes(readSettings(undefined, { ENGINE: engineVersions.join(",") }), options);
  const between = readBetween(options.between);
  const historyPath = resolve(options.history ?? join(settings.REPORTS, matrixFiles.history));
  const history = readHistory(historyPath);
  const known = options.known === undefined ? undefined : readKnownReds(resolve(options.known));
  const [verb, ...folders] = what;
  if (options.docs && verb !== "merge" && (verb !== undefined || options.requirement !== undefined)) {
    throw new UsageError(
      "--docs: expected the whole matrix, since a table of a part of it would hide the rest",
    );
  }
  await claimFolder(settings.REPORTS);
  const told = Promise.withResolvers<void>();
  try {
    const merged =
      verb === "merge"
        ? mergeMatrices(
            folders.map((folder) => resolve(folder)),
            settings.REPORTS,
            options.expect
              ? await planCells(settings, wantedFirewalls(settings, options), enginesAsAsked)
              : [],
          )
        : await run(what, settings, { ...options, pair: between }, history, told.promise);
    checkBetween(between, merged.cells);
    if (known) Object.assign(merged, compareWithKnown(merged.cells, known));
    const code = await reportMatrix(merged, settings.REPORTS, {
      historyPath,
      nights: options.nights,
      between,
    });
    const step = readGitHubStep();
    if (options.docs) progress.say(writeDriversDocument(merged));
    // A part of a matrix is told of when it is merged with the others.
    if (step && options.shard === undefined) {
      for (const annotation of tellGitHubOfMatrix(merged, settings.REPORTS, step)) console.log(annotation);
    }
    return code;
  } finally {
    told.resolve();
  }
}

/** Runs the cells. When the run is interrupted, the process lives on until `told`: what has run until then is reported. */
async function run(
  given: readonly string[],
  settings: Settings,
  options: Options & { readonly pair: Pair | undefined },
  history: readonly PastRun[],
  told: Promise<void>,
): Promise<Matrix> {
  const { requirement, shard, pair: between } = options;
  if (settings.CLUSTER !== "containers") {
    throw new UsageError(
      `CLUSTER=${settings.CLUSTER}: expected containers, because the matrix chooses the engine of its nodes (set in the environment)`,
      { hint: `run such hosts one by one: ${typed("conform")}` },
    );
  }
  const requirements = requirement ? requirementsIn(requirement) : [];
  const chapters = { usual: presentChapters(options), among: presentChapters({ onDemand: true }) };
  const filters = given.length > 0 ? given : chaptersFor(projectRoot, requirements, chapters);
  checkFilters(projectRoot, filters);
  checkCited(projectRoot, filters, requirements);
  const selection = [
    ...(requirement ? ["--testNamePattern", patternOf(requirement)] : []),
    ...(shard ? [`--shard=${readShard(shard)}`] : []),
    ...filters,
  ];
  const selected = [...given, ...(requirement ? [requirement] : [])];
  const wanted = wantedFirewalls(settings, options);
  const cells = await planCells(settings, wanted);
  checkBetween(between, cells);
  const clusters = Math.min(cells.length, options.clusters ?? clustersThatFit());

  handleInterruptions(progress);
  // Held for the whole run: between two cells no other process may hold it.
  const engine = await ensureEngine(settings, progress);
  let released: Promise<void> | undefined;
  const release = () => {
    released ??= engine.release();
    return released;
  };
  removeWhenInterrupted("the engine", release);
  try {
    const blocked = new Map<string, string>();
    for (const word of new Set(cells.map((cell) => cell.word))) {
      for (const { source } of parseEngine(word)) {
        const { image } = await ensureNodeImage(engine.docker, source, settings, progress);
        const lacking = await firewallsOffered(engine.docker, image, wanted);
        for (const { name, word: own, firewall } of cells) {
          const reason = lacking.get(firewall);
          if (own === word && reason !== undefined) blocked.set(name, reason);
        }
      }
    }
    progress.say(`${cells.length} cells, ${clusters} at a time: ${cells.map(({ name }) => name).join(" ")}`);
    const matrixRun = new MatrixRun({
      cells: longestFirst(cells, history),
      clusters,
      folder: settings.REPORTS,
      selection,
      selected,
      shard,
      blocked,
      progress,
      environment: describeEnvironment(settings),
    });
    removeWhenInterrupted("the cells", async () => {
      await matrixRun.stop();
      await told;
    });
    return await matrixRun.run();
  } finally {
    await release();
  }
}

/** The engines of the settings with their variants and pairs. Throws `UsageError`. */
function withAxes(settings: Settings, { variant = [], mixed = false }: Options): Settings {
  if (mixed && settings.NODES < 2) {
    throw new UsageError(`--mixed: expected NODES to be 2 or more, got ${settings.NODES}`);
  }
  if (mixed && settings.ENGINE.length < 2) {
    throw new UsageError(
      `--mixed: expected two engines or more to make pairs of, got ENGINE=${settings.ENGINE.join(",")}`,
    );
  }
  try {
    return { ...settings, ENGINE: spreadEngines(settings.ENGINE, { variants: variant, mixed }) };
  } catch (error) {
    throw new UsageError(
      `--variant ${variant.join(" ")}: expected ${(error as Error).message} (given on the command line)`,
    );
  }
}

function wantedFirewalls(settings: Pick<Settings, "FIREWALL">, { firewall }: Options): readonly Firewall[] {
  return firewall ?? (settings.FIREWALL ? [settings.FIREWALL] : firewalls);
}

/** Throws `UsageError` where no cell has an engine that is to be compared. */
function checkBetween(between: Pair | undefined, cells: readonly { readonly engine: string }[]): void {
  const there = new Set(cells.map(({ engine }) => engine));
  for (const version of between ?? []) {
    if (there.has(version)) continue;
    throw new UsageError(
      `--between ${version}: expected one of ${[...there].join(", ")} (given on the command line)`,
    );
  }
}

function readBetween(given: string[] | undefined): Pair | undefined {
  if (!given) return undefined;
  const [from, to, ...more] = given;
  if (from === undefined || to === undefined || more.length > 0) {
    throw new UsageError(`--between ${given.join(" ")}: expected two engine versions, e.g. 20.10 28.5`);
  }
  return [from, to];
}

function readShard(text: string): string {
  const [, part, parts] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  if (part && parts && Number(part) >= 1 && Number(part) <= Number(parts)) return text;
  throw new UsageError(`--shard ${text}: expected a part and the number of parts, e.g. 1/3`);
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError("Expected a whole number of at least 1.");
}
