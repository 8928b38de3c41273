import { newCommand, runMain, runVitest } from "#harness/cli/run.ts";
import { patternOf } from "#harness/cli/selection.ts";
import { libvirtDriver } from "#harness/cluster/vagrant/libvirt/libvirt.ts";
import { progress } from "#harness/core/async/progress.ts";
import { UsageError } from "#harness/core/errors.ts";
import { describeSettings, readSettings } from "#harness/core/settings/settings.ts";

const limitMinutes = 30;
/** What an emulated machine takes, compared with a container on the same machine. */
const emulatedPatience = 6;

/** Each takes a cluster of its own, one after the other: three emulated machines are what two cores carry. */
const parts = [
  {
    driver: "macvlan",
    shows: "the set-up, multi-host networking and VLANs, on 802.1Q devices of the kernel",
    filters: ["suites/basics/basics", "suites/multihost", "suites/external/vlan"],
    requirements: "S1,S3,S5,M1,M3,M4,M7,M8,V1,V2,V3,V4,V5,C1",
  },
  {
    driver: "overlay",
    shows: "multi-host networking with VXLAN and names",
    filters: ["suites/multihost"],
    requirements: "S5,M1,M3,M4,M5,M6,M7,M8,C1",
  },
] as const;

/** The chapters that virtual machines are for. */
export const command = newCommand("test:vagrant")
  .description(
    [
      "The set-up checks, the multi-host chapter and VLANs on virtual machines that Vagrant makes with libvirt,",
      `in at most ${limitMinutes} minutes. Virtualized where this machine can, else emulated. What is missing is installed from`,
      "Debian packages, the box is made from such packages, and libvirtd is started for the run where none answers.",
    ].join(" "),
  )
  .option("--only <driver>", `one part: ${parts.map(({ driver }) => driver).join(" or ")}`)
  .addHelpText(
    "after",
    `\nSettings (environment variables) that matter here:\n${describeSettings()
      .filter(({ name }) => ["ENGINE", "NODES", "KEEP", "MIRROR", "VAGRANT_BOX", "PATIENCE"].includes(name))
      .map(({ name, meaning }) => `  ${name.padEnd(12)} ${meaning}`)
      .join("\n")}`,
  )
  .action((options: { only?: string }) => runMain(() => testVagrant(options)));

async function testVagrant({ only }: { only?: string }): Promise<number> {
  const given = readSettings();
  const chosen = parts.filter(({ driver }) => only === undefined || driver === only);
  if (chosen.length === 0)
    throw new UsageError(`--only ${only}: expected ${parts.map((part) => part.driver).join(" or ")}`);
  const emulated = (await libvirtDriver()) === "qemu";
  const env = {
    CLUSTER: "vagrant",
    VAGRANT_PROVIDER: "libvirt",
    VAGRANT_BOX: given.VAGRANT_BOX ?? "local",
    PATIENCE: String(given.PATIENCE > 1 || !emulated ? given.PATIENCE : emulatedPatience),
  };
  const stop = AbortSignal.timeout(limitMinutes * 60_000);
  const codes: number[] = [];
  for (const { driver, shows, filters, requirements } of chosen) {
    // A part that a signal has ended was not the only one meant.
    if (stop.aborted || codes.some((code) => code >= 128)) break;
    progress.say(`${driver}: ${shows}`);
    const title = ["--testNamePattern", patternOf(requirements)];
    codes.push(
      await runVitest(
        ["run", "--project", `${driver}@*`, ...title, ...filters],
        { ...env, DRIVER: driver, REPORTS: `${given.REPORTS}/vagrant-${driver}` },
        stop,
      ),
    );
  }
  if (stop.aborted)
    progress.say(`test:vagrant: expected an end within ${limitMinutes} minutes; the rest did not run`);
  return codes.find((code) => code !== 0) ?? (stop.aborted ? 1 : 0);
}
