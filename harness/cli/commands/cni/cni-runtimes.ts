import { mkdir, readFile, writeFile } from "node:fs/promises";
import { arch, release } from "node:os";
import { join, resolve } from "node:path";
import { Option } from "commander";
import { newCommand, runMain } from "#harness/cli/run.ts";
import {
  forgetWhenInterrupted,
  handleInterruptions,
  removeWhenInterrupted,
} from "#harness/cluster/interruption.ts";
import { judgeAll } from "#harness/cni/runtimes/judges/judges.ts";
import { playScenes } from "#harness/cni/runtimes/scenes/scenes.ts";
import { type RuntimeName, runtimeNames, startRuntime } from "#harness/cni/runtimes/start.ts";
import { progress } from "#harness/core/async/progress.ts";
import { HarnessError, UsageError } from "#harness/core/errors.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { replaceBlock } from "#harness/core/text/markdown.ts";
import { typed } from "#harness/core/typed.ts";
import { proveRuntime } from "#harness/proof/mutants/cni-runtime/prove.ts";
import { columnOf, formatRuntimes, type RuntimeColumn } from "#harness/tools/cni-runtimes/table.ts";
import { type RuntimeRuleId, runtimeRuleIds } from "#suites/requirements/rules/cni-runtime.ts";

interface Options {
  docs?: boolean;
  mutants?: boolean;
  only?: RuntimeRuleId[];
  output?: string;
}

const document = join(projectRoot, "docs/cni-runtimes.md");

/** The runtime side of the CNI specification, for several runtimes. */
export const command = newCommand("cni-runtimes")
  .description(
    "Has CNI runtimes call recording plugins, judges the calls by the runtime's rules of the specification, and writes the table runtime × rule as JSON and Markdown.",
  )
  .argument("[runtimes...]", `which: ${runtimeNames.join(", ")}; default: all`)
  .option("--docs", "put the table into docs/cni-runtimes.md as well; only with all runtimes")
  .option(
    "--mutants",
    "instead: put one mistake after the other into the project's own runtime; exactly its rule must turn red",
  )
  .addOption(new Option("--only <rule...>", "with --mutants: those of these rules").choices(runtimeRuleIds))
  .option("--output <folder>", "where cni-runtimes.json and cni-runtimes.md go; default: the reports folder")
  .addHelpText(
    "after",
    "\nNeeds root. A broken rule is a result: the exit code is 0 when every runtime was judged.",
  )
  .action((names: string[], options: Options) => runMain(() => cniRuntimes(names, options)));

async function cniRuntimes(
  names: readonly string[],
  { docs = false, mutants = false, only, output }: Options,
): Promise<number> {
  const unknown = names.filter((name) => !(runtimeNames as readonly string[]).includes(name));
  if (unknown.length > 0)
    throw new UsageError(`cni-runtimes: expected ${runtimeNames.join(", ")}, got ${unknown.join(", ")}`);
  if (docs && (names.length > 0 || mutants))
    throw new UsageError("cni-runtimes: --docs is for all runtimes: the page compares them");
  if (mutants && names.some((name) => name !== "netconform"))
    throw new UsageError("cni-runtimes: --mutants is for netconform alone, whose source is here");
  if (only && !mutants) throw new UsageError("cni-runtimes: --only is for --mutants");
  if (process.getuid?.() !== 0)
    throw new UsageError("cni-runtimes needs root: network namespaces are made", {
      hint: "run it with sudo",
    });
  const settings = readSettings();
  handleInterruptions(progress);
  if (mutants) return proveRuntime(progress, only, (line) => process.stdout.write(`${line}\n`));

  const columns: RuntimeColumn[] = [];
  for (const name of names.length > 0 ? (names as RuntimeName[]) : runtimeNames) {
    await progress.step(
      `judging ${name}`,
      async (detail) => {
        await using runtime = await startRuntime(name, settings, progress);
        removeWhenInterrupted(name, async () => runtime[Symbol.asyncDispose]());
        columns.push(columnOf(runtime, judgeAll(await playScenes(runtime, detail))));
        forgetWhenInterrupted(name);
      },
      { announce: true },
    );
  }
  const facts = [new Date().toISOString().slice(0, 10), `Linux ${release().split("-", 1)[0]} on ${arch()}`];
  const again = typed(["cni-runtimes", ...process.argv.slice(3)].join(" "));
  const table = formatRuntimes(columns, { command: again, facts });
  const target = resolve(output ?? settings.REPORTS);
  await mkdir(target, { recursive: true });
  await writeFile(
    join(target, "cni-runtimes.json"),
    `${JSON.stringify({ command: again, facts, columns }, undefined, 2)}\n`,
  );
  await writeFile(
    join(target, "cni-runtimes.md"),
    `# CNI runtimes and the rules of the specification\n\n${table}`,
  );
  if (docs) await writeDocument(table);
  process.stdout.write(`${join(target, "cni-runtimes.md")}\n`);
  for (const { runtime, rules } of columns) process.stdout.write(`${runtime}: ${count(rules)}\n`);
  return 0;
}

function count(rules: RuntimeColumn["rules"]): string {
  const outcomes = Map.groupBy(Object.values(rules), ({ outcome }) => outcome);
  return [...outcomes].map(([outcome, { length }]) => `${length} ${outcome}`).join(", ");
}

/** Puts the table into the document, beside what people have written there. */
async function writeDocument(table: string): Promise<void> {
  const text = replaceBlock(await readFile(document, "utf8"), "cni-runtimes", table);
  if (text === undefined)
    throw new HarnessError(`${document}: expected the comment <!-- cni-runtimes -->, got none`);
  await writeFile(document, text);
}
