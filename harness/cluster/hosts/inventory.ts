import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import type { Role } from "#harness/cluster/cluster.ts";
import { UsageError } from "#harness/core/errors.ts";
import { readSession } from "#harness/core/settings/session.ts";
import { type Misfit, misfitsOf } from "#harness/core/text/misfits.ts";
import { locateYaml } from "#harness/core/text/yaml.ts";
import { typed } from "#harness/core/typed.ts";
import { agentOfSession, keysIn, type SshTarget } from "#harness/host/ssh/ssh-target.ts";

/** One host of an inventory, everything resolved: defaults filled in, paths absolute, host keys looked up. */
export interface InventoryHost extends SshTarget {
  /** What is known of the interfaces; the rest is found out on the host. */
  readonly interfaces: Readonly<
    Partial<Record<Role, { device?: string | undefined; address?: string | undefined } | undefined>>
  >;
}

/** Hosts that exist. Made from a file by `readInventory`, or by a provider that brings hosts up, e.g. from `vagrant ssh-config`. */
export interface Inventory {
  /** Where it comes from, for messages. */
  readonly source: string;
  readonly nodes: readonly InventoryHost[];
  /** The host beside the nodes. Requirements that need the external host are blocked where there is none. */
  readonly external?: InventoryHost & {
    /** A name that the nodes' resolvers know and that leads to its management address. */
    readonly hostName?: string | undefined;
    /** TCP port on which the run starts its web server. */
    readonly httpPort: number;
  };
}

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, { error: "a name of letters, digits, _ . -" });
const text = z.string().min(1, { error: "a text" });
const port = z.int({ error: "a port from 1 to 65535" }).min(1).max(65535);

const access = {
  port: port.optional().describe("of sshd; default 22"),
  user: text.optional().describe("who logs in; default: root"),
  key: text
    .optional()
    .describe("file with a private key without passphrase; ~ and paths relative to the inventory work"),
  agent: z
    .union([z.literal(true), text], { error: "true, or the path of an agent's socket" })
    .optional()
    .describe("true: the SSH agent of SSH_AUTH_SOCK holds the key; or the path of an agent's socket"),
  hostKey: z
    .union([text, z.array(text).min(1)], { error: "a public key, or a list of them" })
    .optional()
    .describe(
      "the host's public key, as in a .pub file; several are a list. Default: looked up in knownHosts",
    ),
  knownHosts: text.optional().describe("file in OpenSSH's known_hosts format; default: ~/.ssh/known_hosts"),
};

const device = z
  .strictObject({
    device: text.optional().describe("interface name, e.g. eth1"),
    address: z.ipv4({ error: "an IPv4 address" }).optional().describe("IPv4 address without prefix"),
  })
  .describe("what is left out is found out on the host");

const shared = {
  ...access,
  jump: name.optional().describe("name of the jump host, one of `jumps`"),
  sudo: z
    .boolean()
    .optional()
    .describe("run commands through sudo -n; default: true unless the user is root"),
};

const host = z.strictObject({
  name: name.describe("how messages and reports call it; unique"),
  address: text.describe("name or address under which this machine, or the jump host, reaches it"),
  ...shared,
  interfaces: z
    .strictObject({
      management: device.optional().describe("default: where the way to this machine leaves"),
      control: device.optional().describe("node to node; default: as management"),
      data: device.optional().describe("carries overlays and VLANs; default: as control"),
    })
    .optional(),
});

/** The schema of the inventory file. */
const schema = z
  .strictObject({
    defaults: z.strictObject(shared).optional().describe("for every host that does not say otherwise"),
    jumps: z
      .array(z.strictObject({ name, address: text, ...access }))
      .optional()
      .describe("hosts through which others are reached"),
    nodes: z
      .array(host)
      .min(1, { error: "at least one node" })
      .describe("the nodes; the first one manages a swarm"),
    external: host
      .extend({
        hostName: text
          .optional()
          .describe("a name that the nodes' resolvers resolve to its management address"),
        httpPort: port.optional().describe("free TCP port for the run's web server; default 8090"),
      })
      .optional()
      .describe("a host beside the nodes; without one, what needs the external host is blocked"),
  })
  .describe("Inventory of netconform: hosts for CLUSTER=ssh, and for the reference plugin by itself");

type File = z.infer<typeof schema>;
type Access = Omit<File["nodes"][number], "name" | "address" | "interfaces">;

