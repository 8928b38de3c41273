import type { CnmRequirementId } from "#suites/requirements/cnm.ts";

/** One way in which a plugin can break the CNM protocol, switched on by its name in the reference plugin. */
export interface ProtocolFault {
  /** The requirement that must turn red. */
  readonly detectedBy: CnmRequirementId;
  /** Requirements that may turn red with it, because they need what is broken. */
  readonly mayFollow?: readonly CnmRequirementId[];
  /** What exactly the plugin does with the fault on. */
  readonly does: string;
  /** What goes wrong for a user of such a plugin. */
  readonly why: string;
  /** What the plugin must declare for the fault to show. */
  readonly declares?: "global scope" | "GwAllocChecker";
}

/** Requirements that are shown with addresses of the plugin's IPAM. */
const needAddress: readonly CnmRequirementId[] = [
  ...([
    "CNM-5c",
    "CNM-8",
    "CNM-9",
    "CNM-10",
    "CNM-11",
    "CNM-12",
    "CNM-13",
    "CNM-14",
    "CNM-15",
    "CNM-15b",
  ] as const),
  ...(["CNM-15d", "CNM-16", "CNM-18", "CNM-21", "CNM-22", "CNM-23", "CNM-23b", "CNM-24", "CNM-25"] as const),
  ...(["CNM-27", "CNM-27b"] as const),
];

