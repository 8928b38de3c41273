import type { AppliesTo } from "#suites/requirements/applicability/applies-to.ts";
import type { Level, Requirement } from "#suites/requirements/requirement.ts";

const url = "https://github.com/containernetworking/cni/blob/spec-v1.1.0/SPEC.md";

function section(text: string, anchor: string) {
  return (level: Level, title: string, appliesTo: AppliesTo = {}): Requirement => ({
    title,
    level,
    source: { text: `CNI specification, ${text}`, url: `${url}#${anchor}` },
    profile: "cni",
    appliesTo,
  });
}

const errors = section("section 2, Errors", "errors");
const errorCodes = section("section 5, Error", "error");
const parameters = section("section 2, Parameters", "parameters");
const add = section("section 2, ADD", "add-add-container-to-network-or-apply-modifications");
const addResult = section("section 5, ADD Success", "add-success");
const del = section("section 2, DEL", "del-remove-container-from-network-or-un-apply-modifications");
const check = section("section 2, CHECK", "check-check-containers-networking-is-as-expected");
const version = section("section 5, VERSION Success", "version-success");
const status = section("section 2, STATUS", "status-check-plugin-status");
const gc = section("section 2, GC", "gc-clean-up-any-stale-resources");
const delegation = section("section 4, Plugin Delegation", "section-4-plugin-delegation");
const addList = section(
  "section 3, Adding an attachment; section 3, Deleting an attachment",
  "adding-an-attachment",
);
const lifecycle = section("section 3, Lifecycle & Ordering", "lifecycle--ordering");
/** What the specification leaves open and the reference library (libcni, skel) decides: reported, never a verdict. */
const library = section("as the reference library does it", "parameters");

const makesInterfaces = { pluginKinds: ["interface"] } as const;
const delegates = { pluginKinds: ["interface"], since: "1.0.0" } as const;
const attaches = { pluginKinds: ["interface", "chained"] } as const;

/**
 * The plugin side of the CNI specification. A plugin to which a rule does not apply, by its kind or at its version, has no test
 * of it.
 */
