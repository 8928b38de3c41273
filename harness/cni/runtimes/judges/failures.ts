import type { RecordedCall } from "#harness/cni/runtimes/recording/call.ts";
import { refusalOf } from "#harness/cni/runtimes/recording/recorder.ts";
import {
  askedFor,
  callsOf,
  namesOf,
  overlap,
  type Played,
  pluginsOf,
} from "#harness/cni/runtimes/scenes/played.ts";
import type { RuntimeRuleId } from "#suites/requirements/rules/cni-runtime.ts";
import { expected, type Judge, type Look } from "./judge.ts";

type Operation = "ADD" | "DEL" | "CHECK" | "STATUS";

/** No call comes after the one that was refused. */
function halts(operation: Operation): Judge["look"] {
  return (played) =>
    askedFor(played, operation).flatMap((asked) => {
      const calls = callsOf(played, asked, operation);
      const refused = calls.findIndex(({ code }) => code !== 0);
      if (refused < 0) return [];
      const after = calls.slice(refused + 1);
      return [expected(after.length === 0, `nothing after ${calls[refused]?.plugin}`, namesOf(after))];
    });
}

/** The words of the plugin are in those of the runtime. */
function told(operation: Operation): Judge["look"] {
  return (played) =>
    askedFor(played, operation).flatMap((asked) =>
      callsOf(played, asked, operation)
        .filter(({ code }) => code === 1)
        .map(({ plugin }) => saidIn(asked.error, plugin, operation)),
    );
}

function saidIn(error: string | undefined, plugin: string, command: string): Look {
  const words = refusalOf(plugin, command);
  return expected(
    error?.includes(words) ?? false,
    `an error with "${words}"`,
    error === undefined ? "success" : error,
  );
}

/** The DELs that came after the ADD that failed, asked for or not. */
function deletionsAfter({ calls, asked }: Played): RecordedCall[] | undefined {
  const failed = asked.find(({ operation, error }) => operation === "ADD" && error !== undefined);
  return (
    failed && calls.filter(({ command, startedAt }) => command === "DEL" && startedAt >= failed.startedAt)
  );
}

const attaching = ["ADD", "DEL", "CHECK"];

/** What happens when plugins refuse, and what runs at once. */
export const failureJudges = {
  R4a: { scenes: ["refused ADD"], look: halts("ADD") },
  R4b: { scenes: ["refused ADD"], look: told("ADD") },
  R4c: {
    scenes: ["refused ADD"],
    look: (played) => {
      const deletions = deletionsAfter(played);
      return deletions ? [expected(deletions.length > 0, "DEL after the failed ADD", "none")] : [];
    },
  },
  R4d: {
    scenes: ["refused ADD"],
    look: (played) => {
      const called = new Set(deletionsAfter(played)?.map(({ plugin }) => plugin));
      if (called.size === 0) return [];
      const wanted = pluginsOf(played);
      return [
        expected(
          wanted.every((one) => called.has(one)),
          `DEL of ${wanted.join(", ")}`,
          [...called].join(", "),
        ),
      ];
    },
  },
  R4e: { scenes: ["refused DEL"], look: halts("DEL") },
  R4f: { scenes: ["refused DEL"], look: told("DEL") },
  R4g: { scenes: ["refused CHECK"], look: told("CHECK") },
  R5a: {
    scenes: ["at once"],
    look: ({ calls }) => {
      const attached = calls.filter(({ command }) => attaching.includes(command));
      const several = [...Map.groupBy(attached, ({ env }) => env.CNI_CONTAINERID).values()];
      return several.map((own) => {
        const pair = own.flatMap((one, index) => {
          const other = own.slice(index + 1).find((later) => overlap(one, later));
          return other ? [`${one.command} of ${one.plugin} beside ${other.command} of ${other.plugin}`] : [];
        });
        return expected(pair.length === 0, "one call after the other", pair.join("; "));
      });
    },
  },
  R5b: {
    scenes: ["at once"],
    look: (played) => {
      const [held] = played.calls.filter(({ command, plugin }) => command === "DEL" && plugin === "three");
      const other = askedFor(played, "ADD").find(({ container }) => container === "b");
      if (held === undefined || other === undefined) return [];
      const isDone = held.endedAt !== undefined && other.endedAt <= held.endedAt;
      return [expected(isDone, "ADD of one container during DEL of another", "it waited")];
    },
  },
  R5c: {
    scenes: ["garbage alone"],
    look: ({ calls }) => {
      const collecting = calls.filter(({ command }) => command === "GC");
      const attached = calls.filter(({ command }) => command === "ADD" || command === "DEL");
      if (attached.length === 0) return [];
      return collecting.map((gc) => {
        const beside = attached
          .filter((one) => overlap(gc, one))
          .map(({ command, plugin }) => `${command} of ${plugin}`);
        return expected(beside.length === 0, `nothing beside GC of ${gc.plugin}`, beside.join(", "));
      });
    },
  },
} satisfies Partial<Record<RuntimeRuleId, Judge>>;
