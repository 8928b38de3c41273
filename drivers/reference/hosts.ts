import { existsSync } from "node:fs";
import { createServer } from "node:net";
import Docker from "dockerode";
import { z } from "zod";
import { findInterfaces } from "#harness/cluster/hosts/interfaces.ts";
import type { Inventory, InventoryHost } from "#harness/cluster/hosts/inventory.ts";
import { HarnessError, UsageError } from "#harness/core/errors.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { SshHost } from "#harness/host/ssh/ssh-host.ts";
import type { ServedNode } from "./service.ts";

/** The nodes of an inventory, with the interfaces that it names or that are found on them. Throws `UsageError`. */
export function inventoryNodes({ nodes }: Inventory): Promise<ServedNode[]> {
  return Promise.all(nodes.map(sshNode));
}

async function sshNode(target: InventoryHost): Promise<ServedNode> {
  const host = new SshHost(target);
  try {
    const { control, data } = await findInterfaces(host, target);
    return {
      ...{ host, docker: host.docker, control, data },
      listen: (socket, onConnection) => host.forwardIn(socket, onConnection),
    };
  } catch (error) {
    await host.disconnect();
    throw error;
  }
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
