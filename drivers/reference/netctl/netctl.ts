import { exits, logLine } from "#drivers/kit/netctl/messages.ts";
import type { AdminClient } from "#drivers/reference/admin/client.ts";
import { NoPluginAnswers } from "#drivers/reference/admin/client.ts";
import { Refusal } from "#drivers/reference/model/refusal.ts";
import { BadArguments, readArguments } from "./arguments.ts";
import { callOf, type NetctlCommand, type NetctlCommands, usageOf, usageOfAll } from "./command.ts";
import { networkCommands } from "./networks.ts";
import { policyCommands } from "./policies.ts";
import { groupCommands, tenantCommands } from "./tenants.ts";

/** How a command line ended. `output` belongs on standard output after success, else on standard error. */
export interface NetctlAnswer {
  readonly code: number;
  readonly output: string;
}

/** Every command but `version` and `help`. The process itself is not of Contiv's netctl: `plugin stop`, `plugin start`. */
export const commands: NetctlCommands = {
  ...networkCommands,
  ...tenantCommands,
  ...policyCommands,
  ...groupCommands,
  "plugin stop": {
    says: "ends the plugin as a kill would; its administration goes on",
    words: [],
    flags: [],
    run: async ({ admin }) => {
      await admin.call("halt", {});
      return "";
    },
  },
  "plugin start": {
    says: "starts it again from its state file",
    words: [],
    flags: [],
    run: async ({ admin }) => {
      await admin.call("resume", {});
      return "";
    },
  },
};

const aliases: Readonly<Record<string, string>> = { network: "net", list: "ls", delete: "rm" };

/** The nouns, with their other names: what a command line begins with. */
export const nouns: readonly string[] = [
  "version",
  "network",
  ...new Set(Object.keys(commands).map((name) => name.split(" ")[0]!)),
];

/** What can follow the first words of a command line, the noun first: the verbs, and then the flags. */
export function candidatesAfter([first = "", second]: readonly string[]): { value: string; says: string }[] {
  const noun = aliases[first] ?? first;
  if (second === undefined) {
    return Object.entries(commands).flatMap(([name, { says }]) => {
      const [of, verb = ""] = name.split(" ");
      return of === noun ? [{ value: verb, says }] : [];
    });
  }
  const name = `${noun} ${aliases[second] ?? second}`;
  const flags = Object.hasOwn(commands, name) ? (commands[name]?.flags ?? []) : [];
  return flags.flatMap(({ as, value = "" }) =>
    as.map((one) => ({ value: one.length === 1 ? `-${one}` : `--${one}`, says: value })),
  );
}

/**
 * Runs one command line of netctl, given without the word `netctl`, on the running plugin. Words, flags, tables, messages and
 * exit statuses are those of Contiv's netctl; errors that are neither the plugin's nor the user's are thrown.
 */
export async function runNetctl(admin: AdminClient, given: readonly string[]): Promise<NetctlAnswer> {
  const [first = "", second = "", ...rest] = given.map((word, index) =>
    index < 2 ? (aliases[word] ?? word) : word,
  );
  const name = `${first} ${second}`;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  try {
    if (first === "version") return { code: exits.success, output: await versions(admin) };
    if (!command) return usageOfNoun(first, second, given);
    if (rest.some(isHelp)) return { code: exits.success, output: usageOf(name, command) };
    const call = callOf(command, readArguments(rest, command.flags), admin);
    return { code: exits.success, output: await command.run(call) };
  } catch (error) {
    return failure(error, name, command);
  }
}

function failure(error: unknown, name: string, command: NetctlCommand | undefined): NetctlAnswer {
  if (error instanceof BadArguments) {
    const usage = command ? usageOf(name, command) : "";
    return { code: exits.badArguments, output: `${logLine("ERRO", error.message)}${usage}` };
  }
  if (error instanceof Refusal) return { code: exits.refused, output: logLine("ERRO", error.message) };
  if (error instanceof NoPluginAnswers)
    return { code: exits.noAnswer, output: logLine("ERRO", error.message) };
  throw error;
}

/** What there is to say of a line that names no command: the commands that begin like it. */
function usageOfNoun(noun: string, verb: string, given: readonly string[]): NetctlAnswer {
  const begun = Object.entries(commands).filter(([name]) => name.startsWith(`${noun} `));
  const usage = usageOfAll(begun.length > 0 ? Object.fromEntries(begun) : commands);
  if (isHelp(noun) || (begun.length > 0 && isHelp(verb))) return { code: exits.success, output: usage };
  const said = logLine("ERRO", `No such command: netctl ${given.join(" ")}`.trim());
  return { code: exits.badArguments, output: `${said}${usage}` };
}

function isHelp(word: string): boolean {
  return ["help", "-h", "--help"].includes(word);
}

async function versions(admin: AdminClient): Promise<string> {
  const parts = Object.entries(await admin.call("versions", {}));
  return ["the project's reference plugin", ...parts.map(([name, version]) => `${name}: ${version}`)]
    .map((line) => `${line}\n`)
    .join("");
}
