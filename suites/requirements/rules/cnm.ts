import type { AppliesTo } from "#suites/requirements/applicability/applies-to.ts";
import type { EngineRelease } from "#suites/requirements/played-engine.ts";
import type { Level, Requirement } from "#suites/requirements/requirement.ts";
import { moby, mobyCommit } from "./moby.ts";

const remote = `${moby}/daemon/libnetwork/docs/remote.md`;
const ipam = `${moby}/daemon/libnetwork/docs/ipam.md`;
const networkClient = `${moby}/daemon/libnetwork/drivers/remote/driver.go`;
const ipamClient = `${moby}/daemon/libnetwork/ipams/remote/remote.go`;
const pluginClient = `${moby}/pkg/plugins/client.go`;
const networks = `${moby}/daemon/libnetwork/network.go`;

/** Requirements of one source and the plugins that they are for; `and` is a further condition of one of them. */
function from(text: string, url: string, appliesTo: AppliesTo) {
  return (title: string, level: Level = "MUST", and: AppliesTo = {}): Requirement => ({
    title,
    level,
    appliesTo: { ...appliesTo, ...and },
    profile: "cnm",
    source: { text, url },
  });
}

/** Requirements that engines have only since a commit to moby, and its first release. */
function change(text: string, commit: string, sinceEngine: EngineRelease, appliesTo: AppliesTo) {
  return from(`moby, ${text}`, `${mobyCommit}/${commit}`, { ...appliesTo, sinceEngine });
}

const anyPlugin: AppliesTo = { subsystem: "any" };
const networkDriver: AppliesTo = { subsystem: "NetworkDriver" };
const ipamDriver: AppliesTo = { subsystem: "IpamDriver" };

const handshake = from("Remote Drivers, Handshake", `${remote}#handshake`, {});
const capability = from("Remote Drivers, Set capability", `${remote}#set-capability`, networkDriver);
const errors = from("Remote Drivers, Errors", `${remote}#errors`, anyPlugin);
const networkErrors = from("Remote Drivers, Errors", `${remote}#errors`, networkDriver);
const transport = from("plugin client of the engine", pluginClient, anyPlugin);
const networkTransport = from("plugin client of the engine", pluginClient, networkDriver);
const swarm = from("network driver client of the engine", networkClient, networkDriver);
const endpoint = from("Remote Drivers, Create endpoint", `${remote}#create-endpoint`, networkDriver);
const operational = from(
  "Remote Drivers, Endpoint operational info",
  `${remote}#endpoint-operational-info`,
  networkDriver,
);
const join = from("Remote Drivers, Join", `${remote}#join`, networkDriver);
const pool = from("IPAM Driver, RequestPool", `${ipam}#requestpool`, ipamDriver);
const address = from("IPAM Driver, RequestAddress", `${ipam}#requestaddress`, ipamDriver);
const spaces = from("IPAM Driver, GetDefaultAddressSpaces", `${ipam}#getdefaultaddressspaces`, ipamDriver);
const flow = from(
  "IPAM Driver, IPAM Configuration and flow",
  `${ipam}#ipam-configuration-and-flow`,
  ipamDriver,
);
const ipamCapability = from("IPAM Driver, Capabilities", `${ipam}#capabilities`, ipamDriver);
const deletion = from("network deletion of the engine", networks, ipamDriver);
const ipv4Choice = change(
  "Add flag 'enableIPv4' to libnetwork.Network",
  "903daa4dc480390a0e85163011526a55bde66a1f",
  "28.0",
  networkDriver,
);
const noGateway = change(
  "L3 and internal ipvlans don't need a gateway address",
  "8b13cde274347f577a539dc811f848a86c34572a",
  "28.0",
  ipamDriver,
);
const rollBack = change(
  "Use sbLeave to roll back on error from sbJoin",
  "52c9cfd016a725edd602f21af5856d78edadd6f2",
  "29.0",
  networkDriver,
);
const gatewayState = change(
  "Remote network driver: remember gateway state",
  "7ea50c14d6710b94f04ee21bb082683015fc40e9",
  "29.0",
  networkDriver,
);
const sizedPool = change(
  "Allow requesting networks with a custom prefix size from the default pools",
  "ea0d934ff251870e209d0130d09a043cd84100cc",
  "29.0",
  ipamDriver,
);
const endpointName = change(
  "libnetwork: provide endpoint name for IPAM drivers",
  "c6717f43877046f52de32484d4cbd1535759d6d7",
  "29.0",
  ipamDriver,
);
const ipamFailure = from("IPAM driver client of the engine", ipamClient, ipamDriver);

