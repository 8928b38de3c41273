import { isDeepStrictEqual } from "node:util";
import { atLeast } from "#harness/cni/protocol/version.ts";
import type { RecordedCall } from "#harness/cni/runtimes/recording/call.ts";
import { refusalOf } from "#harness/cni/runtimes/recording/recorder.ts";
import { askedFor, callsOf, namesOf, type Played, pluginsOf } from "#harness/cni/runtimes/scenes/played.ts";
import type { RuntimeRuleId } from "#suites/requirements/rules/cni-runtime.ts";
import { expected, type Judge, kept } from "./judge.ts";

/** The version that each command came with. */
const since = { ADD: "0.3.1", DEL: "0.3.1", CHECK: "0.4.0", GC: "1.1.0", STATUS: "1.1.0" } as const;

/** That something was asked for and no plugin was called for it. */
function calledNothing(operation: "CHECK" | "GC"): Judge["look"] {
  return (played) =>
    askedFor(played, operation).map((asked) => {
      const calls = callsOf(played, asked, operation);
      return expected(calls.length === 0, `no ${operation}`, `${operation} of ${namesOf(calls)}`);
    });
}

/** What GC is told, under either of its names; as container/interface, sorted. */
function listedBy({ request }: RecordedCall): string[] | undefined {
  const list = request?.["cni.dev/valid-attachments"] ?? request?.["cni.dev/attachments"];
  if (!Array.isArray(list)) return undefined;
  return list.map((one: Record<string, unknown>) => `${one.containerID}/${one.ifname}`).sort();
}

/** What an ADD of that container was told, which is what GC has to list. */
function attachmentsOf(played: Played, containers: readonly string[]): string[] {
  return askedFor(played, "ADD")
    .filter(({ container = "" }) => containers.includes(container))
    .flatMap((asked) => callsOf(played, asked, "ADD").slice(0, 1))
    .map(({ env }) => `${env.CNI_CONTAINERID}/${env.CNI_IFNAME}`)
    .sort();
}

/** When plugins are not to be called, garbage collection, and STATUS. */
export const upkeepJudges = {
  R8a: { scenes: ["disabled"], look: calledNothing("CHECK") },
  R8b: { scenes: ["disabled"], look: calledNothing("GC") },
  R8c: { scenes: ["stranger"], look: calledNothing("CHECK") },
  R8d: {
    look: ({ calls, version }) =>
      calls.flatMap(({ command, plugin }) => {
        if (!(command in since)) return [];
        const isThere = atLeast(version, since[command as keyof typeof since]);
        return [isThere ? kept : `expected no ${command} at ${version}, got one of ${plugin}`];
      }),
  },
  R9a: {
    scenes: ["garbage"],
    look: (played) =>
      askedFor(played, "GC").flatMap((asked) => {
        const valid = attachmentsOf(played, asked.valid ?? []);
        // An ADD that was not told them is another rule's.
        if (valid.some((one) => one.includes("undefined"))) return [];
        return callsOf(played, asked, "GC").map((call) =>
          expected(
            isDeepStrictEqual(listedBy(call), valid),
            `GC with ${valid.join(", ")}`,
            listedBy(call)?.join(", ") ?? "no list",
          ),
        );
      }),
  },
  R9b: {
    scenes: ["garbage"],
    look: (played) =>
      askedFor(played, "GC")
        .slice(0, 1)
        .flatMap((asked) => {
          if (callsOf(played, asked, "GC").length === 0) return [];
          const deleted = callsOf(played, asked, "DEL");
          return [expected(deleted.length > 0, "DEL of what is not valid any more", "GC alone")];
        }),
  },
  R9c: {
    scenes: ["garbage"],
    look: (played) => {
      const [all, refused] = askedFor(played, "GC");
      if (all === undefined || refused === undefined) return [];
      const usual = namesOf(callsOf(played, all, "GC"));
      const calls = callsOf(played, refused, "GC");
      const failed = calls.filter(({ code }) => code !== 0);
      if (failed.length === 0) return [];
      const untold = failed.filter(({ plugin }) => !refused.error?.includes(refusalOf(plugin, "GC")));
      return [
        expected(namesOf(calls) === usual, `GC of ${usual}`, namesOf(calls)),
        expected(untold.length === 0, "the error of every plugin", `nothing of ${namesOf(untold)}`),
      ];
    },
  },
  R9d: {
    scenes: ["status"],
    look: (played) =>
      askedFor(played, "STATUS").flatMap((asked) =>
        callsOf(played, asked, "STATUS")
          .filter(({ code }) => code !== 0)
          .map(({ plugin }) => {
            const words = refusalOf(plugin, "STATUS");
            return expected(
              asked.error?.includes(words) ?? false,
              `an error with "${words}"`,
              asked.error ?? "success",
            );
          }),
      ),
  },
  R9e: {
    scenes: ["garbage"],
    look: (played) =>
      askedFor(played, "GC")
        .slice(0, 1)
        .flatMap((asked) => {
          const calls = callsOf(played, asked, "GC");
          if (calls.length === 0) return [];
          const wanted = pluginsOf(played).join(", ");
          return [expected(namesOf(calls) === wanted, `GC of ${wanted}`, namesOf(calls))];
        }),
  },
} satisfies Partial<Record<RuntimeRuleId, Judge>>;
