import { HarnessError } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";

const serviceScript = "/usr/share/openvswitch/scripts/ovs-ctl";

/**
 * Succeeds, in a shell, where a database of Open vSwitch is served. Its socket is there from the start where systemd has it,
 * as from Open vSwitch 4.0 on: who asked there would start a database, and wait for it.
 */
export const servesOpenVswitch = "[ -e /run/openvswitch/ovsdb-server.pid ]";

/**
 * Starts Open vSwitch where it does not run yet, and resolves to whether it had to be started.
 * Throws `HarnessError` when it is not installed.
 */
export async function startOpenVswitch(host: Host): Promise<boolean> {
  // The daemon that forwards is asked first: where systemd has the database's socket, that one answers without it.
  const questions = [
    ["ovs-appctl", "--timeout=2", "version"],
    ["ovs-vsctl", "--timeout=2", "show"],
  ];
  if (await answersAll(host, questions)) return false;
  if (!(await host.files.exists(serviceScript))) {
    throw new HarnessError(`${host.name}: Open vSwitch is not installed`, {
      hint: `install the package openvswitch-switch on ${host.name}`,
    });
  }
  await host.run(
    (await hasSocketOfSystemd(host))
      ? ["systemctl", "start", "openvswitch-switch"]
      : [serviceScript, "--no-mlockall", "--no-monitor", "--system-id=random", "start"],
  );
  return true;
}

/** Stops it again, as it was started. */
export async function stopOpenVswitch(host: Host): Promise<void> {
  await host.run(
    (await hasSocketOfSystemd(host))
      ? ["systemctl", "stop", "openvswitch-switch", "ovs-vswitchd", "ovsdb-server"]
      : [serviceScript, "stop"],
  );
}

/** Whether systemd listens for the database. A database that is started beside it would take its socket's name away, for good. */
async function hasSocketOfSystemd(host: Host): Promise<boolean> {
  const asked = "command -v systemctl >/dev/null && systemctl is-active --quiet ovsdb-server.socket";
  return (await host.exec(["sh", "-c", asked])).code === 0;
}

async function answersAll(host: Host, questions: readonly (readonly string[])[]): Promise<boolean> {
  for (const question of questions) if ((await host.exec(question)).code !== 0) return false;
  return true;
}
