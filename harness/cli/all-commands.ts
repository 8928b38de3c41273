import { type Commands, commands } from "./commands.ts";
import { projectCommands } from "./project-commands.ts";

/** Every sub-command of `netconform` in a checkout. */
export const allCommands: Commands = {
  ...commands,
  ...projectCommands,
  docs: {
    summary: "writes the tables of docs/ that programs know",
    load: () => import("./commands/project/docs.ts"),
  },
};
