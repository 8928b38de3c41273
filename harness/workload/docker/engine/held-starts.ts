import type Docker from "dockerode";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { until, within } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { NothingSeen } from "#harness/core/errors.ts";
import type { Workload } from "#harness/workload/workload.ts";

/** Calls `found` with each process of runc and its name; `$ids` has the containers, a line each. */
const eachOfRunc = `
ids=$(printf "%s\\n" "$@")
each_of_runc() {
  for comm in /proc/[0-9]*/comm; do
    read -r name 2>/dev/null <"$comm" || continue
    case $name in runc*) found "\${comm%/comm}" "$name" ;; esac
  done
}
`;

/**
 * Stops the first process of each container whose id is an argument, where it waits in the pipe `exec.fifo` of runc until it is told to begin.
 * That wait is short, so it is looked for without a pause. They go on when its stdin ends, and when it is ended itself.
 */
const hold = `${eachOfRunc}
found() {
  case $2 in runc:*INIT*) ;; *) return ;; esac
  case $(cat "$1/wchan" 2>/dev/null) in *partner* | fifo_open) ;; *) return ;; esac
  grep -qF "$ids" "$1/cgroup" 2>/dev/null || return
  kill -STOP "\${1#/proc/}" 2>/dev/null || return
  # It may have been told meanwhile.
  read -r name 2>/dev/null <"$1/comm" || return
  case $name in runc:*INIT*) ;; *) kill -CONT "\${1#/proc/}" ;; esac
}
go_on() {
  for cgroup in $(grep -lF "$ids" /proc/[0-9]*/cgroup 2>/dev/null); do
    process=\${cgroup#/proc/}
    kill -CONT "\${process%/cgroup}" 2>/dev/null
  done
}
hold() {
  while kill -0 $$ 2>/dev/null; do each_of_runc; done
  go_on
}
hold &
loop=$!
cat >/dev/null
kill "$loop"
wait "$loop"
go_on
true
`;

/**
 * Writes `stopped ID` of each container whose first process is stopped, and `told ID` where runc tells it to begin and waits for it: only then is
 * the network made, and the engine waits for nothing else.
 */
const look = `${eachOfRunc}
found() {
  case $2 in
    runc:*INIT*) grep -q "^State:.T" "$1/status" && grep -oF "$ids" "$1/cgroup" | sed -n "1s/^/stopped /p" ;;
    *) echo "$(tr "\\0" " " <"$1/cmdline")" | sed -n "s/.* start \\([^ ]*\\) $/told \\1/p" ;;
  esac 2>/dev/null
}
each_of_runc
true
`;

/** The moment in which a process can be held passes sooner than a busy node looks. */
const mostStarts = 8;
/** What is left of so many is no chance. */
const leastHeld = 2;
const heldMs = 90_000;
const endMs = 30_000;

/** Starts that do not go on: the network of the containers is made, and their first processes have not begun. */
export interface HeldStarts {
  /** Lets the first processes begin; resolves when they may. */
  readonly letGo: () => Promise<void>;
  /** Waits for the end of the starts. Resolves to how many of them the engine never answered. */
  readonly countCutOff: () => Promise<number>;
}

/**
 * Starts containers that have stopped, all at once, and holds each before its first process begins, until `scope` closes at the latest. One that
 * could not be held in time is stopped and started again, a few times; then it runs. Throws `NothingSeen` where fewer than two are held: the engine's
 * runtime is not runc, or the kernel does not tell what a process waits for. Throws `DeadlineExceeded` where one neither starts nor is held.
 */
export async function startAndHold(
  scope: Scope,
  node: ClusterNode,
  stopped: readonly Workload[],
): Promise<HeldStarts> {
  const ids = stopped.map(({ id }) => id);
  const holder = await holdFirstProcesses(scope, node, ids);
  const { letGo } = holder;
  const answered = new Set<string>();
  const starts = ids.map((id) =>
    untilCutOff(node.docker.getContainer(id), holder).finally(() => answered.add(id)),
  );
  const countCutOff = async () => {
    const what = `the starts of ${ids.length} containers on ${node.name} to end`;
    const all = await within({ what, deadlineMs: endMs }, Promise.all(starts));
    return all.filter((isCutOff) => isCutOff).length;
  };
  const what = `${ids.length} containers on ${node.name} to run, or to be held before their first process`;
  try {
    const held = await until({ what, deadlineMs: heldMs }, async () => {
      const open = ids.filter((id) => !answered.has(id));
      const seen = (await node.run(["sh", "-c", look, "sh", ...open])).split("\n");
      const isHeld = (id: string) => seen.includes(`stopped ${id}`) && seen.includes(`told ${id}`);
      return open.every(isHeld) && { count: open.length };
    });
    if (held.count < leastHeld) {
      throw new NothingSeen(
        `${leastHeld} starts or more on ${node.name} that are held before the first process, as runc does it; there were ${held.count}`,
      );
    }
    return { letGo, countCutOff };
  } catch (error) {
    // What goes wrong in this comes to light when the scope closes.
    await letGo().then(countCutOff, () => 0);
    throw error;
  }
}

interface Holder {
  readonly letGo: () => Promise<void>;
  readonly hasEnded: () => boolean;
}

/** Holds the first process of each of these containers that is started from now on. */
async function holdFirstProcesses(scope: Scope, node: ClusterNode, ids: readonly string[]): Promise<Holder> {
  const command = await node.spawn(["sh", "-c", hold, "sh", ...ids]);
  command.stdin.on("error", () => {});
  command.stdout.resume();
  command.stderr.resume();
  let ended: Promise<void> | undefined;
  const end = async () => {
    command.stdin.end();
    await within({ what: `held processes on ${node.name} to go on`, deadlineMs: endMs }, command.exit);
  };
  const letGo = () => {
    ended ??= end();
    return ended;
  };
  scope.defer(`what holds first processes on ${node.name}`, letGo);
  return { letGo, hasEnded: () => ended !== undefined };
}

/** Resolves to whether the engine has ended before it answered; else it refused the container, or that runs. */
async function untilCutOff(container: Docker.Container, { hasEnded }: Holder): Promise<boolean> {
  for (let started = 1; ; started++) {
    let runs = false;
    try {
      await container.start();
      runs = true;
      if (started === mostStarts || hasEnded()) return false;
      await container.stop({ t: 0 });
    } catch (error) {
      // What the engine itself refuses has an answer.
      return !runs && (error as { statusCode?: number }).statusCode === undefined;
    }
  }
}
