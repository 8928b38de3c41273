import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, resolve } from "node:path";
import Docker from "dockerode";
import { parse } from "yaml";
import { z } from "zod";
import { HarnessError, UsageError } from "#harness/core/errors.ts";
import { LocalHost } from "#harness/host/local-host.ts";
import { SshHost } from "#harness/host/ssh/ssh-host.ts";
import type { ServedNode } from "./service.ts";

const inventoryShape = z.object({
  nodes: z
    .array(
      z.object({
        name: z.string().min(1),
        /** Address and port of its SSH server. */
        address: z.string().min(1),
        port: z.number().int().default(22),
        user: z.string().default("root"),
        /** Path of an OpenSSH private key. */
        privateKey: z.string(),
        /** As in known_hosts: `ssh-ed25519 AAAA…`. */
        hostKey: z.string(),
        /** Interface and IPv4 address between which VXLAN runs. */
        control: z.object({ device: z.string(), address: z.ipv4() }),
        /** Interface to the switch, for VLAN networks. */
        data: z.object({ device: z.string() }),
      }),
    )
    .min(1),
});

/** Reads the hosts of an inventory (YAML). Throws `UsageError` that names the file and what is wrong with it. */
export function readInventory(path: string): ServedNode[] {
  if (!existsSync(path)) throw new UsageError(`there is no inventory ${path}`);
  const parsed = inventoryShape.safeParse(parse(readFileSync(path, "utf8")));
  if (!parsed.success) throw new UsageError(`${path} is no inventory\n${z.prettifyError(parsed.error)}`);
  return parsed.data.nodes.map(({ control, data, privateKey, hostKey, ...target }) => {
    const host = new SshHost({
      ...target,
      privateKey: readFileSync(resolve(dirname(path), privateKey), "utf8"),
      hostKeys: [hostKey],
    });
    return {
      ...{ host, docker: host.docker, control, data },
      listen: (socket, onConnection) => host.forwardIn(socket, onConnection),
    };
  });
}

/** This machine as the only node. `control` and `data` are interface names; Docker is asked for names where it answers. */
export async function localNode(control: string, data: string): Promise<ServedNode> {
  const host = new LocalHost();
  const shown = await host.exec(["ip", "-json", "-4", "address", "show", "dev", control]);
  const [link] = shown.code === 0 ? addresses.parse(JSON.parse(shown.stdout)) : [];
  const [address] = link?.addr_info ?? [];
  if (!address) throw new UsageError(`this machine has no interface ${control} with an IPv4 address`);
  const docker = "/var/run/docker.sock";
  return {
    host,
    ...(existsSync(docker) ? { docker: new Docker({ socketPath: docker }) } : {}),
    control: { device: control, address: address.local },
    data: { device: data },
    listen: listenLocally,
  };
}

const addresses = z.array(z.object({ addr_info: z.array(z.object({ local: z.string() })) }));

/** Makes a unix socket on this machine. */
export const listenLocally: ServedNode["listen"] = async (path, onConnection) => {
  const server = createServer(onConnection);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(new HarnessError(`${path} cannot be served: ${cause.message}`, { cause })),
    );
    server.listen(path, resolve);
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
};
