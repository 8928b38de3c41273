import { createInterface } from "node:readline/promises";
import { Option } from "commander";
import { newCommand, runMain } from "#harness/cli/run.ts";
import { UsageError } from "#harness/core/errors.ts";
import { initialise } from "#harness/tools/init/init.ts";
import type { InitAnswers } from "#harness/tools/init/templates.ts";

interface InitOptions {
  kind?: InitAnswers["kind"];
  name?: string;
  binary?: string;
}

const nameRule = /^[a-z0-9][a-z0-9_.-]*$/i;

/** A plugin's own project, prepared for the suite. */
export const command = newCommand("init")
  .description(
    "Prepares the project in this folder for the suite: a driver for your plugin, a vitest configuration, a workflow. Files that are there stay.",
  )
  .addOption(new Option("--kind <kind>", "what the plugin is").choices(["cnm", "cni"]))
  .option("--name <name>", "name of the driver (docker network create -d NAME), or of the CNI plugin")
  .option("--binary <path>", "with --kind cni: the executable, to be put onto the nodes")
  .action((options: InitOptions) => runMain(() => init(options)));

async function init(options: InitOptions): Promise<number> {
  const answers = await ask(options);
  const { made, kept } = await initialise(process.cwd(), answers);
  for (const path of made) console.log(`made  ${path}`);
  for (const path of kept) console.log(`kept  ${path}, which was there`);
  console.log("\nnext: npx netconform run basics");
  return 0;
}

/** What the flags leave open is asked; without a terminal it is the caller's mistake. */
async function ask({ kind, name, binary }: InitOptions): Promise<InitAnswers> {
  if (kind !== undefined && name !== undefined) return { kind, name: checked(name), binary };
  if (!process.stdin.isTTY) {
    throw new UsageError("expected --kind and --name, since there is no terminal to ask on", {
      hint: "netconform init --kind cnm --name my-plugin",
    });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answered = kind ?? (await terminal.question("Is your plugin for cnm (Docker) or cni? [cnm] "));
    if (answered !== "" && answered !== "cnm" && answered !== "cni") {
      throw new UsageError(`${answered}: expected cnm or cni`);
    }
    return {
      kind: answered === "cni" ? "cni" : "cnm",
      name: checked(name ?? (await terminal.question("What is it called? "))),
      binary,
    };
  } finally {
    terminal.close();
  }
}

function checked(name: string): string {
  if (nameRule.test(name)) return name;
  throw new UsageError(`--name ${name}: expected letters, digits, '_', '.' and '-'`);
}
