import {
  askedFor,
  callsOf,
  namesOf,
  type Played,
  pluginsOf,
  previousOf,
} from "#harness/cni/runtimes/scenes/played.ts";
import type { RuntimeRuleId } from "#suites/requirements/rules/cni-runtime.ts";
import { expected, type Judge, type Look } from "./judge.ts";

/** Scenes in which one container joins one network, and nothing goes wrong or runs at once. */
const plain = ["ordinary", "versions", "restart", "disabled", "old version"] as const;

function inOrder(operation: "ADD" | "DEL" | "CHECK", order: (plugins: string[]) => string[]) {
  return (played: Played): Look[] => {
    const wanted = order(pluginsOf(played)).join(", ");
    // A repeated DEL is another rule's.
    return askedFor(played, operation)
      .slice(0, 1)
      .flatMap((asked) => {
        const calls = callsOf(played, asked, operation);
        if (calls.length === 0 && operation === "CHECK") return [];
        return [expected(namesOf(calls) === wanted, `${operation} of ${wanted}`, namesOf(calls))];
      });
  };
}

/** The ids of the calls whose result was the final one of an ADD that was asked for; `undefined` where it failed. */
function finalResult(played: Played): string | undefined {
  const [added] = askedFor(played, "ADD");
  return added === undefined || added.error !== undefined
    ? undefined
    : callsOf(played, added, "ADD").at(-1)?.id;
}

/** What the calls of an operation were given as prevResult, each compared with the final result of ADD. */
function withFinal(operation: "DEL" | "CHECK", only?: "first"): Judge["look"] {
  return (played) => {
    const result = finalResult(played);
    if (result === undefined) return [];
    return askedFor(played, operation)
      .slice(0, 1)
      .flatMap((asked) => callsOf(played, asked, operation).slice(0, only && 1))
      .map((call) =>
        expected(
          previousOf(call) === result,
          `${operation} of ${call.plugin} with ADD's final result`,
          previousOf(call),
        ),
      );
  };
}

/** In which order plugins are called, and which results they are given. */
export const orderJudges = {
  R2a: { scenes: plain, look: inOrder("ADD", (plugins) => plugins) },
  R2b: { scenes: plain, look: inOrder("DEL", (plugins) => plugins.toReversed()) },
  R2c: { scenes: ["ordinary"], look: inOrder("CHECK", (plugins) => plugins) },
  R2d: {
    scenes: ["refused DEL"],
    look: (played) => {
      if (askedFor(played, "ADD").some(({ error }) => error !== undefined)) return [];
      const deleted = played.calls.filter(({ command, code }) => command === "DEL" && code === 0);
      return pluginsOf(played).map((plugin) =>
        expected(
          deleted.some((call) => call.plugin === plugin),
          `a successful DEL of ${plugin} in the end`,
          "none",
        ),
      );
    },
  },
  R3a: {
    scenes: plain,
    look: (played) =>
      askedFor(played, "ADD")
        .flatMap((asked) => callsOf(played, asked, "ADD").slice(0, 1))
        .map((call) => expected(previousOf(call) === "(none)", "no prevResult", previousOf(call))),
  },
  R3b: {
    scenes: plain,
    look: (played) =>
      askedFor(played, "ADD").flatMap((asked) => {
        const calls = callsOf(played, asked, "ADD");
        return calls.slice(1).map((call, index) => {
          const before = calls[index];
          return expected(
            previousOf(call) === before?.id,
            `the result of ${before?.plugin}`,
            previousOf(call),
          );
        });
      }),
  },
  R3c: { scenes: ["ordinary", "versions", "disabled"], look: withFinal("DEL") },
  R3d: { scenes: ["ordinary"], look: withFinal("CHECK") },
  R3e: { scenes: ["restart"], look: withFinal("DEL", "first") },
  R3f: {
    scenes: ["refused DEL"],
    look: (played) => {
      const result = finalResult(played);
      const [refused, again] = askedFor(played, "DEL");
      if (result === undefined || refused === undefined || again === undefined) return [];
      // Where the first DEL had no result either, it cannot have been lost by it.
      const had = callsOf(played, refused, "DEL").at(0);
      const [call] = callsOf(played, again, "DEL");
      if (had === undefined || call === undefined || previousOf(had) !== result) return [];
      return [
        expected(previousOf(call) === result, "the repeated DEL with ADD's final result", previousOf(call)),
      ];
    },
  },
  R3g: {
    scenes: ["ordinary"],
    look: (played) => {
      const [, again] = askedFor(played, "DEL");
      return (again ? callsOf(played, again, "DEL") : []).map((call) =>
        expected(
          previousOf(call) === "(none)",
          `a repeated DEL of ${call.plugin} without prevResult`,
          previousOf(call),
        ),
      );
    },
  },
} satisfies Partial<Record<RuntimeRuleId, Judge>>;
