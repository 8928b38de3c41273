import { type EngineRelease, isOlderEngine, type PlayedVersion } from "#suites/requirements/played-engine.ts";

/**
 * What engines say to a plugin only since a release. Each line was read in the commit of
 * https://github.com/moby/moby that is named, and seen on engines of the releases on both sides of it.
 */
const since = {
  /** A name in the Host header, which was empty on unix sockets: 547ea18fbbea (also in 20.10.26). */
  "name of a host": "24.0",
  /** GetDefaultAddressSpaces for every network, not only when the plugin is loaded: 28edc8e2d692. */
  "address spaces of each network": "24.0",
  /** GetDefaultAddressSpaces once more before every RequestPool: 9d288b5b430f. */
  "address spaces of each pool": "27.0",
  /** GwAllocCheck before CreateNetwork, of a plugin that declares it: 634951457d55. */
  "gateway check": "28.0",
  /** `com.docker.network.enable_ipv4` among the options of CreateNetwork: 903daa4dc480. */
  "whether there is IPv4": "28.0",
  /** EndpointOperInfo right after Join, also of an endpoint that gives no gateway: f2a183a9917d. */
  "operational info of every endpoint": "28.0",
  /** `com.docker.network.endpoint.name` among the options of an endpoint's RequestAddress: c6717f438770. */
  "name of the endpoint": "29.0",
  /** Leave after a Join that failed: 52c9cfd016a7. */
  "Leave after a failed Join": "29.0",
} as const satisfies Record<string, EngineRelease>;

/** Something that engines say only since a release. */
export type Saying = keyof typeof since;

/** Whether an engine of that version says it. */
export function says(engine: PlayedVersion, saying: Saying): boolean {
  return !isOlderEngine(engine, since[saying]);
}

/** The Host header of that engine's requests on a unix socket. */
export function hostHeader(engine: PlayedVersion): string {
  return says(engine, "name of a host") ? "plugin.moby.localhost" : "";
}
