import { type DriverSettings, defineDriver } from "#drivers/driver.ts";
import type { Cluster } from "#harness/cluster/cluster.ts";
import { connectRecorder } from "#harness/cnm/recorder/recorder.ts";
import { on } from "#harness/core/async/events.ts";
import { Blocked } from "#harness/core/errors.ts";
import { fillInChecksums } from "./checksums.ts";
import { InstalledContiv, type Supervision } from "./contiv.ts";
import { daemonsOf, firstOf, killContiv, revive, startContiv } from "./daemons/daemons.ts";
import { startAfresh } from "./install/afresh.ts";
import { attachToRunning, installRelease } from "./install/install.ts";
import { type Release, readRelease } from "./install/release.ts";
import { ContivNetctl } from "./netctl.ts";

const releasesKey: unique symbol = Symbol.for("netconform: releases of Contiv");

/** The engine version that dropped the option on which Contiv's networks of global scope rest. */
const withoutStore = 23;

/**
 * By what the settings say of it. Read once in a process: it is some fifty megabytes, maybe from far away. vitest loads modules again for
 * its set-up, so that a variable of this one would not do.
 */
const kept = globalThis as { [releasesKey]?: Map<string, Promise<Release>> };
const releases = kept[releasesKey] ?? new Map<string, Promise<Release>>();
kept[releasesKey] = releases;

/** Contiv (netmaster and netplugin over Open vSwitch), from a release that the user names or as it runs already. */
/**
 * Not a dockerDriver: netmaster makes the networks on the engines and removes them, and a CONTIV that runs already has no daemons of ours. Of
 * the kit come Daemon, clusterStore, openVSwitch, ensureGatewayBridge, recordPlugin, untilEngines and netctl's tables. packages() is for
 * .debs, and a release is a tarball.
 */
export default defineDriver((settings) => ({
  name: "contiv",
  title: "Contiv",
  // biome-ignore format: one line per chapter
  capabilities: [
      "multihost", "vxlan", "names", "hotplug",
      "tenants",
      "outbound", "publish", "sctp", "gwbridge", "vlan",
      "policy",
      // A proxy is not put before a plugin that others may be using.
      ...(settings.CONTIV === "running" ? [] : ["remote" as const]),
    ],
  needs: { multihost: ["clusterStore", "openvswitch"], sctp: ["sctp"] },
  // Which of two flows of one priority it drops is left to the order in which netmaster tells the rules.
  policySemantics: { combine: "priority", ties: "unspecified" },

  async prepare(engine) {
    if (Number.parseFloat(engine) >= withoutStore) {
      throw new Blocked(`Docker ${engine} has no cluster store, which Contiv needs (removed in 23.0)`);
    }
    await releaseOf(settings);
  },

  async install(scope, cluster, session = scope) {
    const given = await releaseOf(settings);
    return given.kind === "running"
      ? attachToRunning(scope, cluster)
      : installRelease(scope, cluster, given, { session, reports: settings.REPORTS });
  },

  async connect(cluster, { netctl = "", netmaster = "", tunnelEnds, recorder }) {
    const control = new ContivNetctl(firstOf(cluster), { program: netctl, netmaster });
    fillInChecksums();
    return new InstalledContiv(cluster, control, {
      ...(tunnelEnds ? { supervision: supervise(cluster, tunnelEnds.split(" ")) } : {}),
      ...(recorder ? { protocol: connectRecorder(recorder) } : {}),
    });
  },
}));

function releaseOf(settings: Pick<DriverSettings, "CONTIV" | "CONTIV_SHA256">): Promise<Release> {
  const key = JSON.stringify([settings.CONTIV, settings.CONTIV_SHA256]);
  const known = releases.get(key);
  if (known) return known;
  const release = readRelease(settings);
  releases.set(key, release);
  // An error is one of the module's own classes, which its next copy would not know.
  release.catch(() => releases.delete(key));
  return release;
}

/**
 * What a dockerDriver's daemons have not: an order over nodes with the tunnels as its end, and that those that have ended are started
 * again, so that one crash fails one requirement.
 */
function supervise(cluster: Cluster, tunnelEnds: readonly string[]): Supervision {
  const daemons = daemonsOf(cluster, tunnelEnds);
  const first = firstOf(cluster);
  // netplugin keeps flows of containers that are gone where two tenants had one address, and then refuses that address on
  // another network; what it could not make it cannot remove. Each chapter begins with a Contiv that has nothing, so that the chapter
  // that shows it fails and not those after it.
  on("chapter begins", async ({ cluster: judged }) => {
    // A chapter may set up a cluster of its own, which is gone when the next one begins.
    if (judged !== cluster) return;
    await startAfresh(cluster, daemons, tunnelEnds);
  });
  let reviving: Promise<string[]> | undefined;
  let stopped = false;
  async function restart(): Promise<void> {
    await killContiv(daemons);
    await startContiv(daemons, tunnelEnds);
  }
  return {
    // Several tests may notice at the same time.
    revive: () => {
      if (stopped) return Promise.resolve([]);
      reviving ??= revive(daemons, tunnelEnds).finally(() => {
        reviving = undefined;
      });
      return reviving;
    },
    netmasterAnswers: () => daemons.netmaster.start(),
    restart,
    async stop(scope) {
      stopped = true;
      scope.defer("Contiv's daemons", async () => {
        await startContiv(daemons, tunnelEnds);
        stopped = false;
      });
      await killContiv(daemons);
    },
    async versions() {
      const [etcd, switch_] = await Promise.all([
        first.run(["etcd", "--version"]),
        first.run(["ovs-vsctl", "--version"]),
      ]);
      const number = /\d+(?:\.\d+)+/;
      return { etcd: number.exec(etcd)?.[0] ?? "", "Open vSwitch": number.exec(switch_)?.[0] ?? "" };
    },
  };
}
