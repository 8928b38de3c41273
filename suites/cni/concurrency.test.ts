import { attach, expectSuccess, violation } from "./expect.ts";
import { cniSuite } from "./suite.ts";

/** Containers that come and go at the same moment. */
const crowd = 32;

await cniSuite("concurrency", ({ requirement }) => {
  requirement(
    "CNI-17a",
    `${crowd} containers come and go at once`,
    async ({ domain, fact }) => {
      const containers = await domain.manyContainers(crowd);
      const start = performance.now();
      await Promise.all(containers.map((container) => attach(domain, {}, container)));
      const deletions = await Promise.all(containers.map((container) => domain.call("DEL", container)));
      for (const deletion of deletions) expectSuccess(deletion);
      fact("pairs of ADD and DEL per second", Math.round((crowd / (performance.now() - start)) * 1000));
    },
    { alone: true },
  );

  requirement(
    "CNI-17b",
    `${crowd} containers that come at once get ${crowd} addresses`,
    async ({ domain }) => {
      const containers = await domain.manyContainers(crowd);
      const answers = await Promise.all(containers.map((container) => domain.call("ADD", container)));
      const owners = new Map<string, string>();
      for (const [index, answer] of answers.entries()) {
        for (const { address } of containers[index]?.result?.ips ?? []) {
          const owner = owners.get(address);
          if (owner) throw violation(answer, "an address that nobody has", `${address}, which ${owner} has`);
          owners.set(address, containers[index]?.id ?? "");
        }
      }
    },
    { alone: true, when: ({ allocates }) => allocates === true },
  );
});
