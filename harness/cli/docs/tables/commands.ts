import { tmpdir } from "node:os";
import type { Command } from "commander";
import type { Commands } from "#harness/cli/commands.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { markdownTable } from "#harness/core/text/markdown.ts";

/** Every command as its own `--help` describes it: one table over all, then a section for each. */
export async function commandsTable(commands: Commands): Promise<string> {
  const loaded = await Promise.all(
    Object.entries(commands).map(async ([name, { summary, load }]) => ({
      name,
      summary,
      command: (await load()).command,
    })),
  );
  const overview = markdownTable(
    ["command", "what it does"],
    loaded.map(({ summary, command }) => [`\`${usageOf(command)}\``, summary]),
  );
  return [overview, ...loaded.map(({ name, command }) => `## ${name}\n\n${describe(command)}`)].join("\n\n");
}

function describe(command: Command): string {
  const rows = termsOf(command);
  return [
    wrap(command.description()),
    ...(rows.length > 0 ? [markdownTable(["argument, option, sub-command", "meaning"], rows)] : []),
  ].join("\n\n");
}

/** Arguments, options and sub-commands, and below each sub-command its own. */
function termsOf(command: Command, prefix = ""): string[][] {
  const help = command.createHelp();
  const term = (text: string) => `\`${prefix}${text}\``;
  return [
    ...help
      .visibleArguments(command)
      .map((argument) => [
        ...[term(help.argumentTerm(argument)), portable(help.argumentDescription(argument))],
      ]),
    ...help
      .visibleOptions(command)
      .filter((option) => option.long !== "--help")
      .map((option) => [term(help.optionTerm(option)), portable(help.optionDescription(option))]),
    ...help
      .visibleCommands(command)
      .filter((each) => each.name() !== "help")
      .flatMap((each) => [
        [term(help.subcommandTerm(each)), portable(help.subcommandDescription(each))],
        ...termsOf(each, `${prefix}${each.name()} … `),
      ]),
  ];
}

function usageOf(command: Command): string {
  const { usage } = { usage: command.usage() };
  return `${command.name()} ${usage.replace("[options] ", "").replace("[options]", "")}`.replace(
    /( --)? *$/,
    "",
  );
}

/** In lines of at most 120 characters. */
function wrap(text: string): string {
  return text.replaceAll(/(?=.{121})(.{1,120}) /g, "$1\n");
}

/** Without what is this machine's own. */
function portable(text: string): string {
  return text.replaceAll(`${projectRoot}/`, "").replaceAll(tmpdir(), "/tmp");
}
