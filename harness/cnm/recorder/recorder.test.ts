import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { PluginClient, pluginSocket } from "#harness/cnm/client/client.ts";
import { Scope } from "#harness/core/async/scope.ts";
import { RecordingProxy } from "./proxy.ts";
import { connectRecorder, serveRecorder } from "./recorder.ts";

const ids = { NetworkID: "n1", EndpointID: "e1" };

/** Two proxies before one plugin, as on two nodes, and a recorder on both. */
async function recorded() {
  const scope = new Scope("recorder test");
  onTestFinished(() => scope.close());
  const name = `test-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
  const path = (what: string) => join(tmpdir(), `netconform-${name}-${what}.sock`);
  const plugin = createServer((request, response) => {
    response.end(request.url?.endsWith("Leave") ? '{"Err":"no endpoint e1"}{}' : "{}");
  });
  await new Promise<void>((resolve) => plugin.listen(path("plugin"), resolve));
  scope.defer("the plugin", () => {
    plugin.closeAllConnections();
    plugin.close();
  });
  const proxies = ["node1", "node2"].map(() => new RecordingProxy(scope, pluginSocket(path("plugin"))));
  const clients = await Promise.all(
    proxies.map(async (proxy, index) => {
      await proxy.listen(scope, path(`proxy${index}`), `node${index + 1}`);
      return new PluginClient(pluginSocket(path(`proxy${index}`)), "test");
    }),
  );
  return { scope, clients, recorder: connectRecorder(await serveRecorder(scope, proxies)) };
}

it("tells what was said since a mark, over all proxies, and what is held", async () => {
  const { clients, recorder } = await recorded();
  const [one, two] = clients;
  await one?.call("NetworkDriver.Leave", ids);
  const mark = await recorder.mark();
  await one?.call("NetworkDriver.CreateNetwork", { NetworkID: "n1" });
  await two?.call("NetworkDriver.Leave", ids);
  const { exchanges, findings } = await recorder.since(mark);
  expect(exchanges.map(({ call, caller }) => [caller, call])).toEqual([
    ["node1", "NetworkDriver.CreateNetwork"],
    ["node2", "NetworkDriver.Leave"],
  ]);
  expect(findings).toMatchObject([{ requirement: "CNM-5c", exchange: { caller: "node2" } }]);
  expect((await recorder.since([])).exchanges).toHaveLength(3);
  expect((await recorder.held()).networks).toEqual(["node1 n1"]);
});

it("injects a fault for one caller, counts it and stops it", async () => {
  const { clients, recorder } = await recorded();
  const [one, two] = clients;
  const injection = await recorder.inject({
    call: "NetworkDriver.CreateNetwork",
    fault: { kind: "status", status: 500, body: "no" },
    caller: "node2",
    times: 5,
  });
  const create = async (client = one) =>
    (await client?.call("NetworkDriver.CreateNetwork", { NetworkID: "n1" }))?.exchange.status;
  expect(await create(one)).toBe(200);
  expect(await create(two)).toBe(500);
  expect(await injection.used()).toBe(1);
  await injection.stop();
  expect(await create(two)).toBe(200);
});

it("names the address where no recorder answers", async () => {
  const { scope, recorder } = await recorded();
  await scope.close();
  await expect(recorder.mark()).rejects.toThrow("the recording proxies do not answer at");
});
