import type { Invocation } from "#harness/cni/invocation.ts";
import type { Subject } from "./container.ts";
import type { Domain } from "./domain.ts";

/** A call that no plugin can answer with success. */
export interface WrongCall {
  readonly what: string;
  /** Reads after "because". */
  readonly why: string;
  readonly applies: (subject: Subject) => boolean;
  readonly make: (domain: Domain) => Promise<Invocation>;
}

const always = () => true;

export const wrongCalls: readonly WrongCall[] = [
  {
    what: "a configuration that is no JSON",
    why: "the configuration is no JSON",
    applies: always,
    make: async (domain) => domain.call("ADD", await domain.container(), { stdin: "{ this is no JSON" }),
  },
  {
    what: "an unknown CNI_COMMAND",
    why: "there is no such command",
    applies: always,
    make: async (domain) =>
      domain.call("ADD", await domain.container(), { env: { CNI_COMMAND: "FROBNICATE" } }),
  },
  {
    what: "a cniVersion that nobody speaks",
    why: "no plugin speaks CNI 9.9.9",
    applies: always,
    make: async (domain) => domain.call("ADD", await domain.container(), { version: "9.9.9" }),
  },
  {
    what: "a network namespace that is not there",
    why: "the network namespace is not there",
    applies: ({ profile }) => profile.kind === "interface",
    make: async (domain) => {
      const container = await domain.container();
      return domain.call("ADD", container, { env: { CNI_NETNS: `${container.netns}-gone` } });
    },
  },
];
