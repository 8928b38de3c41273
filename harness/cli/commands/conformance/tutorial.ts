import { builtInDrivers } from "#drivers/built-in.ts";
import { newCommand, runMain } from "#harness/cli/run.ts";
import { handleInterruptions } from "#harness/cluster/interruption.ts";
import { targetEngines } from "#harness/cluster/providers.ts";
import { progress } from "#harness/core/async/progress.ts";
import { readGitHubStep } from "#harness/core/settings/github-step.ts";
import { isGiven, readSettings } from "#harness/core/settings/settings.ts";
import { coverageOf, describeCoverage, readClaims } from "#harness/tools/tutorial/coverage.ts";
import {
  defaultMapping,
  loadMapping,
  readingOf,
  unknownPlugins,
} from "#harness/tools/tutorial/mapping/load.ts";
import { readLines } from "#harness/tools/tutorial/parse/document.ts";
import { parseTutorial } from "#harness/tools/tutorial/parse/tutorial.ts";
import {
  annotateBroken,
  describeResult,
  describeRun,
  describeSteps,
} from "#harness/tools/tutorial/report/console.ts";
import { describeDrift, driftBetween } from "#harness/tools/tutorial/report/drift.ts";
import { writeDrift, writeReports } from "#harness/tools/tutorial/report/write.ts";
import { loadPlugin, type TutorialPlugin } from "#harness/tools/tutorial/run/plugin.ts";
import {
  countVerdicts,
  runTutorial,
  type TutorialRun,
  titleOf,
} from "#harness/tools/tutorial/run/tutorial-run.ts";
import { checkHosts, nodesNeeded, selectSteps } from "#harness/tools/tutorial/select.ts";

interface Options {
  list?: boolean;
  chapter?: string;
  from?: string;
  to?: string;
  mapping: string;
  plugin?: string;
  claims?: string;
}

/** A tutorial's own text, command by command. */
export const command = newCommand("tutorial")
  .description(
    "Runs the commands of a tutorial on a cluster, and says of each whether it still does what the text shows.",
  )
  .argument(
    "<file>",
    "a tutorial in Markdown, with transcripts behind prompts such as user@node1:~$ or $ in fences",
  )
  .option("--list", "list the commands that were found, without running any")
  .option("--chapter <chapter>", "only this chapter: its number, or words of its title")
  .option("--from <line>", "only from this line of the file on")
  .option("--to <line>", "only up to this line of the file")
  .option(
    "--mapping <file>",
    "how the text's commands are run here; docs/tutorial.md says how to write one in five minutes",
    defaultMapping,
  )
  .option(
    "--plugin <plugin>",
    "what carries the text's plugin chapters: none, or a driver as DRIVER names one, or several with commas, one after the other; default: what the mapping says, else reference",
  )
  .option(
    "--claims <file>",
    "a table of claims in Markdown; says which of them the text touches, and which lines no assertion covers",
  )
  .addHelpText(
    "after",
    "\nENGINE names the Docker Engines, one after the other; with more than one, or more than one plugin, the commands that do not do the same on all are told.\nMappings that are ready: mapping.yaml (two VMs with Contiv), docker.yaml beside it (Docker's own networking tutorials).\nExit code: 0 when no command is broken, 1 when one is, 2 for a mistake.",
  )
  .action((file: string, options: Options) => runMain(() => tutorial(file, options)));

async function tutorial(file: string, options: Options): Promise<number> {
  const given = readSettings();
  const mapping = loadMapping(options.mapping);
  const parsed = parseTutorial(file, readLines(file, "a tutorial in Markdown"), readingOf(mapping));
  const steps = selectSteps(parsed, options);
  const fixed = isGiven("NODES") || given.CLUSTER === "ssh";
  const settings = fixed ? given : { ...given, NODES: Math.max(given.NODES, nodesNeeded(steps, mapping)) };
  checkHosts(parsed, steps, mapping, settings.NODES);
  const coverage =
    options.claims === undefined
      ? undefined
      : coverageOf(
          steps,
          readClaims(options.claims, readLines(options.claims, "a table of claims in Markdown")),
          mapping,
        );
  if (options.list) {
    console.log(describeSteps(parsed, steps));
    if (coverage) console.log(describeCoverage(coverage));
    return 0;
  }
  const engines = await targetEngines(settings);
  const plugins: TutorialPlugin[] = [];
  for (const name of new Set((options.plugin ?? mapping.plugin).split(","))) {
    plugins.push(await loadPlugin(name, engines, settings));
  }
  const known = [...builtInDrivers, ...plugins.map(({ name }) => name)];
  for (const name of unknownPlugins(mapping, known)) {
    progress.say(`${options.mapping} has rules for the plugin ${name}, which is none of the suite's own`);
  }
  handleInterruptions(progress);
  const step = readGitHubStep();
  const runs: TutorialRun[] = [];
  let passed = 0;
  let failed = 0;
  for (const { engine, plugin } of engines.flatMap((engine) =>
    plugins.map((plugin) => ({ engine, plugin })),
  )) {
    const run = await runTutorial({
      ...{ settings, progress, tutorial: parsed, steps, mapping, engine, plugin },
      pluginsDiffer: plugins.length > 1,
      tell: (result) => console.log(describeResult(result)),
    });
    runs.push(run);
    console.log(describeRun(run));
    if (step) for (const line of annotateBroken(run, step)) console.log(line);
    for (const path of writeReports(run, coverage, settings.REPORTS)) console.log(path);
    const counts = countVerdicts(run.results);
    passed += counts.same + counts["differs harmlessly"];
    failed += counts.broken;
  }
  if (coverage) console.log(describeCoverage(coverage));
  if (runs.length > 1) {
    const drift = driftBetween(runs);
    console.log(`${drift.length} commands do not do the same with ${runs.map(titleOf).join(", ")}`);
    if (drift.length > 0) console.log(describeDrift(drift));
    console.log(writeDrift(runs, settings.REPORTS));
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
