import type { Fault } from "#harness/proof/fault.ts";
import { behaviour } from "./behaviour.ts";

/** Faults in how a debug plugin judges its input, and how it reports that something is wrong. */
export const errorFaults: readonly Fault<"cni">[] = [
  {
    ...behaviour("debug-interface", "error-exits-zero"),
    breaks:
      "a configuration that is no JSON, and a missing namespace, are reported as errors with exit code 0",
    why: "the runtime takes a container without a network for one that has it",
    detectedBy: ["CNI-1"],
    mayFollow: ["CNI-2a", "CNI-3b"],
  },
  {
    ...behaviour("debug-chained", "error-on-stderr"),
    breaks: "error objects go to stderr",
    why: "the runtime has no message to show, and tells its user only that the plugin failed",
    detectedBy: ["CNI-2a"],
    mayFollow: ["CNI-2b", "CNI-3a", "CNI-3b", "CNI-3c", "CNI-3d", "CNI-18a", "CNI-18b"],
  },
  {
    ...behaviour("debug-ipam", "error-without-json"),
    breaks: "failures end with exit code 1 and nothing else",
    why: "nobody can tell what went wrong",
    detectedBy: ["CNI-2a"],
    mayFollow: ["CNI-2b", "CNI-3a", "CNI-3b", "CNI-3c", "CNI-3d", "CNI-18a", "CNI-18b"],
  },
  {
    ...behaviour("debug-chained", "error-without-version"),
    breaks: "error objects have no cniVersion",
    why: "the runtime cannot tell by which version of the specification to read the error",
    detectedBy: ["CNI-2b"],
  },
  {
    ...behaviour("debug-ipam", "crash-when-incomplete"),
    breaks: "a configuration that lacks what the plugin needs makes it crash",
    why: "the user reads a stack trace, or nothing, instead of the key that is missing",
    detectedBy: ["CNI-2c"],
    mayFollow: ["CNI-2b"],
  },
  {
    ...behaviour("debug-chained", "version-error-code"),
    breaks: "an incompatible version is reported as an invalid configuration",
    why: "a runtime that could speak an older version is told that its configuration is wrong",
    detectedBy: ["CNI-3a"],
  },
  {
    ...behaviour("debug-chained", "decode-error-code"),
    breaks: "a configuration that is no JSON is reported as an unknown container",
    why: "users look for a lost container while their file is broken",
    detectedBy: ["CNI-3b"],
  },
  {
    ...behaviour("debug-ipam", "environment-error-without-names"),
    breaks: "missing variables are not named",
    why: "the author of a runtime must guess which variable is wrong",
    detectedBy: ["CNI-3c"],
    mayFollow: ["CNI-18a"],
  },
  {
    ...behaviour("debug-chained", "reserved-error-code"),
    breaks: "an unknown command is reported with the reserved code 42",
    why: "a later version of the specification may give the code a meaning that runtimes act on",
    detectedBy: ["CNI-3d"],
    mayFollow: ["CNI-3a"],
  },
  {
    ...behaviour("debug-ipam", "environment-error-names-one"),
    breaks: "only the first missing variable is named",
    why: "the author of a runtime mends one variable and is told of the next",
    detectedBy: ["CNI-18a"],
  },
  {
    ...behaviour("debug-chained", "container-id-unchecked"),
    breaks: "container ids are not looked at",
    why: "an id with slashes in it ends up in paths of files",
    detectedBy: ["CNI-18b"],
  },
  {
    ...behaviour("debug-ipam", "check-below-0.4.0", "0.3.1"),
    breaks: "CHECK is served in a version that has none",
    why: "the runtime relies on a check that its version does not define",
    detectedBy: ["CNI-18c"],
  },
  {
    ...behaviour("debug-ipam", "gc-below-1.1.0", "1.0.0"),
    breaks: "GC and STATUS are served in a version that has none",
    why: "GC in a version without a list of attachments takes the addresses of running containers",
    detectedBy: ["CNI-18d"],
  },
  {
    ...behaviour("debug-chained", "interface-name-unchecked"),
    breaks: "interface names are not looked at",
    why: "a name that Linux refuses is found out late, with a message that explains nothing",
    detectedBy: ["CNI-19"],
  },
  {
    ...behaviour("debug-ipam", "args-refused", "0.4.0"),
    breaks: "a configuration with args is refused",
    why: "a runtime that passes arguments for one plugin of a network cannot use the others",
    detectedBy: ["CNI-22"],
  },
];
