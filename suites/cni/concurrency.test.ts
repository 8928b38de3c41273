import type { Invocation } from "#harness/cni/invocation.ts";
import type { Container } from "./container.ts";
import type { Domain } from "./domain.ts";
import { expectSuccess, violation } from "./expect.ts";
import { cniSuite } from "./suite.ts";

/** Containers that come and go at the same moment. */
const crowd = 32;

interface Rush {
  readonly containers: readonly Container[];
  readonly additions: readonly Invocation[];
  readonly deletions: readonly Invocation[];
  readonly durationMs: number;
}

await cniSuite("concurrency", ({ requirement }) => {
  let rushed: Promise<Rush> | undefined;
  const onceIn = (domain: Domain) => {
    rushed ??= rush(domain);
    return rushed;
  };

  requirement(
    "CNI-17a",
    `${crowd} containers come and go at once`,
    async ({ domain, fact }) => {
      const { additions, deletions, durationMs } = await onceIn(domain);
      for (const invocation of [...additions, ...deletions]) expectSuccess(invocation);
      fact("pairs of ADD and DEL per second", Math.round((crowd / durationMs) * 1000));
    },
    { alone: true },
  );

  requirement(
    "CNI-17b",
    `${crowd} containers that come at once get ${crowd} addresses`,
    async ({ domain }) => {
      const { containers, additions } = await onceIn(domain);
      const owners = new Map<string, string>();
      for (const [index, addition] of additions.entries()) {
        const container = containers[index];
        for (const { address } of container?.result?.ips ?? []) {
          const owner = owners.get(address);
          if (owner)
            throw violation(addition, "an address that nobody has", `${address}, which ${owner} has`);
          owners.set(address, container?.id ?? "");
        }
      }
    },
    { alone: true, when: ({ allocates }) => allocates === true },
  );
});

async function rush(domain: Domain): Promise<Rush> {
  const containers = await domain.manyContainers(crowd);
  const start = performance.now();
  const additions = await Promise.all(containers.map((container) => domain.call("ADD", container)));
  const deletions = await Promise.all(containers.map((container) => domain.call("DEL", container)));
  return { containers, additions, deletions, durationMs: performance.now() - start };
}
