import type { Invocation } from "#harness/cni/protocol/invocation.ts";
import type { PluginUnderTest } from "#harness/cni/testbed/container.ts";
import type { Testbed } from "#harness/cni/testbed/testbed.ts";

/** A call that no plugin can answer with success. */
export interface WrongCall {
  readonly what: string;
  /** Reads after "because". */
  readonly why: string;
  readonly applies: (plugin: PluginUnderTest) => boolean;
  readonly make: (testbed: Testbed) => Promise<Invocation>;
}

const always = () => true;

function undecodable(what: string, stdin: string): WrongCall {
  return {
    what,
    why: "the configuration cannot be decoded",
    applies: always,
    make: async (testbed) => testbed.call("ADD", await testbed.container(), { stdin }),
  };
}

/** Calls ADD for a container of which there is no network namespace. */
export async function addWithoutNamespace(testbed: Testbed): Promise<Invocation> {
  const container = await testbed.container();
  return testbed.call("ADD", container, { env: { CNI_NETNS: `${container.netns}-gone` } });
}

export const wrongCalls: readonly WrongCall[] = [
  undecodable("a configuration that is no JSON", "{ this is no JSON"),
  undecodable("a configuration that is a JSON array", "[1, 2, 3]"),
  undecodable("no configuration at all", ""),
  {
    what: "an unknown CNI_COMMAND",
    why: "there is no such command",
    applies: always,
    make: async (testbed) =>
      testbed.call("ADD", await testbed.container(), { env: { CNI_COMMAND: "FROBNICATE" } }),
  },
  {
    what: "a cniVersion that does not exist",
    why: "no plugin speaks CNI 9.9.9",
    applies: always,
    make: async (testbed) => testbed.call("ADD", await testbed.container(), { version: "9.9.9" }),
  },
  {
    what: "a network namespace that is not there",
    why: "the network namespace is not there",
    applies: ({ profile }) => profile.kind === "interface",
    make: addWithoutNamespace,
  },
];
