import type { Command } from "commander";

/** A sub-command: a line for the list of commands, and its file, which is loaded when it is asked for. */
export interface CommandEntry {
  readonly summary: string;
  readonly alias?: string;
  readonly load: () => Promise<{ readonly command: Command }>;
}

/** Sub-commands by name. */
export type Commands = Readonly<Record<string, CommandEntry>>;

/** The sub-commands of `netconform` that users have, in the order of the help. */
export const commands: Commands = {
  conform: {
    summary: "runs the chapters against the drivers and writes the reports",
    alias: "run",
    load: () => import("./commands/conformance/conform.ts"),
  },
  explain: {
    summary: "explains requirements: rule, source, tests, usual causes of a red",
    load: () => import("./commands/explain.ts"),
  },
  spec: {
    summary: "what of a specification's text changed since the requirements were made from it",
    load: () => import("./commands/spec.ts"),
  },
  init: {
    summary: "prepares a plugin's own project: driver, vitest configuration, workflow",
    load: () => import("./commands/init.ts"),
  },
  matrix: {
    summary: "runs every driver on every engine version, as one report with what drifted",
    load: () => import("./commands/conformance/matrix.ts"),
  },
  report: {
    summary: "makes the Allure report of the last run",
    load: () => import("./commands/conformance/report.ts"),
  },
  verify: {
    summary: "checks a statement of somebody else: complete, sums, digests, signature",
    load: () => import("./commands/conformance/verify.ts"),
  },
  sign: {
    summary: "signs a statement with an SSH key",
    load: () => import("./commands/conformance/sign.ts"),
  },
  implementations: {
    summary: "a page and badges of the implementations whose reports hold",
    load: () => import("./commands/conformance/implementations.ts"),
  },
  "cni-table": {
    summary: "runs the CNI suite over folders of plugins, as a table plugin × rule",
    load: () => import("./commands/cni/cni-table.ts"),
  },
  "cni-runtimes": {
    summary: "judges CNI runtimes by the calls they make, as a table runtime × rule",
    load: () => import("./commands/cni/cni-runtimes.ts"),
  },
  "cni-space": {
    summary: "combines the options of the CNI project's plugins, and tries every configuration",
    load: () => import("./commands/cni/cni-space.ts"),
  },
  tutorial: {
    summary: "runs a tutorial's own text and says of every command whether it still holds",
    load: () => import("./commands/conformance/tutorial.ts"),
  },
  cluster: {
    summary: "clusters that stay up between runs: up, down, status, ssh, preflight",
    load: () => import("./commands/cluster.ts"),
  },
  images: {
    summary: "node and workload images as a file, for machines without a Debian mirror: save, load",
    load: () => import("./commands/images.ts"),
  },
  completion: {
    summary: "completion of these commands for bash and zsh",
    load: () => import("./commands/completion.ts"),
  },
  reference: {
    summary: "the reference plugin by itself",
    load: () => import("./commands/reference.ts"),
  },
  prove: {
    summary: "injects one fault at a time; exactly its requirement must turn red",
    load: () => import("./commands/project/prove.ts"),
  },
};

/** The sub-command of that name or alias; `undefined` when there is none. */
export function findCommand(among: Commands, name: string): CommandEntry | undefined {
  return Object.entries(among).find(([own, { alias }]) => name === own || name === alias)?.[1];
}
