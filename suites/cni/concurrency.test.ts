import type { Invocation } from "#harness/cni/protocol/invocation.ts";
import type { Container } from "#harness/cni/testbed/container.ts";
import type { Testbed } from "#harness/cni/testbed/testbed.ts";
import { expectSuccess, violation } from "./expect.ts";
import { cniSuite } from "./fixture.ts";

/** Containers that come and go at the same moment. */
const crowd = 32;
const addresses = "addresses in ADD's results";

interface Rush {
  readonly containers: readonly Container[];
  readonly additions: readonly Invocation[];
  readonly deletions: readonly Invocation[];
  readonly durationMs: number;
}

await cniSuite("concurrency", ({ requirement }) => {
  let rushed: Promise<Rush> | undefined;
  const onceIn = (testbed: Testbed) => {
    rushed ??= rush(testbed);
    return rushed;
  };

  requirement(
    "CNI-17a",
    `${crowd} containers come and go at once`,
    async ({ testbed, fact }) => {
      const { additions, deletions, durationMs } = await onceIn(testbed);
      for (const invocation of [...additions, ...deletions]) expectSuccess(invocation);
      fact("pairs of ADD and DEL per second", Math.round((crowd / durationMs) * 1000));
    },
    { alone: true },
  );

  requirement(
    "CNI-17b",
    `${crowd} containers that come at once get ${crowd} addresses`,
    async ({ testbed, saw }) => {
      const { containers, additions } = await onceIn(testbed);
      const owners = new Map<string, string>();
      for (const [index, addition] of additions.entries()) {
        const container = containers[index];
        for (const { address } of container?.result?.ips ?? []) {
          saw(addresses);
          const owner = owners.get(address);
          if (owner) throw violation(addition, "an address that is free", `${address}, which ${owner} has`);
          owners.set(address, container?.id ?? "");
        }
      }
    },
    { alone: true, when: ({ allocates }) => allocates === true, sees: [addresses] },
  );
});

async function rush(testbed: Testbed): Promise<Rush> {
  const containers = await testbed.manyContainers(crowd);
  const start = performance.now();
  const additions = await Promise.all(containers.map((container) => testbed.call("ADD", container)));
  const deletions = await Promise.all(containers.map((container) => testbed.call("DEL", container)));
  return { containers, additions, deletions, durationMs: performance.now() - start };
}
