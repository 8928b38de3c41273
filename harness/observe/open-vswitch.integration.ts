import { expect, test } from "vitest";
import { readSnapshot } from "#harness/cluster/snapshot/snapshot.ts";
import { until } from "#harness/core/async/poll.ts";
import { makeOneNode } from "#harness/testing/support/clusters/one-node.ts";
import { collectEvidence } from "./evidence.ts";

/** Listens as systemd does for a service that it has not started, and prints for each that connects. */
const listener = `
import os, socket
os.makedirs("/run/openvswitch", exist_ok=True)
door = socket.socket(socket.AF_UNIX)
door.bind("/run/openvswitch/db.sock")
door.listen()
print("listens", flush=True)
came = []
while True:
    came.append(door.accept())
    print("came", flush=True)
`;

test("no look asks for the database of Open vSwitch where only its socket is there", async () => {
  await using made = await makeOneNode("snapshot");
  const [node] = made.cluster.nodes;
  if (!node) throw new TypeError("expected one node");
  const door = await node.spawn(["python3", "-c", listener]);
  try {
    let said = "";
    door.stdout.on("data", (part) => {
      said += part;
    });
    await until({ what: "something to listen", deadlineMs: 20_000 }, () => said.includes("listens"));

    await readSnapshot(node);
    const [evidence] = await collectEvidence(made.cluster);

    const told = evidence?.looks.filter(({ name }) => name === "ovs" || name === "flows");
    expect(told?.map(({ text }) => text)).toEqual(["", ""]);
    expect(said).toBe("listens\n");
  } finally {
    door.kill("KILL");
  }
}, 180_000);
