import { type Invocation, reproduceInvocation } from "#harness/cni/protocol/invocation.ts";
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

function argvOf(steps: readonly string[]): string[] {
  const script = [
    "mkdir -p /run/netns",
    `exec unshare --mount --pid --fork --kill-child --mount-proc sh -c "$0"`,
  ];
  return ["sh", "-c", script.join(" && "), [`${hideAll} || exit 127`, ...steps].join("\n")];
}

function endsAlike({ code }: ExecResult, failed: Invocation): boolean {
  // A shell tells of a signal as a code.
  return failed.code === null ? code !== null && code > 128 : code === failed.code;
}
