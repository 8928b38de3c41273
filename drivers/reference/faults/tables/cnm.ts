import type { FaultDescription } from "#suites/requirements/fault-description.ts";
import type { CnmRequirementId } from "#suites/requirements/rules/cnm.ts";

/** Requirements that are shown with addresses of the plugin's IPAM. */
const needAddress: readonly CnmRequirementId[] = [
  ...([
    "CNM-5c",
    "CNM-8",
    "CNM-9",
    "CNM-10",
    "CNM-11",
    "CNM-11b",
    "CNM-12",
    "CNM-13",
    "CNM-13b",
    "CNM-14",
    "CNM-15",
    "CNM-15b",
  ] as const),
  ...(["CNM-15d", "CNM-16", "CNM-18", "CNM-21", "CNM-22", "CNM-23", "CNM-23b", "CNM-24", "CNM-25"] as const),
  ...(["CNM-24b", "CNM-24c", "CNM-27", "CNM-27b"] as const),
];

/** Every way in which the reference plugin can break the CNM protocol, by the name that switches it on. */
export const cnmFaults = {
  "activate-lists-nothing": {
    breaks: "Plugin.Activate answers {}",
    why: "the engine loads the plugin and then has no driver of that name",
    detectedBy: ["CNM-1"],
  },
  "scope-in-capitals": {
    breaks: "GetCapabilities answers the scope as LOCAL or GLOBAL",
    why: "the engine refuses the registration",
    detectedBy: ["CNM-2"],
  },
  "malformed-json-accepted": {
    breaks: "a body that is no JSON is read as an empty object and answered with 200 and {}",
    why: "a damaged request looks like a success",
    detectedBy: ["CNM-3"],
  },
  "wrong-types-accepted": {
    breaks: "a request whose fields have the wrong JSON type is answered with 200 and {}",
    why: "a request that was not understood looks like a success",
    detectedBy: ["CNM-3"],
  },
  "unknown-method-accepted": {
    breaks: "an unknown method is answered with 200 and {}",
    why: "a newer engine believes that the plugin can do what it never heard of",
    detectedBy: ["CNM-4"],
  },
  "network-failure-under-error": {
    breaks: "failures of NetworkDriver calls are answered as {Error: message}, without Err",
    why: "the engine takes a failed Join for a success",
    detectedBy: ["CNM-5"],
  },
  "failure-without-message": {
    breaks: 'failures of NetworkDriver calls are answered as {Err: "error"}',
    why: "nobody can tell what went wrong",
    detectedBy: ["CNM-5"],
  },
  "message-repeats-options": {
    breaks: "a failing CreateNetwork appends its options as JSON to the message",
    why: "a password given as an option ends up in the engine's log",
    detectedBy: ["CNM-5b"],
  },
  "two-json-objects": {
    breaks: 'failures of NetworkDriver calls with status 200 are followed by a second object: {"Err": …}{}',
    why: "a client that reads to the last object sees a success",
    detectedBy: ["CNM-5c"],
  },
  "allocate-network-missing": {
    breaks:
      "GetCapabilities declares the scope global; AllocateNetwork and FreeNetwork are answered with 404",
    why: "a swarm cannot make a network of a global plugin",
    detectedBy: ["CNM-6"],
  },
  "gateway-check-missing": {
    breaks: "GetCapabilities declares GwAllocChecker; GwAllocCheck is answered with 404",
    why: "every network create fails",
    detectedBy: ["CNM-7"],
  },
  "network-without-ipv4-cut": {
    breaks: "CreateNetwork with IPv6 data alone cuts the connection, as a crashed handler does",
    why: "an IPv6-only network makes the engine repeat the call for 30 seconds",
    detectedBy: ["CNM-7b"],
  },
  "interface-repeated": {
    breaks: "CreateEndpoint returns the address and MAC that came with the request",
    why: "the engine reports that the driver modified the address and rolls back",
    detectedBy: ["CNM-8"],
  },
  "mac-unparsable": {
    breaks: "a MAC that CreateEndpoint chose is returned without separators, e.g. 02420a010007",
    why: "the engine cannot parse it and rolls back",
    detectedBy: ["CNM-9"],
  },
  "source-interface-missing": {
    breaks: "Join names a SrcName that does not exist on the host",
    why: "the engine cannot move the interface, the container does not start",
    detectedBy: ["CNM-10"],
  },
  "gateway-with-prefix": {
    breaks: "Join answers the gateway as CIDR, e.g. 10.1.0.1/24, also where it would have given none",
    why: "the engine cannot parse it and calls Leave",
    detectedBy: ["CNM-11"],
    mayFollow: ["CNM-12"],
  },
  "leave-after-join-fails": {
    breaks: "the first Leave of an endpoint less than a second after its Join answers Err",
    why: "the engine's roll-back fails and the endpoint stays",
    detectedBy: ["CNM-11"],
    mayFollow: ["CNM-11b", "CNM-15b"],
  },
  "left-endpoint-kept": {
    breaks: "an endpoint that was told to leave without having joined is refused its deletion as busy",
    why: "a container that failed to start keeps its endpoint, and its network cannot be removed",
    detectedBy: ["CNM-11b"],
    mayFollow: ["CNM-15b"],
  },
  "gateway-out-of-reach": {
    breaks: "Join answers the gateway 192.0.2.1 and no route to it",
    why: "the sandbox has no egress, and docker_gwbridge is not attached because a gateway was given",
    detectedBy: ["CNM-12"],
  },
  "published-ports-refused": {
    breaks: "ProgramExternalConnectivity with ports in its options is answered with 500",
    why: "no container with a published port starts",
    detectedBy: ["CNM-13"],
    mayFollow: ["CNM-13b"],
  },
  "ports-programmed-once": {
    breaks: "ProgramExternalConnectivity of an endpoint whose ports are programmed answers Err",
    why: "a running container with published ports cannot be connected to a second network",
    detectedBy: ["CNM-13b"],
  },
  "operational-info-list": {
    breaks: "EndpointOperInfo answers {Value: []} as a list",
    why: "the engine cannot decode it, inspect fails",
    detectedBy: ["CNM-14"],
  },
  "hang-on-unknown-id": {
    breaks: "EndpointOperInfo, Join and Leave for an endpoint that does not exist are never answered",
    why: "the engine hangs with its locks held",
    detectedBy: ["CNM-15"],
    mayFollow: ["CNM-15b"],
  },
  "connection-cut-on-unknown-id": {
    breaks:
      "EndpointOperInfo, Join and Leave for an endpoint that does not exist cut the connection, as a crashed handler does",
    why: "the engine repeats the call for 30 seconds",
    detectedBy: ["CNM-15"],
    mayFollow: ["CNM-15b"],
  },
  "endpoint-stays-after-delete": {
    breaks:
      "DeleteEndpoint answers {} but the endpoint (and its interface) stays, so that creating it again fails as existing",
    why: "every container leaves something behind",
    detectedBy: ["CNM-15b"],
  },
  "failed-join-leaves-links": {
    breaks: "a Join that fails leaves a veth pair on the node, which no answer names",
    why: "every container that cannot be started leaves an interface behind",
    detectedBy: ["CNM-15b"],
  },
  "subnet-stays-after-delete": {
    breaks:
      "DeleteNetwork answers {} but keeps the subnet as used: the next CreateNetwork with it is refused",
    why: "a deleted network cannot be made again",
    detectedBy: ["CNM-15b"],
    mayFollow: ["CNM-23c"],
  },
  "one-client-at-a-time": {
    breaks: "while the body of a request is incomplete no other request is answered",
    why: "one slow client stops every container start on the node",
    detectedBy: ["CNM-15c"],
  },
  "second-delete-fails": {
    breaks: "DeleteEndpoint and DeleteNetwork of something already deleted answer Err",
    why: "an engine that repeats a delete after a lost answer never gets rid of the endpoint",
    detectedBy: ["CNM-15d"],
    mayFollow: ["CNM-15b"],
  },
  "engine-asked-in-handler": {
    breaks:
      "DiscoverNew asks the engine for its networks before it answers; the engine does not answer that before DiscoverNew is answered: never answers",
    why: "plugin and engine wait for each other",
    detectedBy: ["CNM-16"],
  },
  "ipam-failure-under-err": {
    breaks: "failures of IpamDriver calls are answered as {Err: message}, without Error",
    why: "a failed release looks like a success to the engine",
    detectedBy: ["CNM-17"],
  },
  "pool-id-changes": {
    breaks: "a second identical RequestPool gets a PoolID of its own",
    why: "the addresses of one subnet are kept in two books",
    detectedBy: ["CNM-18"],
  },
  "pool-not-counted": {
    breaks: "the first ReleasePool drops the pool, however often it was requested",
    why: "deleting one network takes the pool from another",
    detectedBy: ["CNM-18"],
  },
  "subpool-without-pool-accepted": {
    breaks: "RequestPool with a SubPool and no Pool succeeds with a pool of the plugin's choice",
    why: "containers get addresses of a subnet that nobody asked for",
    detectedBy: ["CNM-19"],
  },
  "v6-ignored": {
    breaks: "RequestPool without Pool and with V6 answers an IPv4 pool",
    why: "a dual-stack network has two IPv4 pools and no IPv6",
    detectedBy: ["CNM-20"],
  },
  "unspecified-pool-taken": {
    breaks: "RequestPool for 0.0.0.0/26 or ::/72 answers that very range",
    why: "containers get addresses such as 0.0.0.2, which nothing routes",
    detectedBy: ["CNM-20b"],
  },
  "address-without-prefix": {
    breaks: "RequestAddress answers 10.1.0.7 instead of 10.1.0.7/24",
    why: "the engine cannot parse it",
    detectedBy: ["CNM-21"],
  },
  "preferred-address-replaced": {
    breaks: "a preferred address that is taken is silently replaced by the next free one",
    why: "a container with a fixed address starts with another",
    detectedBy: ["CNM-22"],
  },
  "address-leaked": {
    breaks: "ReleaseAddress answers {} but the address stays taken, unless it is the gateway",
    why: "the subnet is used up after some days",
    detectedBy: ["CNM-23"],
  },
  "released-address-given-by-name-alone": {
    breaks: "a released address is given to who asks for that very one, and to nobody else",
    why: "a network that few containers use at a time is used up by those that came and went",
    detectedBy: ["CNM-23"],
  },
  "gateway-leaked": {
    breaks:
      "ReleaseAddress of an address requested with RequestAddressType answers {} but it stays taken, also after the pool's release",
    why: "a network cannot be made again with its gateway",
    detectedBy: ["CNM-23b"],
  },
  "pool-kept-for-network": {
    breaks: "ReleasePool is refused while a network has the subnet",
    why: "engines release the pool first: every network that is removed leaves its pool behind",
    detectedBy: ["CNM-23c"],
  },
  "unknown-option-refused": {
    breaks:
      "RequestAddress with an option that the plugin does not know, such as the endpoint's name, is refused",
    why: "no container gets an address from Docker 29 on",
    detectedBy: ["CNM-24b"],
    mayFollow: needAddress,
  },
  "gateway-comes-first": {
    breaks: "RequestAddress for an endpoint is refused while the pool has no gateway",
    why: "macvlan and ipvlan networks, for which engines ask no gateway, get no addresses",
    detectedBy: ["CNM-24c"],
    mayFollow: needAddress,
  },
  "mac-needed-undeclared": {
    breaks:
      "RequestAddress without a MAC in Options is refused (but for gateways), and RequiresMACAddress is not declared",
    why: "no container gets an address",
    detectedBy: ["CNM-24"],
    mayFollow: needAddress,
  },
  "pools-forgotten": {
    breaks: "Plugin.Activate clears all pools and addresses, and RequiresRequestReplay is not declared",
    why: "addresses are given out twice after an engine restart",
    detectedBy: ["CNM-25"],
  },
  "automatic-pool-repeated": {
    breaks: "automatic pool requests return the same pool while it is held",
    why: "two networks share a subnet",
    detectedBy: ["CNM-26"],
    mayFollow: ["CNM-20"],
  },
  "address-given-twice": {
    breaks: "every fourth RequestAddress without a preferred address repeats the one before",
    why: "two containers with one address",
    detectedBy: ["CNM-27"],
    mayFollow: needAddress,
  },
  "concurrent-duplicates": {
    breaks:
      "RequestAddress looks for a free address, waits a turn of the event loop or more, then takes it without looking again",
    why: "two containers started at once get one address",
    detectedBy: ["CNM-27"],
  },
  "exhausted-silently": {
    breaks: "RequestAddress on a full pool answers {}",
    why: "the engine says that no address was returned, and not why",
    detectedBy: ["CNM-27b"],
  },
  "address-spaces-unnamed": {
    breaks: "GetDefaultAddressSpaces answers empty names",
    why: "pools of different engines cannot be told apart",
    detectedBy: ["CNM-28"],
  },
} as const satisfies Record<string, FaultDescription<CnmRequirementId>>;

export type CnmFaultName = keyof typeof cnmFaults;
export const cnmFaultNames = Object.keys(cnmFaults) as CnmFaultName[];
