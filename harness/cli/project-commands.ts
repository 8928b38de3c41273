import type { Commands } from "./commands.ts";

/** The sub-commands that only a checkout has, apart from `docs`, which describes them. */
export const projectCommands: Commands = {
  bench: {
    summary: "benchmarks, as ratios in one run",
    load: () => import("./commands/project/bench.ts"),
  },
  test: {
    summary: "the project's own tests",
    load: () => import("./commands/project/test.ts"),
  },
  "test:vagrant": {
    summary: "set-up, multi-host chapter and VLANs on virtual machines",
    load: () => import("./commands/project/test-vagrant.ts"),
  },
  garbage: {
    summary: "malformed answers of plugins and damaged files",
    load: () => import("./commands/project/trust/garbage.ts"),
  },
  kills: {
    summary: "commands that are killed at random moments",
    load: () => import("./commands/project/trust/kills.ts"),
  },
  mutate: {
    summary: "mutants of the code on the way to a verdict that no unit test notices",
    load: () => import("./commands/project/trust/mutate.ts"),
  },
  flips: {
    summary: "how often requirements flip, and which outcomes are verdicts",
    load: () => import("./commands/project/trust/flips.ts"),
  },
  check: {
    summary: "types, lint, unit tests",
    load: () => import("./commands/project/check.ts"),
  },
  build: {
    summary: "builds the package that users install",
    load: () => import("./commands/project/build.ts"),
  },
};