/** Every protocol fault by name. */
export const cnmFaults = {
  "activate-lists-nothing": {
    detectedBy: "CNM-1",
    does: "Plugin.Activate answers {}",
    why: "the engine loads the plugin and then has no driver of that name",
  },
  "scope-in-capitals": {
    detectedBy: "CNM-2",
    does: "GetCapabilities answers the scope as LOCAL or GLOBAL",
    why: "the engine refuses the registration",
  },
  "malformed-json-accepted": {
    detectedBy: "CNM-3",
    does: "a body that is no JSON is read as an empty object and answered with 200 and {}",
    why: "a damaged request looks like a success",
  },
  "wrong-types-accepted": {
    detectedBy: "CNM-3",
    does: "a request whose fields have the wrong JSON type is answered with 200 and {}",
    why: "a request that was not understood looks like a success",
  },
  "unknown-method-accepted": {
    detectedBy: "CNM-4",
    does: "an unknown method is answered with 200 and {}",
    why: "a newer engine believes that the plugin can do what it never heard of",
  },
  "network-failure-under-error": {
    detectedBy: "CNM-5",
    does: "failures of NetworkDriver calls are answered as {Error: message}, without Err",
    why: "the engine takes a failed Join for a success",
  },
  "failure-without-message": {
    detectedBy: "CNM-5",
    does: 'failures of NetworkDriver calls are answered as {Err: "error"}',
    why: "no message says what went wrong",
  },
  "message-repeats-options": {
    detectedBy: "CNM-5b",
    does: "a failing CreateNetwork appends its options as JSON to the message",
    why: "a password given as an option ends up in the engine's log",
  },
  "two-json-objects": {
    detectedBy: "CNM-5c",
    does: 'failures of NetworkDriver calls with status 200 are followed by a second object: {"Err": …}{}',
    why: "a client that reads to the last object sees a success",
  },
  "allocate-network-missing": {
    detectedBy: "CNM-6",
    declares: "global scope",
    does: "GetCapabilities declares the scope global; AllocateNetwork and FreeNetwork are answered with 404",
    why: "a swarm cannot make a network of a global plugin",
  },
  "gateway-check-missing": {
    detectedBy: "CNM-7",
    declares: "GwAllocChecker",
    does: "GetCapabilities declares GwAllocChecker; GwAllocCheck is answered with 404",
    why: "every network create fails",
  },
  "interface-repeated": {
    detectedBy: "CNM-8",
    does: "CreateEndpoint returns the address and MAC that came with the request",
    why: "the engine reports that the driver modified the address and rolls back",
  },
  "mac-unparsable": {
    detectedBy: "CNM-9",
    does: "a MAC that CreateEndpoint chose is returned without separators, e.g. 02420a010007",
    why: "the engine cannot parse it and rolls back",
  },
  "source-interface-missing": {
    detectedBy: "CNM-10",
    does: "Join names a SrcName that does not exist on the host",
    why: "the engine cannot move the interface, the container does not start",
  },
  "gateway-with-prefix": {
    detectedBy: "CNM-11",
    mayFollow: ["CNM-12"],
    does: "Join answers the gateway as CIDR, e.g. 10.1.0.1/24, also where it would have given none",
    why: "the engine cannot parse it and calls Leave",
  },
  "leave-after-join-fails": {
    detectedBy: "CNM-11",
    does: "the first Leave of an endpoint less than a second after its Join answers Err",
    why: "the engine's roll-back fails and the endpoint stays",
    mayFollow: ["CNM-15b"],
  },
  "gateway-out-of-reach": {
    detectedBy: "CNM-12",
    does: "Join answers the gateway 192.0.2.1 and no route to it",
    why: "the sandbox has no egress, and docker_gwbridge is not attached because a gateway was given",
  },
  "published-ports-refused": {
    detectedBy: "CNM-13",
    does: "ProgramExternalConnectivity with ports in its options is answered with 500",
    why: "no container with a published port starts",
  },
  "operational-info-list": {
    detectedBy: "CNM-14",
    does: "EndpointOperInfo answers {Value: []} as a list",
    why: "the engine cannot decode it, inspect fails",
  },
  "hang-on-unknown-id": {
    detectedBy: "CNM-15",
    mayFollow: ["CNM-15b"],
    does: "EndpointOperInfo, Join and Leave for an endpoint that does not exist are never answered",
    why: "the engine hangs with its locks held",
  },
  "connection-cut-on-unknown-id": {
    detectedBy: "CNM-15",
    mayFollow: ["CNM-15b"],
    does: "EndpointOperInfo, Join and Leave for an endpoint that does not exist cut the connection, as a crashed handler does",
    why: "the engine repeats the call for 30 seconds",
  },
  "endpoint-stays-after-delete": {
    detectedBy: "CNM-15b",
    does: "DeleteEndpoint answers {} but the endpoint (and its interface) stays, so that creating it again fails as existing",
    why: "every container leaves something behind",
  },
  "subnet-stays-after-delete": {
    detectedBy: "CNM-15b",
    does: "DeleteNetwork answers {} but keeps the subnet as used: the next CreateNetwork with it is refused",
    why: "a deleted network cannot be made again",
  },
  "one-client-at-a-time": {
    detectedBy: "CNM-15c",
    does: "while the body of a request is incomplete no other request is answered",
    why: "one slow client stops every container start on the node",
  },
  "second-delete-fails": {
    detectedBy: "CNM-15d",
    mayFollow: ["CNM-15b"],
    does: "DeleteEndpoint and DeleteNetwork of something already deleted answer Err",
    why: "an engine that repeats a delete after a lost answer never gets rid of the endpoint",
  },
  "engine-asked-in-handler": {
    detectedBy: "CNM-16",
    does: "DiscoverNew asks the engine for its networks before it answers; the engine does not answer that before DiscoverNew is answered: never answers",
    why: "plugin and engine wait for each other",
  },
  "ipam-failure-under-err": {
    detectedBy: "CNM-17",
    does: "failures of IpamDriver calls are answered as {Err: message}, without Error",
    why: "a failed release looks like a success to the engine",
  },
  "pool-id-changes": {
    detectedBy: "CNM-18",
    does: "a second identical RequestPool gets a PoolID of its own",
    why: "the addresses of one subnet are kept in two books",
  },
  "pool-not-counted": {
    detectedBy: "CNM-18",
    does: "the first ReleasePool drops the pool, however often it was requested",
    why: "deleting one network takes the pool from another",
  },
  "subpool-without-pool-accepted": {
    detectedBy: "CNM-19",
    does: "RequestPool with a SubPool and no Pool succeeds with a pool of the plugin's choice",
    why: "containers get addresses of a subnet that was not asked for",
  },
  "v6-ignored": {
    detectedBy: "CNM-20",
    does: "RequestPool without Pool and with V6 answers an IPv4 pool",
    why: "a dual-stack network has two IPv4 pools and no IPv6",
  },
  "address-without-prefix": {
    detectedBy: "CNM-21",
    does: "RequestAddress answers 10.1.0.7 instead of 10.1.0.7/24",
    why: "the engine cannot parse it",
  },
  "preferred-address-replaced": {
    detectedBy: "CNM-22",
    does: "a preferred address that is taken is silently replaced by the next free one",
    why: "a container with a fixed address starts with another",
  },
  "address-leaked": {
    detectedBy: "CNM-23",
    does: "ReleaseAddress answers {} but the address stays taken, unless it is the gateway",
    why: "the subnet is used up after some days",
  },
  "gateway-leaked": {
    detectedBy: "CNM-23b",
    does: "ReleaseAddress of an address requested with RequestAddressType answers {} but it stays taken, also after the pool's release",
    why: "a network cannot be made again with its gateway",
  },
  "mac-needed-undeclared": {
    detectedBy: "CNM-24",
    mayFollow: needAddress,
    does: "RequestAddress without a MAC in Options is refused (but for gateways), and RequiresMACAddress is not declared",
    why: "no container gets an address",
  },
  "pools-forgotten": {
    detectedBy: "CNM-25",
    does: "Plugin.Activate clears all pools and addresses, and RequiresRequestReplay is not declared",
    why: "addresses are given out twice after an engine restart",
  },
  "automatic-pool-repeated": {
    detectedBy: "CNM-26",
    does: "automatic pool requests return the same pool while it is held",
    why: "two networks share a subnet",
    mayFollow: ["CNM-20"],
  },
  "address-given-twice": {
    detectedBy: "CNM-27",
    mayFollow: needAddress,
    does: "every fourth RequestAddress without a preferred address repeats the one before",
    why: "two containers with one address",
  },
  "concurrent-duplicates": {
    detectedBy: "CNM-27",
    does: "RequestAddress looks for a free address, waits a turn of the event loop or more, then takes it without looking again",
    why: "two containers started at once get one address",
  },
  "exhausted-silently": {
    detectedBy: "CNM-27b",
    does: "RequestAddress on a full pool answers {}",
    why: "the engine says that no address was returned, and not why",
  },
  "address-spaces-unnamed": {
    detectedBy: "CNM-28",
    does: "GetDefaultAddressSpaces answers empty names",
    why: "pools of different engines cannot be told apart",
  },
} as const satisfies Record<string, ProtocolFault>;

export type CnmFaultName = keyof typeof cnmFaults;
export const cnmFaultNames = Object.keys(cnmFaults) as CnmFaultName[];