export const cniRequirements = {
  "CNI-1": errors("MUST", "a call exits 0 when it did its work and non-zero when it did not"),
  "CNI-2a": errors("SHOULD", "a failure is one JSON error object on stdout with code and msg"),
  "CNI-2b": errors("SHOULD", "an error object has the cniVersion of the configuration"),
  // A process that a signal ends has no exit code, which is a MUST of CNI-1; of a failure that it has an error object is a SHOULD.
  "CNI-2c": errors("SHOULD", "no call makes the plugin crash"),
  "CNI-3a": errorCodes("MUST", "a version that the plugin does not speak is error 1 or an error of its own"),
  "CNI-3b": errorCodes("MUST", "an undecodable configuration is error 6 or an error of its own"),
  "CNI-3c": errorCodes("MUST", "error 4 names the environment variables that are invalid"),
  "CNI-3d": errorCodes("MUST", "error codes 0 to 99 are only used as the specification has them"),

  "CNI-4a": addResult("MUST", "ADD prints its result on stdout"),
  "CNI-4b": addResult("MUST", "ADD's result has the cniVersion of the configuration"),
  "CNI-5a": addResult("MUST", "the result lists the container's interface with a sandbox", makesInterfaces),
  "CNI-5b": addResult("SHOULD", "the sandbox of the container's interface is CNI_NETNS", makesInterfaces),
  "CNI-5c": addResult(
    "MUST",
    "the result lists what was created on the host, without a sandbox",
    makesInterfaces,
  ),
  "CNI-5d": addResult("MUST", "addresses in the result are CIDRs, and their interface a valid index"),
  "CNI-5e": addResult("MUST", "what the result says of the interface is what the container has", attaches),
  "CNI-5f": addResult("MUST", "addresses, gateways and next hops are of the IP version beside them", {
    until: "0.4.0",
  }),
  "CNI-6a": addResult("MUST", "a chained plugin answers prevResult with its own changes", {
    pluginKinds: ["chained"],
    since: "1.0.0",
    predecessor: "CNI-6b",
  }),
  "CNI-6b": addResult("SHOULD", "a plugin echoes prevResult", { ...attaches, until: "0.4.0" }),
  "CNI-6c": addResult(
    "MUST",
    "an interface plugin later in a chain answers prevResult with its own additions",
    {
      pluginKinds: ["interface"],
      since: "1.0.0",
      predecessor: "CNI-6b",
    },
  ),
  "CNI-7": parameters("MUST", "the interface is called CNI_IFNAME, or the call is an error", attaches),
  "CNI-8": add("MUST", "ADD for an interface name that is taken is an error", {
    pluginKinds: ["interface"],
    since: "1.0.0",
    predecessor: "CNI-7",
  }),

  "CNI-9a": del("MUST", "a repeated DEL succeeds", { since: "1.0.0", predecessor: "CNI-9c" }),
  "CNI-9b": del("MUST", "DEL succeeds when the interface or what was changed is missing", {
    since: "1.0.0",
    predecessor: "CNI-9c",
  }),
  "CNI-9c": del("SHOULD", "DEL succeeds when it was done before or resources are missing", {
    until: "0.4.0",
  }),
  "CNI-10a": del("SHOULD", "DEL succeeds without a network namespace"),
  "CNI-10b": del("SHOULD", "DEL succeeds without prevResult"),
  "CNI-10c": del("SHOULD", "DEL releases the address also without network namespace and prevResult"),
  "CNI-10d": del("SHOULD", "DEL undoes what ADD did, and nothing of an attachment is left behind"),

  "CNI-11a": check("MUST", "CHECK succeeds right after ADD", { since: "0.4.0" }),
  "CNI-11b": check("MUST", "CHECK allows what later plugins of the chain have changed", {
    ...attaches,
    since: "0.4.0",
  }),
  "CNI-11c": check("MUST", "CHECK consults prevResult: without one it does not succeed", {
    pluginKinds: ["interface"],
    since: "0.4.0",
  }),
  "CNI-11d": check("SHOULD", "CHECK fails when the interface is missing", {
    ...makesInterfaces,
    since: "0.4.0",
  }),
  "CNI-11e": check("SHOULD", "CHECK fails when an address is missing", {
    ...makesInterfaces,
    since: "0.4.0",
  }),
  "CNI-11f": check("SHOULD", "CHECK fails when a route is missing", { ...makesInterfaces, since: "0.4.0" }),
  "CNI-11g": check("SHOULD", "CHECK fails when a rule or setting of the plugin is missing", {
    ...attaches,
    since: "0.4.0",
  }),
  "CNI-11h": check("SHOULD", "CHECK fails when the address is no longer reserved", {
    pluginKinds: ["interface", "ipam"],
    since: "0.4.0",
  }),

  "CNI-12a": version("MUST", "VERSION answers cniVersion and supportedVersions"),
  "CNI-12b": version("MUST", "VERSION's cniVersion is the one of its input", { since: "1.0.0" }),
  "CNI-13a": status("MUST", "STATUS succeeds while ADD can be served", { since: "1.1.0" }),
  "CNI-13b": status("MUST", "STATUS is a JSON error when the plugin cannot serve ADD", {
    pluginKinds: ["interface"],
    since: "1.1.0",
  }),
  "CNI-13c": status("MUST", "STATUS is forwarded to the delegate", {
    pluginKinds: ["interface"],
    since: "1.1.0",
  }),
  "CNI-13d": status("SHOULD", "STATUS passes the delegate's error on", {
    pluginKinds: ["interface"],
    since: "1.1.0",
  }),
  "CNI-13e": status("SHOULD", "STATUS fails when the addresses are exhausted", {
    pluginKinds: ["ipam"],
    since: "1.1.0",
  }),
  "CNI-13f": status("SHOULD", "DEL succeeds after a STATUS that failed", {
    pluginKinds: ["interface"],
    since: "1.1.0",
  }),
  "CNI-14a": gc("MUST", "GC is forwarded to the delegate", { pluginKinds: ["interface"], since: "1.1.0" }),
  "CNI-14b": gc("SHOULD", "GC removes what belongs to no listed attachment", { since: "1.1.0" }),
  "CNI-14c": gc("MUST", "GC keeps what belongs to a listed attachment", { since: "1.1.0" }),
  "CNI-14d": gc("SHOULD", "GC reports the delegate's error", { pluginKinds: ["interface"], since: "1.1.0" }),

  "CNI-15a": delegation("MUST", "DEL runs the delegate", delegates),
  "CNI-15b": delegation("MUST", "CHECK runs the delegate", delegates),
  "CNI-15c": delegation("SHOULD", "CHECK and DEL pass the delegate's error on", delegates),
  "CNI-15d": delegation(
    "SHOULD",
    "a failed ADD of the delegate is followed by its DEL, and is an error",
    delegates,
  ),
  "CNI-16a": delegation("MUST", "an IPAM plugin answers neither interfaces nor ips[].interface", {
    pluginKinds: ["ipam"],
    since: "1.0.0",
    predecessor: "CNI-16f",
  }),
  "CNI-16b": delegation("MUST", "the delegate gets the same CNI environment", makesInterfaces),
  "CNI-16c": delegation("MUST", "the delegate gets the complete configuration", makesInterfaces),
  "CNI-16d": delegation("SHOULD", "what the delegate writes to stderr comes out of the plugin's", delegates),
  "CNI-16e": addResult("SHOULD", "addresses and DNS of the result are what the delegate answered", {
    pluginKinds: ["interface"],
    until: "0.4.0",
  }),
  "CNI-16f": delegation("MUST", "an IPAM plugin answers no interfaces", {
    pluginKinds: ["ipam"],
    until: "0.4.0",
  }),
  "CNI-17a": lifecycle("MUST", "ADD and DEL work for many containers at once", { since: "1.0.0" }),
  "CNI-17b": lifecycle("MUST", "no address is given to two containers", {
    pluginKinds: ["interface", "ipam"],
    since: "1.0.0",
  }),

  // The text lets a runtime do it and asks nothing of a plugin in so many words: not more than a SHOULD.
  "CNI-20a": add("SHOULD", "a container is attached once more under another interface name"),
  "CNI-20b": check("MUST", "CHECK succeeds for every attachment of a container", { since: "0.4.0" }),
  // An attachment is container and interface name; DEL should delete the interface of that name, or undo what its own ADD did.
  "CNI-20c": del("SHOULD", "DEL of one attachment leaves the container's others as they are"),
  // What a plugin is given by the one before it, it MUST handle (section 2, ADD).
  "CNI-21": addList(
    "MUST",
    "a list of plugins attaches a container, detaches it, and does both again",
    attaches,
  ),

  // What varies between calls is in args at these versions; from 1.0.0 on the text has nothing of it.
  "CNI-22": add("SHOULD", "args in the configuration that the plugin does not know are ignored", {
    since: "0.4.0",
    until: "0.4.0",
  }),
  "CNI-23": add("SHOULD", "a default route that another network has set is no obstacle", {
    pluginKinds: ["interface"],
    until: "0.4.0",
  }),

  "CNI-18a": library("MAY", "a missing environment variable is error 4, and all that are missing are named"),
  "CNI-18b": library("MAY", "an invalid container id is error 3 or 4"),
  "CNI-18c": library("MAY", "CHECK below 0.4.0 is error 1", { until: "0.3.1" }),
  "CNI-18d": library("MAY", "GC and STATUS below 1.1.0 are error 1", { until: "1.0.0" }),
  "CNI-19": library("MAY", "an interface name that Linux does not allow is an error", attaches),
} as const satisfies Record<string, Requirement>;

export type CniRequirementId = keyof typeof cniRequirements;
