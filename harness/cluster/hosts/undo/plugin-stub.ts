import { createServer } from "node:http";
import type { NetworkInspectInfo } from "dockerode";
import type { SshHost } from "#harness/host/ssh/ssh-host.ts";

/** What an engine must be told of a plugin that it has forgotten. */
const introductions: Readonly<Record<string, object>> = {
  "/Plugin.Activate": { Implements: ["NetworkDriver", "IpamDriver"] },
  "/NetworkDriver.GetCapabilities": { Scope: "local" },
};

/**
 * Answers for plugins of `networks` that nobody serves on the host any more, until it is disposed: an engine asks a
 * plugin about everything that it takes away, and tries for half a minute each time where no plugin is.
 */
export async function stubPlugins(
  host: SshHost,
  networks: readonly Pick<NetworkInspectInfo, "Driver">[],
): Promise<AsyncDisposable> {
  const drivers = new Set(networks.map(({ Driver }) => Driver));
  const paths = [...drivers].filter(isSocketName).map((name) => `/run/docker/plugins/${name}.sock`);
  const listening = paths.length > 0 ? (await host.exec(["ss", "-Hxl"])).stdout : "";
  const server = createServer(({ url = "" }, response) => {
    response.setHeader("Content-Type", "application/vnd.docker.plugins.v1.2+json");
    response.end(JSON.stringify(introductions[url] ?? {}));
  });
  const sockets: { close(): Promise<void> }[] = [];
  for (const path of paths.filter((one) => !listening.includes(`${one} `))) {
    await host.run(["sh", "-c", 'mkdir -p "$(dirname "$0")" && rm -f -- "$0"', path]);
    sockets.push(await host.forwardIn(path, (stream) => server.emit("connection", stream)));
  }
  return {
    [Symbol.asyncDispose]: async () => {
      await Promise.all(sockets.map((socket) => socket.close()));
      server.closeAllConnections();
    },
  };
}

/** Engines' own drivers have no socket, and managed plugins have theirs elsewhere. */
function isSocketName(driver: string): boolean {
  return !/[:/]/.test(driver) && !["bridge", "overlay", "macvlan", "ipvlan", "host", "null"].includes(driver);
}
