import type { AdminClient } from "#drivers/reference/admin/client.ts";
import { defaultTenant } from "#drivers/reference/model/state/state.ts";
import { type Arguments, BadArguments, type Flag } from "./arguments.ts";

/** One command of netctl. */
export interface NetctlCommand {
  readonly says: string;
  /** What its words are called, in order; all of them are needed. */
  readonly words: readonly string[];
  readonly flags: readonly Flag[];
  /** Resolves to what it prints. Throws `BadArguments`, or `Refusal` with the plugin's message. */
  run(call: NetctlCall): Promise<string>;
}

/** A command with what it was given. */
export interface NetctlCall extends Arguments {
  readonly admin: AdminClient;
  /** The tenant that is named, else the default one. */
  readonly tenant: string;
}

/** NetctlCommands by noun and verb, e.g. `net create`. */
export type NetctlCommands = Readonly<Record<string, NetctlCommand>>;

export const tenantFlag: Flag = { name: "tenant", as: ["t", "tenant"], value: "TENANT" };
const allFlag: Flag = { name: "all", as: ["a", "all"] };
const quietFlag: Flag = { name: "quiet", as: ["q", "quiet"] };
const jsonFlag: Flag = { name: "json", as: ["j", "json"] };

/** A listing of one kind: a table, with `-q` the names alone, with `-j` everything as JSON. */
export function listing<Item>(
  says: string,
  options: {
    /** `ofTenant`: the default tenant's unless `-t` names another or `-a` asks for all. */
    ofTenant: boolean;
    words?: readonly string[];
    list(call: NetctlCall, chosen: { tenant?: string }): Promise<readonly Item[]>;
    nameOf(item: Item): string;
    format(items: readonly Item[]): string;
  },
): NetctlCommand {
  const { ofTenant, words = [], list, nameOf, format } = options;
  return {
    says,
    words,
    flags: [...(ofTenant ? [tenantFlag] : []), allFlag, quietFlag, jsonFlag],
    async run(call) {
      const { all, quiet, json } = call.flags;
      const items = await list(call, all ? {} : { tenant: call.tenant });
      if (json) return `${JSON.stringify(items, null, 2)}\n`;
      if (quiet) return items.map((item) => `${nameOf(item)}\n`).join("");
      return format(items);
    },
  };
}

/** A command's call. Throws `BadArguments` where it has other words than it takes. */
export function callOf({ words }: NetctlCommand, given: Arguments, admin: AdminClient): NetctlCall {
  if (given.words.length !== words.length) {
    throw new BadArguments(
      `Invalid Arguments: expected ${words.join(" ") || "none"}, got ${given.words.join(" ") || "nothing"}`,
    );
  }
  return { ...given, admin, tenant: given.flags.tenant || defaultTenant };
}

/** A number. Throws `BadArguments` for anything else. */
export function numberOf(flag: string, given: string): number {
  const number = Number(given);
  if (given.trim() === "" || !Number.isInteger(number)) {
    throw new BadArguments(`invalid value "${given}" for flag -${flag}: expected a number`);
  }
  return number;
}

/** How a command is called, on one line for it and one for each of its flags. */
export function usageOf(name: string, { says, words, flags }: NetctlCommand): string {
  const lines = flags.map(({ as, value, repeats }) => {
    const spelt = as.map((one) => (one.length === 1 ? `-${one}` : `--${one}`)).join(", ");
    return `   ${spelt}${value ? ` ${value}` : ""}${repeats ? "  (several: again, or with commas)" : ""}\n`;
  });
  const call = ["netctl", name, ...(flags.length > 0 ? ["[flags]"] : []), ...words].join(" ");
  return `${call}\n   ${says}\n${lines.join("")}`;
}

/** All commands, a line each. */
export function usageOfAll(commands: NetctlCommands): string {
  const calls = Object.entries(commands).map(
    ([name, { words, says }]) => [["netctl", name, ...words].join(" "), says] as const,
  );
  const width = Math.max(...calls.map(([call]) => call.length));
  return calls.map(([call, says]) => `${call.padEnd(width)}  ${says}\n`).join("");
}
