import { expect, it } from "vitest";
import { loadDriver } from "#drivers/loader.ts";
import { RemoteCluster } from "#harness/cluster/remote-cluster.ts";
import { announce } from "#harness/core/async/events.ts";
import { Scope } from "#harness/core/async/scope.ts";
import { readSettings } from "#harness/core/settings/settings.ts";

/** A cluster of one node that nobody reaches, since there is no key to log in with. */
function goneCluster(id: string): RemoteCluster {
  const none = { device: "eth0", address: "127.0.0.1", prefix: 8 };
  const node = { name: `${id}-node1`, address: "127.0.0.1", port: 9, user: "root", hostKeys: [] };
  const interfaces = { management: none, control: none, data: none };
  return new RemoteCluster({ id, engine: "20.10", image: "", nodes: [{ ...node, interfaces }] });
}

it("Contiv is started anew on the cluster that a chapter judges, and on no other that the process has set up", async () => {
  const contiv = await loadDriver("contiv", readSettings({}));
  await using scope = new Scope("a chapter");
  const own = goneCluster("own");
  await contiv.connect(own, {
    netctl: "netctl",
    netmaster: "http://127.0.0.1:9999",
    recorder: "/nowhere",
    tunnelEnds: "127.0.0.1",
  });
  await announce("chapter begins", { chapter: "cleanup", cluster: goneCluster("judged"), scope });
  await expect(announce("chapter begins", { chapter: "cleanup", cluster: own, scope })).rejects.toThrow(
    "own-node1",
  );
});
