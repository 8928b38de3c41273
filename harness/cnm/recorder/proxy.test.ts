import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { Agent, createServer, request } from "node:http";
import { createServer as createSocketServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { PluginClient, pluginSocket } from "#harness/cnm/client/client.ts";
import { Scope } from "#harness/core/async/scope.ts";
import { RecordingProxy } from "./proxy.ts";

const ids = { NetworkID: "n1", EndpointID: "e1" };
const joinRequest = { ...ids, SandboxKey: "/var/run/docker/netns/1", Options: {} };

/** A small plugin over a real socket, a proxy before it, and a client before that. */
async function conversation() {
  const scope = new Scope("proxy test");
  onTestFinished(() => scope.close());
  const folder = await mkdtemp(join(tmpdir(), "cnm-proxy-"));
  scope.defer("the folder", () => rm(folder, { recursive: true }));
  const asked: string[] = [];
  const plugin = createServer((asking, response) => {
    const chunks: Buffer[] = [];
    asking.on("data", (chunk: Buffer) => chunks.push(chunk));
    asking.on("end", () => {
      const call = (asking.url ?? "").slice(1);
      asked.push(call);
      if (call === "Plugin.Activate") return response.end('{"Implements":["NetworkDriver"]}');
      if (call === "NetworkDriver.Leave") return response.end('{"Err":"no endpoint e1"}{}');
      if (call === "NetworkDriver.Join") {
        return response.end('{"InterfaceName":{"SrcName":"veth0","DstPrefix":"eth"},"Gateway":""}');
      }
      if (call === "NetworkDriver.EndpointOperInfo")
        return response.end(`{"Value":{"size":${Buffer.concat(chunks).length}}}`);
      response.end("{}");
    });
  });
  await new Promise<void>((resolve) => plugin.listen(join(folder, "plugin.sock"), resolve));
  scope.defer("the plugin", () => {
    plugin.closeAllConnections();
    plugin.close();
  });
  const transcript = join(folder, "transcript.jsonl");
  const proxy = new RecordingProxy(scope, pluginSocket(join(folder, "plugin.sock")), { transcript });
  await proxy.listen(scope, join(folder, "proxy.sock"), "node1");
  const client = new PluginClient(pluginSocket(join(folder, "proxy.sock")), "test");
  return { scope, folder, asked, transcript, proxy, client };
}

describe("RecordingProxy", () => {
  it("passes calls on, keeps them and finds what is wrong", async () => {
    const { proxy, client, transcript } = await conversation();
    expect((await client.call("Plugin.Activate")).answer).toEqual({ Implements: ["NetworkDriver"] });
    expect(proxy.findings()).toEqual([]);
    expect((await client.call("NetworkDriver.Leave", ids)).exchange.answer).toBe(
      '{"Err":"no endpoint e1"}{}',
    );
    expect(proxy.findings()).toMatchObject([{ requirement: "CNM-5c", who: "plugin" }]);
    const lines = (await readFile(transcript, "utf8")).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { id: 1, call: "Plugin.Activate", caller: "node1", status: 200 },
      { id: 2, call: "NetworkDriver.Leave", request: JSON.stringify(ids) },
    ]);
  });

  it("does not hold what was said before against what comes after", async () => {
    const { proxy, client } = await conversation();
    await client.call("NetworkDriver.CreateNetwork", { NetworkID: ids.NetworkID });
    await client.call("NetworkDriver.DeleteNetwork", { NetworkID: ids.NetworkID });
    await client.call("NetworkDriver.CreateEndpoint", { ...ids, Interface: {}, Options: {} });
    const broken = proxy.findings().map(({ requirement }) => requirement);
    expect(broken).toContain("CNM-15b");
    const later = proxy.findings(2).map(({ requirement }) => requirement);
    expect(later).toEqual(broken.filter((requirement) => requirement !== "CNM-15b"));
  });

  it("asks for what the plugin lists by the way that an engine took, where none has asked since the proxy is there", async () => {
    const { scope, folder, asked } = await conversation();
    const behind = pluginSocket(join(folder, "plugin.sock"));
    const proxy = new RecordingProxy(scope, {
      ...behind,
      connect: () => Promise.reject(new Error("no way for all engines")),
    });
    const server = createSocketServer((socket) => proxy.handle(socket, "node1", behind.connect));
    await new Promise<void>((resolve) => server.listen(join(folder, "engine.sock"), resolve));
    scope.defer("the engine's way", () => new Promise<void>((resolve) => server.close(() => resolve())));
    const engine = new PluginClient(pluginSocket(join(folder, "engine.sock")), "engine");
    await engine.call("NetworkDriver.CreateNetwork", { NetworkID: ids.NetworkID });
    expect(await proxy.subsystems()).toEqual(["NetworkDriver"]);
    expect(asked).toEqual(["NetworkDriver.CreateNetwork", "Plugin.Activate"]);
  });

  it("passes large bodies on, byte for byte", async () => {
    const { client } = await conversation();
    const body = JSON.stringify({ ...ids, padding: randomBytes(2_000_000).toString("hex") });
    const result = await client.sendText("NetworkDriver.EndpointOperInfo", body);
    expect(result.answer).toEqual({ Value: { size: body.length } });
  });

  it("knows what was made and not unmade", async () => {
    const { proxy, client } = await conversation();
    await client.call("NetworkDriver.CreateNetwork", { NetworkID: "n1" });
    await client.call("NetworkDriver.CreateEndpoint", ids);
    await client.call("NetworkDriver.Join", joinRequest);
    expect(proxy.held()).toMatchObject({
      networks: ["node1 n1"],
      endpoints: ["node1 e1"],
      joins: ["node1 e1"],
    });
    await client.call("NetworkDriver.DeleteEndpoint", ids);
    await client.call("NetworkDriver.DeleteNetwork", { NetworkID: "n1" });
    expect(Object.values(proxy.held()).flat()).toEqual([]);
  });

  it("answers in the plugin's place, once, and only for the chosen call", async () => {
    const { proxy, client, asked } = await conversation();
    const injection = proxy.inject({ call: "NetworkDriver.Join", fault: { kind: "status", status: 500 } });
    expect((await client.call("Plugin.Activate")).succeeded).toBe(true);
    expect((await client.call("NetworkDriver.Join", joinRequest)).exchange.status).toBe(500);
    expect(asked).toEqual(["Plugin.Activate"]);
    expect((await client.call("NetworkDriver.Join", joinRequest)).succeeded).toBe(true);
    expect(injection.used).toBe(1);
    expect(proxy.exchanges.map(({ injected }) => injected)).toEqual([undefined, "status 500", undefined]);
  });

  it.each([
    ["request", [], /closed/],
    ["answer", ["NetworkDriver.Join"], /closed/],
    ["body", ["NetworkDriver.Join"], /after \d+ bytes/],
  ] as const)("cuts the connection at the %s of a Join", async (at, reached, failure) => {
    const { proxy, client, asked } = await conversation();
    proxy.inject({ call: "NetworkDriver.Join", fault: { kind: "cut", at } });
    const { exchange } = await client.call("NetworkDriver.Join", joinRequest);
    expect(exchange.answer).toBeNull();
    expect(exchange.failure).toMatch(failure);
    expect(asked).toEqual(reached);
    expect(proxy.exchanges).toMatchObject([{ call: "NetworkDriver.Join", injected: `cut at ${at}` }]);
  });

  it.each([{ kind: "truncate" }, { kind: "status", status: 500 }] as const)(
    "ends the connection with an answer of its own ($kind), since the plugin may have closed its side",
    async (fault) => {
      const { folder, proxy } = await conversation();
      proxy.inject({ call: "NetworkDriver.Join", fault });
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      onTestFinished(() => agent.destroy());
      const post = (call: string) =>
        new Promise<{ connection: string | undefined; status: number | undefined; reused: boolean }>(
          (resolve, reject) => {
            const posted = request({
              ...{ agent, method: "POST", path: `/${call}`, socketPath: join(folder, "proxy.sock") },
            });
            posted.once("error", reject);
            posted.once("response", (response) => {
              const { statusCode: status, headers } = response.resume();
              const answer = { connection: headers.connection, status, reused: posted.reusedSocket };
              response.once("end", () => resolve(answer));
            });
            posted.end(JSON.stringify(joinRequest));
          },
        );
      expect(await post("NetworkDriver.Join")).toMatchObject({ connection: "close" });
      expect(await post("NetworkDriver.Leave")).toMatchObject({ status: 200, reused: false });
      expect(proxy.exchanges.map(({ failure }) => failure)).toEqual([
        fault.kind === "status" ? "status 500 in the plugin's place" : undefined,
        undefined,
      ]);
    },
  );

  it("truncates an answer's JSON and leaves the HTTP whole", async () => {
    const { proxy, client } = await conversation();
    proxy.inject({ call: "NetworkDriver.Join", fault: { kind: "truncate" } });
    const { exchange, answer } = await client.call("NetworkDriver.Join", joinRequest);
    expect(exchange).toMatchObject({ status: 200, answer: expect.stringMatching(/^{"InterfaceName/) });
    expect(answer).toBeUndefined();
    expect(proxy.exchanges[0]?.answer).toMatch(/}$/);
  });

  it("delays an answer and nothing else, also when the plugin closes the connection after it", async () => {
    const { proxy, client } = await conversation();
    const delayMs = 300;
    proxy.inject({ call: "NetworkDriver.Join", fault: { kind: "delay", ms: delayMs } });
    const [joined, activated] = await Promise.all([
      client.call("NetworkDriver.Join", joinRequest),
      client.call("Plugin.Activate"),
    ]);
    expect(joined.succeeded && activated.succeeded).toBe(true);
    expect(client.exchanges.map(({ call }) => call)).toEqual(["Plugin.Activate", "NetworkDriver.Join"]);
    expect(joined.exchange.endedAt - joined.exchange.startedAt).toBeGreaterThanOrEqual(delayMs - 1);
  });

  it("keeps an injection that was stopped or names another call out of calls", async () => {
    const { proxy, client } = await conversation();
    proxy.inject({ call: "NetworkDriver.Join", fault: { kind: "status", status: 500 }, times: 9 }).stop();
    proxy.inject({ call: "NetworkDriver.Join", fault: { kind: "status", status: 500 }, caller: "node2" });
    expect((await client.call("NetworkDriver.Join", joinRequest)).succeeded).toBe(true);
  });

  it("tells of a plugin that hangs up", async () => {
    const { scope, folder } = await conversation();
    const rude = createSocketServer((socket) => socket.once("data", () => socket.destroy()));
    await new Promise<void>((resolve) => rude.listen(join(folder, "rude.sock"), resolve));
    scope.defer("the rude plugin", () => void rude.close());
    const proxy = new RecordingProxy(scope, pluginSocket(join(folder, "rude.sock")));
    await proxy.listen(scope, join(folder, "rude-proxy.sock"));
    const client = new PluginClient(pluginSocket(join(folder, "rude-proxy.sock")), "test");
    expect((await client.call("NetworkDriver.Leave", ids)).exchange.answer).toBeNull();
    expect(proxy.exchanges).toMatchObject([
      { call: "NetworkDriver.Leave", answer: null, failure: expect.stringContaining("without an answer") },
    ]);
  });
});
