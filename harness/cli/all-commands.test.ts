import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { projectRoot } from "#harness/core/project-root.ts";
import { typedName } from "#harness/core/typed.ts";
import { allCommands } from "./all-commands.ts";
import { findCommand } from "./commands.ts";

const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")));

test("every sub-command is an npm script of the same name, and the other way round", () => {
  const expected = Object.keys(allCommands).map((name) => [name, `node harness/cli/bootstrap.mjs ${name}`]);
  expect(scripts).toEqual(Object.fromEntries(expected));
});

test.each(Object.entries(allCommands))(
  "%s is found by its name, and says what it does",
  async (name, entry) => {
    expect(findCommand(allCommands, name)).toBe(entry);
    const { command } = await entry.load();
    expect(command.name()).toBe(typedName(name));
    expect(command.description()).not.toBe("");
  },
);

test("an alias finds its command, and other names find none", () => {
  expect(findCommand(allCommands, "run")).toBe(allCommands.conform);
  expect(findCommand(allCommands, "confrom")).toBeUndefined();
  expect(findCommand(allCommands, "constructor")).toBeUndefined();
});
