import { nodeEngineCommand } from "#harness/cluster/images/node-contract.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked } from "#harness/core/errors.ts";
import { programCall } from "#harness/host/agent/program.ts";
import type { Host } from "#harness/host/host.ts";

/**
 * After how long the manager of a swarm makes new keys, in nanoseconds. The ticker of a new leader begins anew, and it takes the keys that
 * the swarm has. No setting and no call changes it: swarmkit 17b8d222e7dd, manager/keymanager/keymanager.go, `DefaultKeyRotationInterval`
 * and `Run`.
 */
const usual = 12 * 3600 * 10 ** 9;
/** A file system of its own, since that of /run may let no program run. */
const folder = "/run/netconform-rotation";
/** Containers get ten seconds to end before their engine does. */
const restartMs = 180_000;

const control = `control() {
  if [ -x ${nodeEngineCommand} ]; then ${nodeEngineCommand} "$1"; else systemctl "$1" docker; fi
}`;

const prepare = `set -e
  mkdir -p ${folder}
  mountpoint -q ${folder} || mount -t tmpfs -o mode=755 netconform-rotation ${folder}
  readlink "/proc/$(cat /run/docker.pid)/exe" | tee ${folder}/original`;

const begin = `set -e
  ${control}
  control stop
  mount --bind ${folder}/dockerd "$(cat ${folder}/original)"
  control start`;

// Lazily, since the kernel may hold the program for a moment longer than the process that ran it is listed.
const end = `set -e
  [ -d ${folder} ] || exit 0
  ${control}
  original=$(cat ${folder}/original 2>/dev/null || true)
  if [ -n "$original" ]; then
    if mountpoint -q "$original"; then
      control stop
      umount --lazy "$original"
    fi
    # Also of one that was stopped and never got its copy; one that runs goes on.
    control start
  fi
  umount --lazy ${folder} || true
  rmdir ${folder}`;

/**
 * Has the engine of a swarm's manager make new keys every so many milliseconds until `scope` closes. It is restarted with a copy of its own
 * dockerd in which that one number is another, mounted over it; its containers stop. What the keys do on the nodes is the engines' own.
 * Throws `Blocked` where its dockerd has no such number.
 */
export async function hastenRotation(scope: Scope, manager: Host, everyMs: number): Promise<void> {
  scope.defer(`the usual rotation of keys on ${manager.name}`, () => endHastenedRotation(manager));
  const original = (await manager.run(["sh", "-c", prepare])).trim();
  const numbers = [String(usual), String(everyMs * 10 ** 6)];
  const { argv, input } = programCall(["rewrite", original, `${folder}/dockerd`, ...numbers]);
  const { code, stderr } = await manager.exec(argv, { input });
  if (code !== 0) {
    throw new Blocked(`the rotation of keys on ${manager.name} cannot be hastened: ${stderr.trim()}`);
  }
  await manager.run(["sh", "-c", begin], { deadlineMs: restartMs });
}

/** Gives an engine its own dockerd back where `hastenRotation` took it; it is restarted then. Idempotent. */
export async function endHastenedRotation(host: Host): Promise<void> {
  await host.run(["sh", "-c", end], { deadlineMs: restartMs });
}
