import type Docker from "dockerode";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { deferRemoval, removed } from "./creation.ts";

/** What a container is made of; the name is its own alone. */
export type ContainerOptions = Docker.ContainerCreateOptions & { name: string };

/** `docker create`; the container is removed when `scope` closes, also where the engine's answer was lost. */
export async function makeContainer(
  scope: Scope,
  node: Pick<ClusterNode, "docker">,
  options: ContainerOptions,
): Promise<Docker.Container> {
  const answer = node.docker.createContainer(options);
  deferRemoval(scope, {
    what: `the container ${options.name}`,
    answer,
    remove: () => removeContainer(node.docker.getContainer(options.name)),
  });
  return answer;
}

/** A container that idles until a command is executed in it. */
export function idleContainer(name: string, image: string) {
  return {
    name,
    Hostname: name,
    Image: image,
    Cmd: ["/bin/sh"],
    Tty: true,
    OpenStdin: true,
    // A shell on a terminal does not end at a SIGTERM, and engines wait ten seconds before they kill it.
    StopSignal: "SIGKILL",
    Labels: { netconform: "workload" },
  };
}

/** Kills and removes a container. Resolves to whether it was there; waits where somebody else removes it already. */
async function removeContainer(container: Docker.Container): Promise<boolean> {
  let wasThere = false;
  const { failure } = await until(
    { what: `container ${container.id} to be gone, whose removal is under way`, deadlineMs: 20_000 },
    async () => {
      try {
        wasThere = (await removed(container.remove({ force: true, v: true }))) || wasThere;
        return { failure: undefined };
      } catch (error) {
        if (!isUnderWay(error)) return { failure: error };
        wasThere = true;
        return undefined;
      }
    },
  );
  if (failure !== undefined) throw failure;
  return wasThere;
}

/** "removal of container … is already in progress" */
function isUnderWay(error: unknown): boolean {
  const { statusCode, message } = error as { statusCode?: number; message?: string };
  return statusCode === 409 && /already in progress/.test(message ?? "");
}
