import { readSnapshot, type Snapshot } from "#harness/cluster/snapshot/snapshot.ts";
import { HarnessError, UsageError } from "#harness/core/errors.ts";
import { SshHost } from "#harness/host/ssh/ssh-host.ts";
import type { Inventory, InventoryHost } from "./inventory.ts";
import { describeProblems, describeSurveys, problemsOf } from "./preflight.ts";
import { type HostSurvey, surveyHost } from "./survey.ts";
import { HostLock } from "./undo/lock.ts";
import { type HostMarker, readMarker, whoami, writeMarker } from "./undo/marker.ts";
import { listBefore, undoOnExternalHost, undoOnNode } from "./undo/undo.ts";

interface Member {
  readonly target: InventoryHost;
  readonly host: SshHost;
  readonly isNode: boolean;
}

/** The hosts of an inventory with connections of their own: for what is done before and after a run, and for the locks. */
export class InventoryHosts {
  readonly #members: readonly Member[];
  readonly #httpPort: number;
  #locks: HostLock[] = [];

  constructor({ nodes, external }: Pick<Inventory, "nodes" | "external">) {
    const all = [
      ...nodes.map((target) => ({ target, isNode: true })),
      ...(external ? [{ target: external, isNode: false }] : []),
    ];
    this.#httpPort = external?.httpPort ?? 0;
    this.#members = all.map((member) => ({ ...member, host: new SshHost(member.target) }));
  }

  /** Looks at every host without changing anything. */
  survey(): Promise<HostSurvey[]> {
    return Promise.all(this.#members.map(({ host, target, isNode }) => surveyHost(host, target, isNode)));
  }

  /** Throws `UsageError` with the table and everything that is in the way. */
  refuseUnfit(surveys: readonly HostSurvey[], occupied: boolean): void {
    const hasExternalHost = this.#members.at(-1)?.isNode === false;
    const problems = problemsOf(surveys, hasExternalHost).filter(
      (problem) => !(occupied && problem.occupied),
    );
    if (problems.length === 0) return;
    const overrule = problems.some((problem) => problem.occupied)
      ? "\nOCCUPIED=1 uses hosts all the same that hold what is somebody else's, and leaves that alone"
      : "";
    throw new UsageError(
      `the hosts cannot be used as they are; nothing was changed\n${describeSurveys(surveys)}\n${describeProblems(problems)}${overrule}`,
    );
  }

  /** Keeps other runs away from every host. Throws `UsageError` when one is there already; then none is held. */
  async lock(): Promise<void> {
    const taken = await Promise.allSettled(this.#members.map(({ host }) => HostLock.take(host)));
    this.#locks = taken.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const refused = taken.find((one) => one.status === "rejected");
    if (!refused) return;
    await this.unlock();
    throw refused.reason;
  }

  async unlock(): Promise<void> {
    await Promise.all(this.#locks.splice(0).map((lock) => lock.release()));
  }

  /** Says on every host who uses it, and what was there before. */
  async mark(id: string, image: string): Promise<void> {
    await Promise.all(
      this.#members.map(async ({ host, isNode }) => {
        const before = await listBefore(host, image, isNode);
        const since = new Date().toISOString();
        await writeMarker(host, { id, by: whoami(), since, kept: false, before });
      }),
    );
  }

  async markKept(kept: boolean): Promise<void> {
    await Promise.all(
      this.#members.map(async ({ host }) => {
        const marker = await readMarker(host);
        if (marker) await writeMarker(host, { ...marker, kept });
      }),
    );
  }

  /** The hosts on which a run has left its marker. */
  async marked(): Promise<{ host: string; marker: HostMarker }[]> {
    const all = await Promise.all(
      this.#members.map(async ({ host }) => ({ host: host.name, marker: await readMarker(host) })),
    );
    return all.flatMap(({ host, marker }) => (marker ? [{ host, marker }] : []));
  }

  /** What exists on the nodes. */
  async snapshot(): Promise<Snapshot> {
    const nodes = this.#members.filter(({ isNode }) => isNode);
    const pages = await Promise.all(
      nodes.map(async ({ host }) => [host.name, await readSnapshot(host)] as const),
    );
    return Object.fromEntries(pages);
  }

  /** Undoes what runs have done on hosts that carry a marker; the first manager of a swarm leaves last. */
  async undo(): Promise<void> {
    const undo = async ({ host, isNode }: Member) => {
      const marker = await readMarker(host);
      if (marker)
        await (isNode ? undoOnNode(host, marker) : undoOnExternalHost(host, marker, this.#httpPort));
    };
    const [first, ...others] = this.#members;
    const results = await Promise.allSettled(others.map(undo));
    if (first) results.push(...(await Promise.allSettled([undo(first)])));
    const failures = results.flatMap((result) =>
      result.status === "rejected" ? [(result.reason as Error).message] : [],
    );
    if (failures.length > 0) throw new HarnessError(`not everything could be undone\n${failures.join("\n")}`);
  }

  async close(): Promise<void> {
    await this.unlock().catch(() => {});
    await Promise.all(this.#members.map(({ host }) => host.disconnect()));
  }
}

/** Looks at every host of an inventory without changing anything. */
export async function surveyHosts(inventory: Inventory): Promise<HostSurvey[]> {
  const hosts = new InventoryHosts(inventory);
  try {
    return await hosts.survey();
  } finally {
    await hosts.close();
  }
}
