import { mkdir, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { Command } from "commander";
import { runTier } from "#harness/cni/run-tier.ts";
import { columnsOf, formatTable, type TableColumn } from "#harness/cni/table.ts";
import { readSettings } from "#harness/config/settings.ts";
import { UsageError } from "#harness/errors.ts";

interface Options {
  output?: string;
  versions: string;
  short?: boolean;
}

const program = new Command("cni-table")
  .description(
    "runs the CNI tier over folders of plugins and writes the table plugin × rule as JSON and Markdown",
  )
  .argument("<folders...>", "folders with plugins, each as LABEL=FOLDER or FOLDER, e.g. 1.9.1=/usr/lib/cni")
  .option("--output <folder>", "where cni-table.json and cni-table.md go; default: the reports folder")
  .option(
    "--versions <list>",
    "versions of the specification, separated by commas, or newest: the newest that a plugin claims",
    "newest",
  )
  .option("--short", "leave the lines that repeat a defect out of the Markdown")
  .action(async (folders: string[], { output, versions, short = false }: Options) => {
    const columns: TableColumn[] = [];
    for (const argument of folders) {
      const [label, folder] = split(argument);
      process.stderr.write(`cni-table: running the tier over the plugins in ${folder}\n`);
      const results = await runTier({ plugins: [folder], versions: versions.split(",") });
      columns.push(...columnsOf(label, results));
    }
    const target = resolve(output ?? readSettings().REPORTS);
    await mkdir(target, { recursive: true });
    await writeFile(join(target, "cni-table.json"), `${JSON.stringify(columns, undefined, 2)}\n`);
    await writeFile(join(target, "cni-table.md"), formatTable(columns, { short }));
    process.stdout.write(`${join(target, "cni-table.md")}\n`);
  });

function split(argument: string): [label: string, folder: string] {
  const at = argument.indexOf("=");
  const folder = resolve(argument.slice(at + 1));
  return [at < 0 ? basename(folder) : argument.slice(0, at), folder];
}

await program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`cni-table: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
