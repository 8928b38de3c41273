import { expect, test } from "vitest";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { waysInto } from "./pause.ts";

const [node1, node2] = ["node1", "node2"].map((name) => ({ name }) as ClusterNode) as [
  ClusterNode,
  ClusterNode,
];

test("a person is led to every node, into every container, and into what has a namespace alone", () => {
  const ways = waysInto({ id: "nc-1", nodes: [node1, node2] }, [
    { name: "c-1", id: "1", netns: "/proc/397/ns/net", node: node1 },
    { name: "c-2", id: "2", netns: "/run/netns/c-2", node: node2 },
  ]);
  expect(ways.map(({ to, line }) => `${to}: ${line}`)).toEqual([
    "node1: npm run cluster -- ssh nc-1/node1",
    "node2: npm run cluster -- ssh nc-1/node2",
    "c-1: npm run cluster -- ssh -t nc-1/node1 docker exec -it c-1 sh",
    "c-1's network: npm run cluster -- ssh -t nc-1/node1 nsenter --net=/proc/397/ns/net sh",
    "c-2's network: npm run cluster -- ssh -t nc-1/node2 nsenter --net=/run/netns/c-2 sh",
  ]);
});