/** The schema of the inventory file as JSON Schema, for editors. */
export function inventorySchema(): object {
  return z.toJSONSchema(schema, { io: "input" });
}

/**
 * Reads an inventory file (YAML; docs/ssh.md). Throws `UsageError` with file, line, value and what was expected for
 * everything that is wrong with it, and for hosts whose key is not known. `asked` is how the user named the file.
 */
export function readInventory(path: string, asked = `INVENTORY=${path}`): Inventory {
  const { value, tell } = locateYaml(path, readText(path, asked));
  const refuse = (misfits: readonly Misfit[]) =>
    new UsageError(tell(misfits), {
      hint: `docs/ssh.md describes the inventory; ${typed("cluster inventory-schema")} prints its schema`,
    });

  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw refuse(misfitsOf(parsed.error, value));
  }
  const file = parsed.data;
  const problems = contradictions(file);
  if (problems.length > 0) throw refuse(problems);

  const jumps = new Map(
    (file.jumps ?? []).map((jump) => [jump.name, resolveAccess(path, jump, { ...file.defaults, ...jump })]),
  );
  const resolveHost = (one: File["nodes"][number]): InventoryHost => {
    const given = { ...file.defaults, ...one };
    const target = resolveAccess(path, one, given);
    const jump = given.jump === undefined ? undefined : jumps.get(given.jump);
    return {
      ...target,
      ...(jump ? { jump } : {}),
      sudo: given.sudo ?? target.user !== "root",
      interfaces: one.interfaces ?? {},
    };
  };
  const { external } = file;
  return {
    source: path,
    nodes: file.nodes.map(resolveHost),
    ...(external
      ? {
          external: {
            ...resolveHost(external),
            hostName: external.hostName,
            httpPort: external.httpPort ?? 8090,
          },
        }
      : {}),
  };
}

function readText(path: string, asked: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`${asked}: expected a file that can be read, got ${(error as Error).message}`, {
      hint: "docs/ssh.md has an example to start from",
    });
  }
}

/** What no schema says: names are unique, jump hosts exist. */
function contradictions(file: File): Misfit[] {
  const jumps = (file.jumps ?? []).map((jump) => jump.name);
  const seen = new Set<string>();
  const hosts: { path: PropertyKey[]; host: Access & { name: string } }[] = [
    ...file.nodes.map((one, index) => ({ path: ["nodes", index], host: one })),
    ...(file.external ? [{ path: ["external"], host: file.external }] : []),
  ];
  return hosts.flatMap(({ path, host: one }) => {
    const found: Misfit[] = [];
    if (seen.has(one.name)) {
      found.push({ path: [...path, "name"], what: `expected a name of its own, got ${one.name} again` });
    }
    seen.add(one.name);
    const jump = one.jump ?? file.defaults?.jump;
    if (jump !== undefined && !jumps.includes(jump)) {
      const where = one.jump === undefined ? ["defaults", "jump"] : [...path, "jump"];
      found.push({
        path: where,
        what: `expected one of ${jumps.join(", ") || "jumps (there are none)"}, got ${jump}`,
      });
    }
    return found;
  });
}

function resolveAccess(
  path: string,
  { name: own, address }: { name: string; address: string },
  given: Access,
): SshTarget {
  const at = (file: string) => resolve(dirname(path), file.replace(/^~(?=\/)/, homedir()));
  const sshPort = given.port ?? 22;
  if (given.agent === true && !readSession().sshAgent) {
    throw new UsageError(
      `${path}: ${own}: expected SSH_AUTH_SOCK in the environment since \`agent\` is true, got none`,
      {
        hint: "start an agent (eval $(ssh-agent); ssh-add), or name a key file with `key`",
      },
    );
  }
  const knownHosts = at(given.knownHosts ?? "~/.ssh/known_hosts");
  const stated = typeof given.hostKey === "string" ? [given.hostKey] : given.hostKey;
  return {
    name: own,
    address,
    port: sshPort,
    user: given.user ?? "root",
    ...(given.key === undefined ? {} : { keyFile: at(given.key) }),
    ...(given.agent === undefined ? {} : { agent: given.agent === true ? agentOfSession : at(given.agent) }),
    hostKeys: stated ?? keysIn(knownHosts, address, sshPort),
    ...(stated ? { hostKeyAlone: true } : {}),
    hostKeysFrom: stated ? `${path}, hostKey of ${own}` : knownHosts,
  };
}
