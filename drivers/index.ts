/**
 * The public API, for driver files wherever they lie: `import { defineDriver } from "netconform"`.
 * Everything else of the project may change without notice.
 */
export type { Cluster, ClusterNode, ExternalHost, NodeInterface, Role } from "#harness/cluster/cluster.ts";
export type { DriverAttachment } from "#harness/cluster/state.ts";
export { interpose } from "#harness/cnm/recorder/interpose.ts";
export { RecordingProxy } from "#harness/cnm/recorder/proxy.ts";
export { connectRecorder, type ProtocolRecorder, serveRecorder } from "#harness/cnm/recorder/recorder.ts";
export { until, within } from "#harness/core/async/poll.ts";
export { Scope } from "#harness/core/async/scope.ts";
export { Blocked, HarnessError, Nonconformance, Unsupported, UsageError } from "#harness/core/errors.ts";
export type { ExecOptions, ExecResult, Host } from "#harness/host/host.ts";
export {
  type CnmNetwork,
  type CnmNetworkSpec,
  createCnmNetwork,
  removeNetwork,
  uniqueName,
} from "#harness/workload/docker/network.ts";
export { untilEngines } from "#harness/workload/docker/until-engines.ts";
export { freshSubnet } from "#harness/workload/fresh-subnet.ts";
export type { Network, NetworkSpec, NetworkView, WorkloadSpec } from "#harness/workload/network.ts";
export type { Link, Workload } from "#harness/workload/workload.ts";
export { type Capability, capabilities, type Feature, features } from "#suites/requirements/capability.ts";
export { builtInDrivers } from "./built-in.ts";
export { cniDriver } from "./cni/cni-driver.ts";
export type { NodeValues } from "./cni/node-values.ts";
export {
  type CniPluginProfile,
  defineCniPlugin,
  type ForContainer,
  type PluginNeed,
} from "./cni/plugin-profile/plugin-profile.ts";
export type { CniProfile } from "./cni/profile.ts";
export {
  type BgpSession,
  type BgpSpec,
  type Driver,
  type DriverFactory,
  type DriverSettings,
  defineDriver,
  type GroupSpec,
  type HeldGaps,
  type InstalledDriver,
  type Needs,
  type NetworkListing,
  type Policy,
  type PolicySemantics,
  type Rule,
} from "./driver.ts";
export { apiVersion } from "./kit/api-version.ts";
export { Daemon, type DaemonPlan, daemon } from "./kit/daemon/daemon.ts";
export { type DockerDriverSpec, dockerDriver } from "./kit/docker-driver/docker-driver.ts";
export { ensureGatewayBridge } from "./kit/gateway-bridge.ts";
export { clusterStore } from "./kit/nodes/cluster-store.ts";
export { OvsBridge, openVSwitch } from "./kit/nodes/open-vswitch.ts";
export { packages } from "./kit/nodes/packages.ts";
export { type RecordedPlugin, recordPlugin } from "./kit/recorder/record-plugin.ts";
export { restartForFirewall } from "./kit/restore-firewall.ts";
export { loadDriver } from "./loader.ts";