/** What the CNM remote plugin protocol demands of a plugin, shown over its socket. */
export const cnmRequirements = {
  "CNM-1": handshake("Plugin.Activate lists the subsystems that the plugin serves"),
  "CNM-2": capability("Scope is exactly local or global, and so is ConnectivityScope where it is given"),
  "CNM-3": errors("a request that cannot be decoded gets a status of 4xx or 5xx"),
  "CNM-4": errors("an unknown method gets 404, and every method of the plugin's subsystems exists"),
  "CNM-5": networkErrors(
    "a network driver's failure is reported under Err, with a message that names what is wrong",
  ),
  "CNM-5b": networkErrors("an error message does not repeat the values of options, which may be secrets"),
  "CNM-5c": transport("every answer with status 200 is exactly one JSON object of the form of its call"),
  "CNM-6": swarm(
    "a plugin of global scope answers AllocateNetwork, also without IPv6Data, and FreeNetwork",
    "MUST",
    {
      declares: "global scope",
    },
  ),
  "CNM-7": swarm("a plugin that declares GwAllocChecker answers GwAllocCheck before CreateNetwork", "MUST", {
    declares: "GwAllocChecker",
    sinceEngine: "28.0",
  }),
  "CNM-7b": ipv4Choice("a network without IPv4 is created, or refused with a message"),
  "CNM-8": endpoint("CreateEndpoint returns only those interface fields that the engine left empty"),
  "CNM-9": endpoint("addresses of an endpoint parse as CIDR, its MAC as a MAC"),
  "CNM-10": join("the interface that Join names in SrcName exists on the host at that moment"),
  "CNM-11": join(
    "gateway and routes of a Join parse, and the engine's Leave that follows a bad one succeeds",
  ),
  "CNM-11b": rollBack(
    "an endpoint that has not joined, or has left, can be told to leave, and be deleted after it",
  ),
  "CNM-12": join(
    "a plugin that names a gateway names one that the endpoint reaches directly; without, docker_gwbridge is the egress",
    "MAY",
  ),
  "CNM-13": swarm(
    "ProgramExternalConnectivity and RevokeExternalConnectivity carry published ports, or are both 404",
    "MAY",
  ),
  "CNM-13b": gatewayState(
    "ProgramExternalConnectivity again, without Revoke between, takes the place of the first",
  ),
  "CNM-14": operational("EndpointOperInfo returns a map"),
  "CNM-15": transport(
    "calls made twice, out of order or for unknown ids are answered, and the plugin goes on",
  ),
  "CNM-15b": networkTransport(
    "what is deleted is gone: ids and subnets can be used again, no interface stays behind",
  ),
  "CNM-15c": transport("a slow, a cut and an oversized request do not keep the plugin from serving others"),
  "CNM-15d": networkTransport("deleting an endpoint or a network a second time succeeds", "SHOULD"),
  "CNM-16": networkTransport(
    "no call waits for the engine, which holds its locks until the call is answered",
    "SHOULD",
  ),
  "CNM-17": ipamFailure("an IPAM driver's failure is reported under Error, not under Err"),
  "CNM-18": pool("identical requests for a pool return the same PoolID, and are counted"),
  "CNM-19": pool("a SubPool without a Pool is refused"),
  "CNM-20": pool("a pool of the plugin's choice is IPv6 when V6 is set and IPv4 when it is not"),
  "CNM-20b": sizedPool(
    "a pool of the unspecified address, such as 0.0.0.0/26, is one of the plugin's choice with that prefix length, or refused",
    "SHOULD",
  ),
  "CNM-21": address("an address is a CIDR inside its pool with the pool's prefix length"),
  "CNM-22": address("a preferred address is given as asked or refused, never replaced by another"),
  "CNM-23": flow("a released address can be given out again"),
  "CNM-23b": flow("gateway and auxiliary addresses can be had again after the network released them"),
  "CNM-23c": deletion("a network's gateway and pool are released while the network still exists"),
  "CNM-24": ipamCapability("an address is had without a MAC, unless the plugin declares RequiresMACAddress"),
  "CNM-24b": endpointName("an address is had with options that the plugin does not know, such as a name"),
  "CNM-24c": noGateway("an address is had from a pool whose gateway nobody asked for"),
  "CNM-25": ipamCapability(
    "pools and addresses outlive a restart of the engine, by replay where that is declared",
  ),
  "CNM-26": pool("automatic pool requests advance, and never return a pool that is held"),
  "CNM-27": address("no address is given out twice, also under concurrent requests"),
  "CNM-27b": address("an exhausted pool is refused with a message"),
  "CNM-28": spaces("the default address spaces have names"),
} as const satisfies Record<string, Requirement>;

export type CnmRequirementId = keyof typeof cnmRequirements;
