import { expect, test } from "vitest";
import { harmless } from "#harness/tools/tutorial/compare/comparison.ts";
import { parseTutorial } from "#harness/tools/tutorial/parse/tutorial.ts";
import type { StepResult } from "#harness/tools/tutorial/run/runner.ts";
import type { TutorialRun } from "#harness/tools/tutorial/run/tutorial-run.ts";
import { annotateDrift, describeDrift, driftBetween } from "./drift.ts";

const tutorial = parseTutorial("text.md", ["```", "a@b:~$ one | two", "a@b:~$ three", "a@b:~$ four", "```"]);

/** A run in which all commands are the same but those that `different` names by their lines. */
function run(
  engine: string,
  different: Readonly<Record<number, Partial<StepResult>>>,
  on: Partial<TutorialRun> = {},
): TutorialRun {
  const results = tutorial.steps.map((step): StepResult => {
    const rest = { reason: undefined, findings: [], notes: [], follows: undefined, ran: undefined };
    return { step, verdict: "same", ...rest, ...different[step.line] };
  });
  const times = { startedAt: 0, durationMs: 1, commandMs: 1 };
  return { tutorial, engine, plugin: "none", pluginsDiffer: false, ...times, results, ...on };
}
const ran = (output: string) => ({ node: "node1", command: "", output, code: 1, durationMs: 1 });

test("a command drifts by its verdict, by how it ends and by what it differs in, not by addresses and ids", () => {
  const runs = [
    run("20.10", {
      2: { verdict: "broken", ran: ran("Error: no such thing") },
      3: { findings: [harmless("x: expected 10.0.0.1, got 10.0.0.2")] },
      4: { findings: [harmless("further here: Ingress")] },
    }),
    run("28.5", {
      3: { findings: [harmless("x: expected 10.0.0.1, got 10.0.0.9")] },
      4: { findings: [harmless("further here: Ingress, EnableIPv4")] },
    }),
  ];
  const drift = driftBetween(runs);
  expect(drift).toEqual([
    {
      line: 2,
      command: "one | two",
      targets: [
        { title: "Docker 20.10", verdict: "broken", did: "exit status 1: something unknown" },
        { title: "Docker 28.5", verdict: "same", did: "" },
      ],
    },
    {
      line: 4,
      command: "four",
      targets: [
        { title: "Docker 20.10", verdict: "same", did: "further here: Ingress" },
        { title: "Docker 28.5", verdict: "same", did: "further here: Ingress, EnableIPv4" },
      ],
    },
  ]);
  expect(describeDrift(drift)).toContain(
    "      Docker 20.10: broken: exit status 1: something unknown\n      Docker 28.5: same\n",
  );
  const page = annotateDrift("text", runs, drift);
  expect(page).toContain("| line | command | Docker 20.10 | Docker 28.5 |");
  expect(page).toContain("| 2 | `one \\| two` | **broken**: exit status 1: something unknown | **same** |");
});

test("plugins on one engine are told apart by their names", () => {
  const runs = ["reference", "contiv"].map((plugin) =>
    run("20.10", plugin === "contiv" ? { 3: { verdict: "not runnable", reason: "no such thing" } } : {}, {
      ...{ plugin, pluginsDiffer: true },
    }),
  );
  const page = annotateDrift("text", runs, driftBetween(runs));
  expect(page).toContain("# text: from reference on Docker 20.10 to contiv on Docker 20.10");
  expect(page).toContain("| 3 | `three` | **same** | **not runnable**: no such thing |");
});

test("one engine has no drift, and engines that agree say so", () => {
  expect(driftBetween([run("20.10", {})])).toEqual([]);
  const runs = [run("20.10", {}), run("28.5", {})];
  expect(annotateDrift("text", runs, driftBetween(runs))).toContain(
    "Every command does the same on all of them.",
  );
});
