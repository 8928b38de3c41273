import { UsageError } from "#harness/core/errors.ts";

/**
 * Throws `UsageError` when an engine, by its `docker info`, is a rootless one. In a container of such an engine, also a privileged one,
 * nodes do not boot: the kernel refuses to mount `/sys` anew and the control groups, which the engine inside writes to.
 */
export function refuseRootless(
  host: string,
  { SecurityOptions }: { SecurityOptions?: string[] | null },
): void {
  // e.g. `name=rootless`, or `name=seccomp,profile=default`.
  if (!SecurityOptions?.some((option) => option.split(",").includes("name=rootless"))) return;
  throw new UsageError(
    `${host}: expected a Docker Engine that runs as root, got a rootless one, which cannot give nodes a writable /sys and control groups`,
    {
      hint: "set DOCKER_HOST to an engine that runs as root, on another machine too (docs/clusters.md), or use CLUSTER=ssh or CLUSTER=vagrant",
    },
  );
}
