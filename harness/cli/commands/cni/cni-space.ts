import { mkdir, readFile, writeFile } from "node:fs/promises";
import { arch, release } from "node:os";
import { join, resolve } from "node:path";
import { newCommand, runMain } from "#harness/cli/run.ts";
import { handleInterruptions } from "#harness/cluster/interruption.ts";
import { debianPackage } from "#harness/cni/debian/debian.ts";
import { progress } from "#harness/core/async/progress.ts";
import { HarnessError, UsageError } from "#harness/core/errors.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { replaceBlock } from "#harness/core/text/markdown.ts";
import { typed } from "#harness/core/typed.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { seenBugs } from "#harness/tools/cni-space/bugs.ts";
import { findingsOf } from "#harness/tools/cni-space/findings.ts";
import type { OptionSpace } from "#harness/tools/cni-space/option.ts";
import { formatPage, type SpaceReport } from "#harness/tools/cni-space/report/page.ts";
import { planSpace, runSpace, type SpacePlan } from "#harness/tools/cni-space/space-run.ts";
import { spaces } from "#harness/tools/cni-space/spaces.ts";
import { findGenerations, type Generation } from "#harness/tools/cni-table/generations.ts";

interface Options {
  debian?: boolean;
  docs?: boolean;
  output?: string;
  seed: string;
  plugin?: string[];
  only?: string[];
}

const document = join(projectRoot, "docs/cni-configurations.md");
/** The configuration space of the CNI project's plugins. */
export const command = newCommand("cni-space")
  .description(
    "Combines the options of the CNI project's plugins pairwise, runs every configuration against the rules that it can break, and writes a page and JSON.",
  )
  .argument("[folders...]", "folders with plugins, each as LABEL=FOLDER or FOLDER, e.g. 1.9.1=/usr/lib/cni")
  .option("--debian", `both generations of Debian's ${debianPackage}, from the mirror of the images`)
  .option("--docs", "put the page into docs/cni-configurations.md as well; only with --debian alone")
  .option("--output <folder>", "where cni-space.json and cni-space.md go; default: the reports folder")
  .option(
    "--seed <number>",
    "which of the possible sets of configurations; the same for the same number",
    "1",
  )
  .option("--plugin <names...>", "only these plugins")
  .option("--only <names...>", "only these configurations, e.g. bridge-07; they are those of the same seed")
  .addHelpText(
    "after",
    "\nNeeds root and a folder or --debian. A broken rule is a result: the exit code is 0 when every configuration was judged.",
  )
  .action((folders: string[], options: Options) => runMain(() => cniSpace(folders, options)));

async function cniSpace(folders: readonly string[], options: Options): Promise<number> {
  const settings = readSettings();
  const seed = readSeed(options.seed);
  const chosen = chooseSpaces(options);
  const isWhole = !options.plugin && !options.only;
  if (options.docs && !isWhole) throw new UsageError("cni-space: --docs is for all configurations");
  handleInterruptions(progress);
  const generations = await findGenerations("cni-space", folders, options, settings);
  const host = new LocalHost();
  const selection = { seed, spaces: chosen, only: options.only };
  const plans: SpacePlan[] = [];
  for (const { name: generation, folder } of generations) {
    plans.push(await planSpace(host, { generation, folder }, selection));
  }
  const names = plans.flatMap(({ jobs }) => jobs.map(({ configuration }) => configuration.name));
  const unknown = options.only?.filter((name) => !names.includes(name)) ?? [];
  if (unknown.length > 0) throw new UsageError(`cni-space: there is no configuration ${unknown.join(", ")}`);
  const reports: SpaceReport[] = [];
  for (const plan of plans) {
    const what = `running configurations of the CNI plugins ${plan.generation}`;
    reports.push(await progress.step(what, (detail) => runSpace(host, plan, detail), { announce: true }));
  }
  const facts = [new Date().toISOString().slice(0, 10), `Linux ${release().split("-", 1)[0]} on ${arch()}`];
  const again = typed(["cni-space", ...process.argv.slice(3)].join(" "));
  const page = (told: (generation: Generation) => string) =>
    formatPage(reports, {
      command: again,
      facts,
      generations: Object.fromEntries(generations.map((one) => [one.name, told(one)])),
    });
  const target = resolve(options.output ?? settings.REPORTS);
  await mkdir(target, { recursive: true });
  const bugs = seenBugs(reports).map(({ bug, seen }) => ({ id: bug.id, what: bug.what, seen }));
  const json = { command: again, seed, facts, generations, bugs, reports };
  await writeFile(join(target, "cni-space.json"), `${JSON.stringify(json, undefined, 2)}\n`);
  const title = "# CNI plugins and their configurations";
  await writeFile(join(target, "cni-space.md"), `${title}\n\n${page(({ folder }) => `CNI=${folder}`)}\n`);
  const errors = reports.flatMap(({ generation, walked }) =>
    walked.flatMap(({ name, error }) => (error === undefined ? [] : [`${name} of ${generation}: ${error}`])),
  );
  for (const error of errors) progress.say(error);
  if (options.docs && errors.length === 0) await writeDocument(page(({ what }) => what));
  else if (options.docs) progress.say(`${document} is left as it is: not every configuration was judged`);
  process.stdout.write(`${join(target, "cni-space.md")}\n${reports.map(summaryOf).join("\n")}\n`);
  return errors.length > 0 ? 1 : 0;
}

function readSeed(text: string): number {
  const seed = Number(text);
  if (Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new UsageError(`cni-space: expected --seed to be a whole number, got ${text}`);
}

function chooseSpaces({ plugin }: Options): readonly OptionSpace[] {
  const known = spaces.map((space) => space.plugin);
  const unknown = plugin?.filter((name) => !known.includes(name)) ?? [];
  if (unknown.length > 0) {
    throw new UsageError(`cni-space: no options of ${unknown.join(", ")} are declared`, {
      hint: `there are those of ${known.join(", ")}`,
    });
  }
  return plugin ? spaces.filter((space) => plugin.includes(space.plugin)) : spaces;
}

function summaryOf(report: SpaceReport): string {
  const { generation, walked } = report;
  const verdicts = walked.flatMap((one) => Object.values(one.verdicts));
  const count = (outcome: string) => verdicts.filter((verdict) => verdict.outcome === outcome).length;
  const bugs = seenBugs([report]).length;
  return `plugins ${generation}: ${walked.length} configurations; rules: ${count("passed")} passed, ${count("failed")} failed, ${count("not run")} not run; ${findingsOf(report).length} findings, ${bugs} known bugs`;
}

/** Puts the page into the document, beside what people have written there. */
async function writeDocument(page: string): Promise<void> {
  const text = replaceBlock(await readFile(document, "utf8"), "cni-space", `\n${page}\n`);
  if (text === undefined)
    throw new HarnessError(`${document}: expected the comment <!-- cni-space -->, got none`);
  await writeFile(document, text);
}
