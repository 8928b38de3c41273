import { dirname } from "node:path/posix";
import { isInterfaceName } from "#harness/cni/protocol/interface-name.ts";
import { identifierPattern } from "#harness/cni/runtime/config.ts";
import type { RecordedCall } from "#harness/cni/runtimes/recording/call.ts";
import type { Played } from "#harness/cni/runtimes/scenes/played.ts";
import type { RuntimeRuleId } from "#suites/requirements/rules/cni-runtime.ts";
import { expected, type Judge, kept } from "./judge.ts";

const ofAttachment = ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"] as const;

const commanded = ({ calls }: Played, ...commands: string[]) =>
  calls.filter(({ command }) => commands.includes(command));

/** A variable, where the order of arguments means nothing. */
function variableOf({ env }: RecordedCall, name: string): string {
  const value = env[name] ?? "";
  return name === "CNI_ARGS" ? value.split(";").sort().join(";") : value;
}

/** That the variables of later calls are those of an ADD of the same plugin, network and container. */
function asInAdd(command: "DEL" | "CHECK", names: readonly string[]): Judge["look"] {
  return (played) =>
    commanded(played, command).flatMap((call) => {
      const told = (one: RecordedCall) => names.map((name) => `${name}=${variableOf(one, name)}`);
      const added = played.calls.filter(
        (one) =>
          one.command === "ADD" &&
          one.plugin === call.plugin &&
          one.request?.name === call.request?.name &&
          one.env.CNI_CONTAINERID === call.env.CNI_CONTAINERID,
      );
      const [first] = added;
      if (first === undefined) return [];
      // What ADD was not told is another rule's.
      const isSame = (one: RecordedCall) =>
        names.every(
          (name) => variableOf(one, name) === "" || variableOf(one, name) === variableOf(call, name),
        );
      return [
        expected(added.some(isSame), `${command} with ${told(first).join(", ")}`, told(call).join(", ")),
      ];
    });
}

/** What plugins are told by their environment. */
export const parameterJudges = {
  R1a: {
    look: (played) =>
      commanded(played, "ADD").map((call) =>
        expected(
          call.target !== undefined,
          "a namespace at CNI_NETNS",
          `nothing at ${JSON.stringify(call.env.CNI_NETNS)}`,
        ),
      ),
  },
  R1b: {
    look: (played) =>
      played.calls.map(({ network, plugin, command }) =>
        expected(
          network === played.network,
          `${command} of ${plugin} in the runtime's network namespace`,
          "another one",
        ),
      ),
  },
  R6a: {
    look: (played) =>
      commanded(played, "ADD").map(({ env }) => {
        const missing = ofAttachment.filter((name) => (env[name] ?? "") === "");
        return expected(missing.length === 0, ofAttachment.join(", "), `no ${missing.join(", ")}`);
      }),
  },
  R6b: {
    look: (played) =>
      commanded(played, "ADD", "DEL", "CHECK").flatMap(({ env: { CNI_CONTAINERID: id = "" } }) =>
        id === "" ? [] : [expected(identifierPattern.test(id), "a container id", id)],
      ),
  },
  R6c: {
    look: ({ calls }) =>
      calls.map(({ env: { CNI_PATH = "" }, path }) =>
        expected(
          CNI_PATH.split(":").includes(dirname(path)),
          `CNI_PATH with ${dirname(path)}`,
          JSON.stringify(CNI_PATH),
        ),
      ),
  },
  R6d: {
    scenes: ["ordinary", "two attachments"],
    look: (played) => {
      const added = commanded(played, "ADD").filter(({ plugin }) => plugin === "one");
      const names = added.flatMap(({ env }) => (env.CNI_IFNAME ? [env.CNI_IFNAME] : []));
      const wrong = names.filter((name) => !isInterfaceName(name));
      if (names.length === 0) return [];
      if (wrong.length > 0) return [`expected interface names, got ${wrong.join(", ")}`];
      return [expected(new Set(names).size === names.length, "different interface names", names.join(", "))];
    },
  },
  R6e: {
    look: ({ calls }) =>
      calls.flatMap(({ env: { CNI_ARGS = "" } }) =>
        CNI_ARGS === ""
          ? []
          : [expected(/^[^=;]+=[^=;]*(;[^=;]+=[^=;]*)*;?$/.test(CNI_ARGS), "KEY=VALUE;KEY=VALUE", CNI_ARGS)],
      ),
  },
  // The namespace may be gone at DEL, and is then not told.
  R6f: { look: asInAdd("DEL", ["CNI_CONTAINERID", "CNI_IFNAME", "CNI_ARGS"]) },
  R6g: { look: asInAdd("CHECK", [...ofAttachment, "CNI_ARGS"]) },
  R6h: {
    look: (played) =>
      commanded(played, "GC").map(({ env }) => {
        const told = [...ofAttachment, "CNI_ARGS"].filter((name) => (env[name] ?? "") !== "");
        return told.length === 0 ? kept : `expected no parameters of an attachment, got ${told.join(", ")}`;
      }),
  },
} satisfies Partial<Record<RuntimeRuleId, Judge>>;
