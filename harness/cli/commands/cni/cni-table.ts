import { mkdir, readFile, writeFile } from "node:fs/promises";
import { arch, release } from "node:os";
import { join, resolve } from "node:path";
import { newCommand, runMain } from "#harness/cli/run.ts";
import { handleInterruptions } from "#harness/cluster/interruption.ts";
import { debianPackage } from "#harness/cni/debian/debian.ts";
import { runCniSuite } from "#harness/conformance/cni-run/run-suite.ts";
import { progress } from "#harness/core/async/progress.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { replaceBlock } from "#harness/core/text/markdown.ts";
import { typed } from "#harness/core/typed.ts";
import type { TableColumn } from "#harness/tools/cni-table/column.ts";
import { findGenerations, type Generation } from "#harness/tools/cni-table/generations.ts";
import { columnsOf, countOutcomes, formatTable } from "#harness/tools/cni-table/table.ts";

interface Options {
  debian?: boolean;
  docs?: boolean;
  output?: string;
  versions: string;
}

const document = join(projectRoot, "docs/cni-plugins.md");
/** The CNI suite over folders of plugins. */
export const command = newCommand("cni-table")
  .description(
    "Runs the CNI suite over folders of plugins and writes the table plugin × rule as JSON and Markdown.",
  )
  .argument("[folders...]", "folders with plugins, each as LABEL=FOLDER or FOLDER, e.g. 1.9.1=/usr/lib/cni")
  .option("--debian", `both generations of Debian's ${debianPackage}, from the mirror of the images`)
  .option("--docs", "put the table into docs/cni-plugins.md as well; only with --debian alone")
  .option("--output <folder>", "where cni-table.json and cni-table.md go; default: the reports folder")
  .option(
    "--versions <list>",
    "versions of the specification, separated by commas, or newest: the newest that a plugin claims",
    "newest",
  )
  .addHelpText(
    "after",
    "\nNeeds root and a folder or --debian. A broken rule is a result: the exit code is 0 when every rule was judged or blocked.",
  )
  .action((folders: string[], options: Options) => runMain(() => cniTable(folders, options)));

async function cniTable(folders: readonly string[], options: Options): Promise<number> {
  const settings = readSettings();
  handleInterruptions(progress);
  const generations = await findGenerations("cni-table", folders, options, settings);
  const columns: TableColumn[] = [];
  for (const { name, folder } of generations) {
    const results = await progress.step(
      `testing the CNI plugins ${name}`,
      (onProgress) => runCniSuite({ plugins: [folder], versions: options.versions.split(","), onProgress }),
      { announce: true },
    );
    columns.push(...columnsOf({ generation: name, folder }, results));
  }
  const facts = [new Date().toISOString().slice(0, 10), `Linux ${release().split("-", 1)[0]} on ${arch()}`];
  const again = typed(["cni-table", ...process.argv.slice(3)].join(" "));
  const markdown = (told: (generation: Generation) => string) =>
    formatTable(columns, {
      command: again,
      facts,
      generations: Object.fromEntries(generations.map((one) => [one.name, told(one)])),
    });
  const target = resolve(options.output ?? settings.REPORTS);
  await mkdir(target, { recursive: true });
  const json = { command: again, facts, generations, columns };
  await writeFile(join(target, "cni-table.json"), `${JSON.stringify(json, undefined, 2)}\n`);
  const table = markdown(({ folder }) => `CNI=${folder}`);
  await writeFile(
    join(target, "cni-table.md"),
    `# CNI plugins and the rules of the specification\n\n${table}`,
  );
  const counts = countOutcomes(columns);
  const unjudged = (counts.error ?? 0) + (counts["not run"] ?? 0);
  if (options.docs && unjudged === 0) await writeDocument(markdown(({ what }) => what));
  else if (options.docs) progress.say("docs/cni-plugins.md is left as it is: not every rule was judged");
  const told = Object.entries(counts).map(([outcome, count]) => `${count} ${outcome}`);
  process.stdout.write(`${join(target, "cni-table.md")}\n`);
  process.stdout.write(`${columns.length} plugins, rules: ${told.join(", ")}\n`);
  return unjudged > 0 ? 1 : 0;
}

/** Puts the table into the document, beside what people have written there. */
async function writeDocument(table: string): Promise<void> {
  // No profile of the table needs the folder in which the run was started; only one of a user's own does.
  const anywhere = table.replaceAll(process.cwd(), "$PWD");
  const text = replaceBlock(await readFile(document, "utf8"), "cni-table", anywhere);
  if (text === undefined)
    throw new HarnessError(`${document}: expected the comment <!-- cni-table -->, got none`);
  await writeFile(document, text);
}
