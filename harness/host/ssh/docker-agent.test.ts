import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { inspect } from "node:util";
import Docker from "dockerode";
import { expect, test } from "vitest";
import { socketAgent } from "./docker-agent.ts";

test("a connection is used again, but not after a request that carries a body", async () => {
  const asked: [method: string, connection: string, port: number][] = [];
  const server = createServer((request: IncomingMessage, response) => {
    const { method = "", headers, socket } = request;
    asked.push([method, headers.connection ?? "", socket.remotePort ?? 0]);
    request.resume().once("end", () => response.writeHead(200).end("{}"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const agent = socketAgent(async () => connect(port, "127.0.0.1"));
  const docker = new Docker({ protocol: "http", host: "node1", port: 80, agent } as Docker.DockerOptions);
  try {
    await docker.info();
    await docker.info();
    await docker.pruneContainers();
    await docker.info();
  } finally {
    agent.destroy();
    server.close();
  }
  expect(asked.map(([method, connection]) => `${method} ${connection}`)).toEqual([
    "GET keep-alive",
    "GET keep-alive",
    "POST close",
    "GET keep-alive",
  ]);
  const [first, second, third, fourth] = asked.map(([, , from]) => from);
  expect([second, third]).toEqual([first, first]);
  expect(fourth).not.toBe(first);
});

test("a request is put into words without what hangs on its agent, as dockerode does it for each", () => {
  const agent = socketAgent(() => Promise.reject(new Error("nothing listens")));
  const words = inspect({ path: "/info", agent }, { showHidden: true, depth: null });
  expect(words).toBe("{ path: '/info', agent: an agent of streams }");
});
