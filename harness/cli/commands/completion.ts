import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Argument } from "commander";
import { newCommand, runMain } from "#harness/cli/run.ts";

const scripts = join(import.meta.dirname, "../completion");

/** What a shell reads to complete command lines. */
export const command = newCommand("completion")
  .description(
    "Prints the script with which bash or zsh completes commands, options, chapters, requirements and hosts.",
  )
  .addArgument(new Argument("<shell>", "what will read the script").choices(["bash", "zsh"]))
  .addHelpText(
    "after",
    "\nFor this shell: source <(npx netconform completion bash)\nFor good: put that line into ~/.bashrc or ~/.zshrc of a machine where netconform can be called, or the script itself.",
  )
  .action((shell: string) => runMain(() => completion(shell)));

async function completion(shell: string): Promise<number> {
  process.stdout.write(await readFile(join(scripts, `netconform.${shell}`), "utf8"));
  return 0;
}
