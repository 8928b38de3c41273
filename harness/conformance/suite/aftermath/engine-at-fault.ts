import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Exchange } from "#harness/cnm/protocol/exchange.ts";
import type { HeldResources } from "#harness/cnm/rules/conversation.ts";
import { areToBlame, type EnginesHave, type Omission, omissionsIn } from "#harness/cnm/rules/omissions.ts";
import { EngineAtFault } from "#harness/core/errors.ts";

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

/**
 * What a failure really is: where the exchanges prove that all that is held is so since engines never asked for its removal, the
 * engines are named and the plugin is not charged. `undefined` where they do not prove it. `held` is what is held besides what was before,
 * when everything was to be gone. Pure.
 */
export function judgeOmissions(
  failed: string,
  { held, exchanges, has }: { held: HeldResources; exchanges: readonly Exchange[]; has: EnginesHave },
  cause?: unknown,
): EngineAtFault | undefined {
  const omissions = omissionsIn(held, exchanges, has);
  if (!areToBlame(omissions, held, exchanges)) return undefined;
  const told = omissions.map(
    ({ engine, what, id, calls }) =>
      `  the engine of ${engine}: expected ${calls.join(" and ")} for ${what} ${id}, which it has no more, got no such call in the recording`,
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
