import {
  type Invocation,
  isReproducedInvocation,
  reportedError,
  reproduceInvocation,
} from "#harness/cni/protocol/invocation.ts";
import type { PluginUnderTest } from "#harness/cni/testbed/container.ts";
import { placePrefix } from "#harness/cni/testbed/place/place.ts";
import type { ExecResult } from "#harness/host/host.ts";
import type { ByHand } from "#harness/observe/second-look/by-hand.ts";
import type { NotRun } from "#harness/observe/second-look/mark.ts";

/**
 * Shell lines that hide what was made under the names that steps make: network namespaces, and the folders of places in `/tmp`. Everything else
 * there is found under its own name. What the steps make is gone with the mount namespace.
 */
const hideAll = [
  "mount -t tmpfs none /run/netns",
  "mount --bind /tmp /mnt",
  "mount -t tmpfs none /tmp",
  "ln -s /mnt/* /tmp/",
  `rm -f /tmp/${placePrefix.replace(/\d+-$/, "")}*`,
].join(" && ");

/**
 * How steps are made once more, from the first, to see whether the call that failed, the last of them, ends as it did. That may be done while what
 * they made the first time is there, or gone.
 */
export function onceMore(
  { host, profile }: Pick<PluginUnderTest, "host" | "profile">,
  steps: readonly string[],
  failed: Invocation | undefined,
): ByHand | NotRun {
  if (profile.namespace === "machine") return { notRun: "its steps change this machine" };
  if (!failed || steps.at(-1) !== reproduceInvocation(failed)) {
    return { notRun: "the failure is not in how its last call ended" };
  }
  if (failed.timedOut) return { notRun: "its last call does not end by itself" };
  if (failed.code === 0)
    return { notRun: "its last call succeeds, and the failure is in what it did or answered" };
  return { host, argv: argvOf(steps), shows: (result) => endsAlike(result, failed) };
}

/** As `onceMore`, where the last step ends with 0 if something is left, and only then. */
export function leavesOnceMore(
  { host, profile }: Pick<PluginUnderTest, "host" | "profile">,
  steps: readonly string[],
): ByHand | NotRun {
  if (profile.namespace === "machine") return { notRun: "its steps change this machine" };
  return { host, argv: argvOf(steps), shows: ({ code }) => code === 0 };
}

const unshare = "unshare --mount --pid --fork --kill-child --mount-proc";

/**
 * The steps in namespaces of their own; only the last one's output is given. It ends with 127 where it does not come to that: what could not be
 * prepared says nothing of a plugin, whose earlier calls may fail, as they may have the first time.
 */
function argvOf(steps: readonly string[]): string[] {
  const script = [
    "mkdir -p /run/netns || exit 127",
    `${unshare} true || exit 127`,
    `exec ${unshare} sh -c "$0"`,
  ];
  const inside = [
    `${hideAll} || exit 127`,
    "trap 'exit 127' EXIT",
    "set -e",
    "exec 3>&1 >/dev/null",
    ...steps.slice(0, -1).map((step) => (isReproducedInvocation(step) ? `${step} || true` : step)),
    "set +e",
    "exec >&3 3>&-",
    "trap - EXIT",
    ...steps.slice(-1),
  ];
  return ["sh", "-c", script.join("\n"), inside.join("\n")];
}

/** Whether a call ended as it did, by its exit code and by what it reported. */
function endsAlike({ code, stdout, stderr }: ExecResult, failed: Invocation): boolean {
  // A shell tells of a signal as a code.
  if (failed.code === null) return code !== null && code > 128;
  return code === failed.code && errorOf({ stdout, stderr }) === errorOf(failed);
}

/** The error that a call reported, without numbers that another time has others; empty where it reported none. */
function errorOf(call: Pick<Invocation, "stdout" | "stderr">): string {
  const reported = reportedError(call);
  if ("reason" in reported) return "";
  return `${reported.error.code} ${reported.error.msg.replace(/[0-9a-f]{4,}|\d+/gi, "#")}`;
}
