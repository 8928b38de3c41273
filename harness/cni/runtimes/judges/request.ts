import { isDeepStrictEqual } from "node:util";
import type { RecordedCall } from "#harness/cni/runtimes/recording/call.ts";
import { portMapping } from "#harness/cni/runtimes/runtime-under-test.ts";
import type { Played } from "#harness/cni/runtimes/scenes/played.ts";
import type { RuntimeRuleId } from "#suites/requirements/rules/cni-runtime.ts";
import { expected, type Judge, kept, type Look } from "./judge.ts";

/** Keys of a plugin's configuration that the runtime has something to do with. */
const known = ["type", "cniVersion", "name", "capabilities", "runtimeConfig", "prevResult", "plugins"];

type Requested = RecordedCall & { readonly request: NonNullable<RecordedCall["request"]> };

function eachRequest(look: (call: Requested, played: Played) => readonly Look[]): Judge["look"] {
  return (played) =>
    played.calls.flatMap((call) => (call.request ? look({ ...call, request: call.request }, played) : []));
}

/** The plugin's own part of the list. */
function writtenOf({ lists }: Played, { plugin }: RecordedCall): Readonly<Record<string, unknown>> {
  return lists[0]?.plugins.find(({ type }) => type === plugin) ?? {};
}

const ofAttachment = ["ADD", "DEL", "CHECK"];

/** What of the port mapping of every container a call was told. */
function mappingsOf({ request }: Requested): readonly unknown[] | undefined {
  const mappings = request.runtimeConfig?.portMappings;
  return Array.isArray(mappings) ? mappings : undefined;
}

/** Keys in any case of letters: the plugins of the CNI project do not tell the cases apart. */
function isOurs(mapping: unknown): boolean {
  if (typeof mapping !== "object" || mapping === null) return false;
  const got = Object.fromEntries(Object.entries(mapping).map(([key, value]) => [key.toLowerCase(), value]));
  return Object.entries(portMapping).every(
    ([key, value]) => String(got[key.toLowerCase()]).toLowerCase() === String(value),
  );
}

/** What plugins are told on stdin. */
export const requestJudges = {
  R7a: {
    look: ({ calls }) =>
      calls.map(({ request, plugin, stdin }) => {
        const isOne = request !== undefined && request.type === plugin && request.plugins === undefined;
        return expected(isOne, `the configuration of ${plugin}`, stdin.slice(0, 80));
      }),
  },
  R7b: {
    look: eachRequest(({ request }, { version }) => [
      expected(request.cniVersion === version, `cniVersion ${version}`, String(request.cniVersion)),
    ]),
  },
  R7c: {
    look: eachRequest(({ request }, { lists }) => [
      expected(
        lists.some(({ name }) => name === request.name),
        `name ${lists[0]?.name}`,
        String(request.name),
      ),
    ]),
  },
  R7d: {
    look: eachRequest((call, played) => {
      const written = Object.entries(writtenOf(played, call)).filter(
        ([key]) => !known.includes(key) && !key.startsWith("cni.dev/"),
      );
      const changed = written.filter(([key, value]) => !isDeepStrictEqual(call.request[key], value));
      const added = Object.keys(call.request).filter(
        (key) => !known.includes(key) && !key.startsWith("cni.dev/") && !written.some(([own]) => own === key),
      );
      const wrong = [...changed.map(([key]) => `${key} changed`), ...added.map((key) => `${key} added`)];
      return [expected(wrong.length === 0, `what was written for ${call.plugin}`, wrong.join(", "))];
    }),
  },
  R7e: {
    look: eachRequest(({ request, command }) => {
      if (!ofAttachment.includes(command)) return [];
      return [
        expected(request.capabilities === undefined, "no capabilities", JSON.stringify(request.capabilities)),
      ];
    }),
  },
  R7f: {
    look: eachRequest((call) => {
      if (call.plugin !== "one" || call.command !== "ADD") return [];
      const mappings = mappingsOf(call) ?? [];
      return [expected(mappings.some(isOurs), "the port mapping in runtimeConfig", JSON.stringify(mappings))];
    }),
  },
  R7g: {
    look: eachRequest((call) => {
      if (call.plugin === "one" || !ofAttachment.includes(call.command)) return [];
      return [mappingsOf(call) === undefined ? kept : `expected no port mapping for ${call.plugin}, got one`];
    }),
  },
  R7h: {
    look: eachRequest(({ request }) => [
      expected(
        request["cni.dev/reserved"] === undefined,
        "no reserved key of the configuration",
        "cni.dev/reserved",
      ),
    ]),
  },
} satisfies Partial<Record<RuntimeRuleId, Judge>>;
