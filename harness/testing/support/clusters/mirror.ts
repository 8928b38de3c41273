import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import type { Scope } from "#harness/core/async/scope.ts";

/**
 * Hands on requests to a Debian mirror, from an address of this machine that the other side can reach; ends with `scope`. Yields the
 * URL of the mirror there.
 */
export async function serveMirror(scope: Scope, address: string, mirror: string): Promise<string> {
  const { origin, host, pathname } = new URL(mirror);
  const server = createServer((asked, answer) => {
    const passed = request(new URL(asked.url ?? "/", origin), {
      method: asked.method ?? "GET",
      headers: { ...asked.headers, host },
    });
    passed.on("response", (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    passed.on("error", () => answer.destroy());
    asked.pipe(passed);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, address, resolve);
  });
  scope.defer("the mirror", () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://${address}:${(server.address() as AddressInfo).port}${pathname}`;
}
