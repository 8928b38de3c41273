import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Exchange } from "#harness/cnm/protocol/exchange.ts";
import type { HeldResources } from "#harness/cnm/rules/conversation.ts";
import { areToBlame, type EnginesHave, type Omission, omissionsIn } from "#harness/cnm/rules/omissions.ts";
import { omissionsBehind } from "#harness/cnm/rules/refusals.ts";
import { EngineAtFault } from "#harness/core/errors.ts";
import { describeHeldResources } from "./held.ts";

/** What the engines of the nodes still have. Throws what their API does: of an engine that cannot be asked nothing is known. */
export async function whatEnginesHave(nodes: readonly ClusterNode[]): Promise<EnginesHave> {
  const all = await Promise.all(
    nodes.map(async ({ name, docker }) => {
      const [networks, containers] = await Promise.all([
        docker.listNetworks(),
        docker.listContainers({ all: true }),
      ]);
      const endpoints = containers.flatMap(({ NetworkSettings }) =>
        Object.values(NetworkSettings.Networks).map(({ EndpointID }) => EndpointID),
      );
      const own = (id: string) => `${name} ${id}`;
      return { networks: networks.map(({ Id }) => own(Id)), endpoints: endpoints.filter(Boolean).map(own) };
    }),
  );
  return {
    networks: new Set(all.flatMap(({ networks }) => networks)),
    endpoints: new Set(all.flatMap(({ endpoints }) => endpoints)),
  };
}

/** What is known of plugin and engines when everything was to be gone. */
export interface Seen {
  /** What is held besides what was before. */
  readonly held: HeldResources;
  readonly exchanges: readonly Exchange[];
  readonly has: EnginesHave;
}

/**
 * What a failure really is: where the exchanges prove that all that is held is so since engines never asked for its removal, the
 * engines are named and the plugin is not charged. `undefined` where they do not prove it. Pure.
 */
export function judgeOmissions(
  failed: string,
  { held, exchanges, has }: Seen,
  cause?: unknown,
): EngineAtFault | undefined {
  const omissions = omissionsIn(held, exchanges, has);
  return areToBlame(omissions, held, exchanges) ? tell(omissions, failed, cause) : undefined;
}

/**
 * The same of what the plugin refused while a test ran: the exchanges prove that it was asked for the address of an endpoint which its engine
 * had left out, and nothing is held but for such reasons. `failed` has the engine's words. Pure.
 */
export function judgeRefusal(failed: string, seen: Seen, cause?: unknown): EngineAtFault | undefined {
  const { held, exchanges, has } = seen;
  const omissions = omissionsBehind(failed, exchanges, has);
  if (omissions.length === 0) return undefined;
  const isClear = describeHeldResources(held) === "" || judgeOmissions(failed, seen) !== undefined;
  return isClear ? tell(omissions, failed, cause) : undefined;
}

/** What makes a call due. An engine may still list an endpoint in its network that no container has. */
const gone = { endpoint: "whose container is gone", network: "which it has no more" } as const;

function tell(omissions: readonly Omission[], failed: string, cause: unknown): EngineAtFault {
  const told = omissions.map(
    ({ engine, what, id, calls }) =>
      `  the engine of ${engine}: expected ${calls.join(" and ")} for ${what} ${id}, ${gone[what]}, got no such call in the recording`,
  );
  const what = [...new Set(omissions.map(describeKind))].join("; ");
  return new EngineAtFault([what, ...told, `  What failed then: ${failed}`].join("\n"), {
    cause,
    because: { kind: "call left out", what },
  });
}

function describeKind({ engine, what, calls }: Omission): string {
  return `the engine of ${engine} never sent ${calls.join(" and ")} for an ${what} that it had made`.replace(
    "an network",
    "a network",
  );
}
