import { Command } from "commander";
import { expect, test } from "vitest";
import { addSelectionOptions, argumentsOfOneRun, choose, type SelectionOptions } from "./options.ts";

function parsed(...args: string[]): SelectionOptions {
  const command = addSelectionOptions(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  return command.parse(args, { from: "user" }).opts();
}

function selected(...args: string[]) {
  const chosen = choose([], parsed(...args));
  return "selection" in chosen ? chosen.selection : chosen;
}

test("--seed is that of what chapters generate, and not that of the order", () => {
  expect(selected("--seed", "17")).toEqual({ rounds: 1, generated: 17 });
  expect(selected("--seed", "0", "--shuffle", "3")).toEqual({ rounds: 1, generated: 0, seed: 3 });
  expect(selected()).toEqual({ rounds: 1 });
});

test("--seed is handed on to each run of --watch", () => {
  expect(argumentsOfOneRun(["suites/disorder"], parsed("--seed", "17"))).toEqual([
    "suites/disorder",
    "--seed",
    "17",
  ]);
});

test.each(["x", "-1", "1.5", "2147483648"])("--seed %s is refused", (seed) => {
  expect(() => parsed(`--seed=${seed}`)).toThrow("expected a whole number from 0 to 2147483647");
});
