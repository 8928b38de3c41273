import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { MessageReader, pathOf } from "#harness/cnm/protocol/message.ts";
import { genericOptionsKey } from "#harness/cnm/protocol/protocol.ts";
import { Scope } from "#harness/core/async/scope.ts";
import { type PlayedVersion, playedEngines } from "#suites/requirements/played-engine.ts";
import { PluginClient, pluginSocket } from "./client.ts";
import { PlayedEngine } from "./engine.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-dialect-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What was heard of one request: its call, its Host header, its body. */
interface Heard {
  readonly call: string;
  readonly host: string;
  readonly body: Record<string, unknown>;
}

/** Plays a network with an endpoint, whose Join fails, to a plugin that says yes to everything else. */
async function heardBy(engine: PlayedVersion): Promise<Heard[]> {
  const heard: Heard[] = [];
  const path = join(folder, `${engine}.sock`);
  const server = createServer((socket: Socket) => {
    const reader = new MessageReader("request");
    socket.on("data", (chunk) => {
      for (const message of reader.push(chunk)) {
        const call = pathOf(message);
        const body = message.body.length === 0 ? {} : JSON.parse(message.body.toString());
        heard.push({ call, host: message.headers.host ?? "none", body });
        const answer = JSON.stringify(answers[call]?.(body) ?? {});
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(answer)}\r\n\r\n${answer}`);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  await using scope = new Scope("a played engine");
  scope.defer("the server", () => void server.close());
  const played = new PlayedEngine({
    client: new PluginClient(pluginSocket(path), "test", { engine }),
    facts: {
      ...{ subsystems: new Set(["NetworkDriver", "IpamDriver"]), scope: "local", gwAllocChecker: true },
      ...{ requiresMac: false, requiresReplay: false, spaces: { local: "l", global: "g" } },
    },
    scope,
  });
  await played.join(await played.endpoint(await played.network("10.99.1.0/24")));
  return [...heard];
}

const answers: Record<string, (body: Record<string, unknown>) => object> = {
  "IpamDriver.RequestPool": ({ Pool }) => ({ PoolID: Pool, Pool }),
  "IpamDriver.RequestAddress": ({ Options }) => ({
    Address:
      (Options as object | null) && "RequestAddressType" in (Options as object)
        ? "10.99.1.1/24"
        : "10.99.1.2/24",
  }),
  "NetworkDriver.Join": () => ({ Err: "the network is told to fail" }),
};

/** As recorded from an engine of that version: `docker network create` and a `docker run` whose Join fails. */
const recorded: Record<PlayedVersion, string> = {
  "20.10": "RequestPool RequestAddress CreateNetwork RequestAddress CreateEndpoint Join",
  "26.1":
    "GetDefaultAddressSpaces RequestPool RequestAddress CreateNetwork RequestAddress CreateEndpoint Join",
  "28.5":
    "GwAllocCheck GetDefaultAddressSpaces GetDefaultAddressSpaces RequestPool RequestAddress CreateNetwork RequestAddress CreateEndpoint Join",
  "29.7":
    "GwAllocCheck GetDefaultAddressSpaces GetDefaultAddressSpaces RequestPool RequestAddress CreateNetwork RequestAddress CreateEndpoint Join Leave",
};

describe.each(playedEngines)("an engine %s that is played", (engine) => {
  test("makes the calls of that engine, with its Host header and its options", async () => {
    const heard = await heardBy(engine);
    expect(heard.map(({ call }) => call.split(".")[1]).join(" ")).toBe(recorded[engine]);
    expect(new Set(heard.map(({ host }) => host))).toEqual(
      new Set([engine === "20.10" ? "" : "plugin.moby.localhost"]),
    );
    const bodies = (call: string) => heard.filter((one) => one.call.endsWith(call)).map(({ body }) => body);
    const [network] = bodies("CreateNetwork");
    expect(network?.Options).toEqual({
      ...(engine === "20.10" || engine === "26.1" ? {} : { "com.docker.network.enable_ipv4": true }),
      "com.docker.network.enable_ipv6": false,
      [genericOptionsKey]: {},
    });
    const [, endpoint] = bodies("RequestAddress");
    expect(endpoint?.Options).toEqual(
      engine === "29.7" ? { "com.docker.network.endpoint.name": expect.stringMatching(/^c-/) } : null,
    );
  });
});
