import type { TargetEngine } from "#harness/cluster/engines/target-engine.ts";
import type { TargetSettings } from "#harness/conformance/run/target.ts";
import { openTarget } from "#harness/conformance/run/target.ts";
import type { Progress } from "#harness/core/async/progress.ts";
import { Scope } from "#harness/core/async/scope.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import type { Mapping, Plugin } from "#harness/tools/tutorial/mapping/schema.ts";
import type { Step, Tutorial } from "#harness/tools/tutorial/parse/tutorial.ts";
import { Environment } from "./environment/environment.ts";
import type { TutorialPlugin } from "./plugin.ts";
import { Runner, type StepResult } from "./runner.ts";

export const verdicts = ["same", "differs harmlessly", "broken", "not runnable"] as const;
export type StepVerdict = StepResult["verdict"];

/** A tutorial that has been run on one engine. Times are milliseconds. */
export interface TutorialRun {
  readonly tutorial: Tutorial;
  readonly engine: string;
  readonly plugin: Plugin;
  /** Whether the text is run on other plugins, too, so that reports name this one. */
  readonly pluginsDiffer: boolean;
  readonly startedAt: number;
  /** From the first command to the end of the last. */
  readonly durationMs: number;
  /** In which commands of the text ran. */
  readonly commandMs: number;
  readonly results: readonly StepResult[];
}

export interface RunOptions {
  readonly settings: TargetSettings & Pick<Settings, "KEEP">;
  readonly progress: Progress;
  readonly tutorial: Tutorial;
  readonly steps: readonly Step[];
  readonly mapping: Mapping;
  readonly plugin: TutorialPlugin;
  readonly pluginsDiffer: boolean;
  readonly engine: TargetEngine;
  /** Called after every command. */
  readonly tell: (result: StepResult) => void;
}

/** Runs the steps on a new cluster with that engine, which is removed afterwards (or kept, where the settings say so). */
export async function runTutorial(options: RunOptions): Promise<TutorialRun> {
  const { settings, progress, tutorial, steps, mapping, engine, tell } = options;
  const { name: plugin, driver } = options.plugin;
  const target = await openTarget(settings, progress, driver, engine, { fresh: true });
  const scope = new Scope(`the tutorial ${tutorial.file}`);
  let environment: Environment | undefined;
  try {
    // What a text leaves on a cluster that stays keeps later runs from it.
    if (settings.KEEP) await target.baseline();
    environment = await Environment.prepare(scope, target, {
      mapping,
      plugin,
      ownImage: settings.IMAGE !== undefined,
      progress,
    });
    const runner = new Runner(environment);
    const results: StepResult[] = [];
    const startedAt = Date.now();
    const start = performance.now();
    try {
      for (const step of steps) {
        const result = await progress.step(`line ${step.line}: ${step.command.split("\n")[0]}`, () =>
          runner.run(step),
        );
        results.push(result);
        tell(result);
      }
    } finally {
      await runner.close();
    }
    return {
      tutorial,
      engine: engine.name,
      plugin,
      pluginsDiffer: options.pluginsDiffer,
      startedAt,
      durationMs: performance.now() - start,
      commandMs: runner.commandMs,
      results,
    };
  } finally {
    if (settings.KEEP) await target.keep();
    else {
      await progress.step("removing what the text has made", async () => {
        await environment?.clear().catch((error: Error) => progress.say(error.message));
        await scope.close().catch((error: Error) => progress.say(error.message));
      });
      await target.remove();
    }
  }
}

/** What a run was on, as people say it: `Docker 26.1`, or `contiv on Docker 20.10` where plugins are compared. */
export function titleOf({
  engine,
  plugin,
  pluginsDiffer,
}: Pick<TutorialRun, "engine" | "plugin" | "pluginsDiffer">): string {
  return pluginsDiffer ? `${plugin} on Docker ${engine}` : `Docker ${engine}`;
}

/** How many commands ended with each verdict. */
export function countVerdicts(results: readonly StepResult[]): Record<StepVerdict, number> {
  const counts = Object.fromEntries(verdicts.map((verdict) => [verdict, 0])) as Record<StepVerdict, number>;
  for (const { verdict } of results) counts[verdict]++;
  return counts;
}

/** Time that the runner took beside the commands, as a share of the commands' own. */
export function overheadOf({ durationMs, commandMs }: Pick<TutorialRun, "durationMs" | "commandMs">): number {
  return commandMs === 0 ? 0 : (durationMs - commandMs) / commandMs;
}
