import { type CommandEntry, type Commands, commands } from "./commands.ts";

/** Every sub-command of `netconform`. */
export const allCommands: Commands = {
  ...commands,
  docs: {
    summary: "writes the tables of docs/ that programs know",
    load: () => import("./commands/project/docs.ts"),
  },
};

/** The sub-command of that name or alias; `undefined` when there is none. */
export function findCommand(name: string): CommandEntry | undefined {
  return Object.entries(allCommands).find(([own, { alias }]) => name === own || name === alias)?.[1];
}
