// netconform COMMAND [ARGUMENT…]: the one program. In a checkout `bootstrap.mjs` starts it, in the package `bin.mjs`.

import { endWithStarter } from "#harness/core/process/starter.ts";
import { isCheckout, moduleEnding } from "#harness/core/project-root.ts";
import { typed } from "#harness/core/typed.ts";
import { type Commands, commands, findCommand } from "./commands.ts";
import { complete, formatCompleted } from "./completion/complete.ts";
import { newCommand } from "./run.ts";

endWithStarter();
const [first = "", ...rest] = process.argv.slice(2);
// `netconform help NAME` is `netconform NAME --help`.
const [name = "", args] = first === "help" && rest.length > 0 ? [rest[0], ["--help"]] : [first, rest];
// Named so that the package, which lacks it, does not take it in.
const checkout = `./all-commands${moduleEnding}`;
const all = isCheckout ? ((await import(checkout)) as { allCommands: Commands }).allCommands : commands;
const found = findCommand(all, name);

// What the shells' scripts call; a mistake in a command line that is not whole yet is no news.
if (first === "complete") {
  const completed = await complete(all, rest[0] === "--" ? rest.slice(1) : rest).catch(() => undefined);
  if (completed) process.stdout.write(formatCompleted(completed));
} else if (found) {
  const { command } = await found.load();
  await command.parseAsync(args, { from: "user" });
} else {
  // Commander lists the commands, and names the nearest one where a name is unknown.
  const program = newCommand()
    .description("Conformance tests for container network plugins, CNM (Docker's libnetwork) and CNI.")
    .usage("COMMAND [ARGUMENT…]")
    .addHelpText(
      "after",
      `\n\`netconform COMMAND --help\` says more.${isCheckout ? ` \`${typed("COMMAND …")}\` is the same.` : ""}`,
    );
  for (const [own, { summary, alias }] of Object.entries(all)) {
    const stub = program.command(own).description(summary);
    if (alias) stub.alias(alias);
  }
  await program.parseAsync([name, ...args].filter(Boolean), { from: "user" });
}
