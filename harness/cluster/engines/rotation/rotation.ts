import { EngineControl, type EngineHost } from "#harness/cluster/engines/control/control.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked } from "#harness/core/errors.ts";
import { programCall } from "#harness/host/agent/program.ts";

/**
 * After how long the manager of a swarm makes new keys, in nanoseconds. The ticker of a new leader begins anew, and it takes the keys that
 * the swarm has. No setting and no call changes it: swarmkit 17b8d222e7dd, manager/keymanager/keymanager.go, `DefaultKeyRotationInterval`
 * and `Run`.
 */
const usual = 12 * 3600 * 10 ** 9;
/** A file system of its own, since that of /run may let no program run. */
const folder = "/run/netconform-rotation";

const prepare = `set -e
  mkdir -p ${folder}
  mountpoint -q ${folder} || mount -t tmpfs -o mode=755 netconform-rotation ${folder}
  readlink "/proc/$(cat /run/docker.pid)/exe" | tee ${folder}/original`;

/**
 * Has the engine of a swarm's manager make new keys every so many milliseconds until `scope` closes. It is restarted with a copy of its own
 * dockerd in which that one number is another, mounted over it; its containers stop. What the keys do on the nodes is the engines' own.
 * Throws `Blocked` where its dockerd has no such number, and where `EngineControl.of` does.
 */
export async function hastenRotation(scope: Scope, manager: EngineHost, everyMs: number): Promise<void> {
  const control = await EngineControl.of(manager);
  scope.defer(`the usual rotation of keys on ${manager.name}`, () => endHastenedRotation(manager));
  const original = (await manager.run(["sh", "-c", prepare])).trim();
  const numbers = [String(usual), String(everyMs * 10 ** 6)];
  const { argv, input } = programCall(["rewrite", original, `${folder}/dockerd`, ...numbers]);
  const { code, stderr } = await manager.exec(argv, { input });
  if (code !== 0) {
    throw new Blocked(`the rotation of keys on ${manager.name} cannot be hastened: ${stderr.trim()}`);
  }
  await control.stop();
  await manager.run(["mount", "--bind", `${folder}/dockerd`, original]);
  await control.start();
}

/** Gives an engine its own dockerd back where `hastenRotation` took it; it is restarted then. Idempotent. */
export async function endHastenedRotation(host: EngineHost): Promise<void> {
  if ((await host.exec(["test", "-d", folder])).code !== 0) return;
  const original = (await host.exec(["cat", `${folder}/original`])).stdout.trim();
  if (original !== "") {
    const control = await EngineControl.of(host);
    if ((await host.exec(["mountpoint", "-q", original])).code === 0) {
      await control.stop();
      // Lazily, since the kernel may hold the program for a moment longer than the process that ran it is listed.
      await host.run(["umount", "--lazy", original]);
    }
    // Also of one that was stopped and never got its copy; one that runs goes on.
    await control.start();
  }
  await host.exec(["umount", "--lazy", folder]);
  await host.run(["rmdir", folder]);
}
