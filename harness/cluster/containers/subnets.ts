import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Role } from "#harness/cluster/cluster.ts";
import { HarnessError, UsageError } from "#harness/core/errors.ts";
import { contains, networkAddress, nthSubnet, overlaps } from "#harness/core/ip.ts";
import { withLock } from "#harness/core/process/lock.ts";
import { isAlive, ownIdentity, type ProcessIdentity } from "#harness/core/process/process.ts";
import { parseJson } from "#harness/core/text/json.ts";
import { typed } from "#harness/core/typed.ts";

/** Three /24 networks that no other run on this machine uses. */
export interface SubnetLease {
  readonly slot: number;
  /** The first three octets per role, e.g. `10.222.4`. */
  readonly prefixes: Readonly<Record<Role, string>>;
}

const leaseShape = z.object({ cluster: z.string(), owner: z.string() });

interface LeaseFile {
  cluster: string;
  owner: ProcessIdentity;
}

const slots = 64;
// Shared by all users of the machine, since they share its routing table.
const folder = join(tmpdir(), "netconform-subnets");

/** The networks of a slot inside a /16 such as `10.222.0.0/16`. */
export function prefixesOf(range: string, slot: number): SubnetLease["prefixes"] {
  const at = (offset: number) => networkAddress(nthSubnet(range, 24, slot * 4 + offset)).replace(/\.0$/, "");
  return { management: at(0), control: at(1), data: at(2) };
}

/**
 * Leases the first slot that no living run holds, no interface of this machine is in and no subnet of `taken` is in; a kept
 * cluster holds its slot by its interfaces, or its networks in an engine elsewhere. One leases after the other. Throws `HarnessError` when all slots are in use.
 */
export function leaseSubnets(
  range: string,
  cluster: string,
  taken: readonly string[] = [],
): Promise<SubnetLease> {
  return withLock("subnets", async () => leaseFirst(range, cluster, taken), { what: "leasing subnets" });
}

function leaseFirst(range: string, cluster: string, taken: readonly string[]): SubnetLease {
  shareFolder();
  removeDead();
  for (let slot = 0; slot < slots; slot++) {
    const prefixes = prefixesOf(range, slot);
    if (!inUse(Object.values(prefixes), taken) && take(range, slot, cluster)) return { slot, prefixes };
  }
  throw new HarnessError(`all ${slots} subnets of ${range} are in use on this machine`, {
    hint: `${typed("cluster down")} removes what earlier runs kept; SUBNETS=10.x.0.0/16 chooses another range`,
  });
}

/** The first user makes the folder for all; what they make in it is theirs. */
function shareFolder(): void {
  mkdirSync(folder, { recursive: true });
  const { uid, mode } = statSync(folder);
  if ((mode & 0o1777) === 0o1777) return;
  if (![0, uid].includes(process.getuid?.() ?? 0)) {
    throw new UsageError(
      `${folder}: expected a folder that every user may write to, got one of user ${uid} alone`,
      { hint: `as that user or root: chmod 1777 ${folder}` },
    );
  }
  // The mode that mkdir is given loses what the umask takes away.
  chmodSync(folder, 0o1777);
}

/** Gives a slot back, unless another cluster than `cluster` has it by now. */
export function releaseSubnets(range: string, slot: number, cluster?: string): void {
  const path = leasePath(range, slot);
  if (cluster === undefined || readLease(path)?.cluster === cluster) rmSync(path, { force: true });
}

function leasePath(range: string, slot: number): string {
  return join(folder, `${range.replace("/", "_")}-${slot}`);
}

function take(range: string, slot: number, cluster: string): boolean {
  const path = leasePath(range, slot);
  const content = JSON.stringify({ cluster, owner: ownIdentity() } satisfies LeaseFile);
  try {
    writeFileSync(path, content, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  }
}

/** Removes leases of processes that are gone. One leases after the other: one that cannot be read was cut off when its writer died. */
function removeDead(): void {
  for (const path of readdirSync(folder).map((name) => join(folder, name))) {
    const lease = readLease(path);
    if (!lease || !isAlive(lease.owner)) remove(path);
  }
}

function readLease(path: string): LeaseFile | undefined {
  try {
    const json = parseJson(readFileSync(path, "utf8"));
    return json.ok ? leaseShape.safeParse(json.value).data : undefined;
  } catch {
    return undefined;
  }
}

/** Another user's lease cannot be removed, and holds its slot. */
function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The next slot is taken.
  }
}

/**
 * Whether one of the networks is among `taken`, or this machine already has a route into it, also through an interface that is
 * down. Where there is no such table, as on macOS, engines run in a virtual machine.
 */
function inUse(prefixes: string[], taken: readonly string[]): boolean {
  const table = "/proc/net/route";
  const routed = existsSync(table) ? parseRoutes(readFileSync(table, "utf8")) : [];
  return prefixes
    .map((prefix) => `${prefix}.0/24`)
    .some(
      (own) =>
        routed.some((address) => contains(own, address)) || taken.some((subnet) => overlaps(own, subnet)),
    );
}

/** Destinations in the kernel's IPv4 routing table, `/proc/net/route`: hexadecimal, least significant byte first. */
export function parseRoutes(table: string): string[] {
  return table
    .trim()
    .split("\n")
    .slice(1)
    .map((line) =>
      Buffer.from(line.split("\t")[1] ?? "", "hex")
        .reverse()
        .join("."),
    );
}
