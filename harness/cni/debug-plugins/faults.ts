import type { PluginKind } from "#suites/requirements/applicability/applies-to.ts";

/** The debug plugins by file name, with what each does in a network. */
export const debugPlugins = {
  "debug-interface": "interface",
  "debug-chained": "chained",
  "debug-ipam": "ipam",
} as const satisfies Record<string, PluginKind>;
export type DebugPlugin = keyof typeof debugPlugins;
export const debugPluginNames = Object.keys(debugPlugins) as DebugPlugin[];

/** What the scripts can be told to do wrong: every plugin, and each kind beside that. */
export const debugFaults = {
  every: [
    "result-on-stderr",
    "version-without-list",
    "version-of-its-own",
    "result-of-another-version",
    "error-without-version",
    "error-without-json",
    "error-on-stderr",
    "error-exits-zero",
    "crash-when-incomplete",
    "del-needs-netns",
    "reserved-error-code",
    "environment-error-without-names",
    "environment-error-names-one",
    "container-id-unchecked",
    "interface-name-unchecked",
    "decode-error-code",
    "version-error-code",
    "check-below-0.4.0",
    "gc-below-1.1.0",
  ],
  interface: [
    "ifname-ignored",
    "one-attachment",
    "check-wants-one-attachment",
    "del-by-container",
    "taken-name-accepted",
    "no-del-after-failed-add",
    "lease-kept-after-failed-add",
    "check-fails-at-first",
    "check-always-succeeds",
    "check-without-prevresult",
    "check-skips-delegate",
    "delegate-error-swallowed",
    "check-ignores-interface",
    "check-strict",
    "check-ignores-address",
    "check-ignores-route",
    "del-once",
    "del-needs-interface",
    "del-needs-prevresult",
    "del-leaves-interface",
    "del-skips-delegate",
    "gc-skips-delegate",
    "gc-error-swallowed",
    "status-always",
    "status-skips-delegate",
    "status-error-swallowed",
    "interface-drops-prevresult",
    "host-interface-unlisted",
    "host-interface-sandboxed",
    "sandbox-is-an-id",
    "result-with-other-mac",
    "sandbox-left-out",
    "address-without-interface",
    "delegate-gets-section",
    "delegate-environment",
  ],
  chained: [
    "prevresult-dropped",
    "check-ignores-rule",
    "del-leaves-rules",
    "del-by-container",
    "del-keeps-record",
    "rule-at-every-add",
    "rule6-kept",
    "mac-untold",
  ],
  ipam: [
    "one-at-a-time",
    "address-given-twice",
    "ipam-lists-interfaces",
    "del-by-container",
    "address-without-prefix",
    "check-ignores-lease",
    "lease-kept-without-netns",
    "del-once",
    "lease-kept",
    "gc-keeps-stale",
    "gc-removes-listed",
    "status-never",
    "status-ignores-exhaustion",
  ],
} as const satisfies Record<"every" | PluginKind, readonly string[]>;

/** What a debug plugin can be told to do wrong. */
export type DebugFault<P extends DebugPlugin = DebugPlugin> = (typeof debugFaults)[
  | "every"
  | (typeof debugPlugins)[P]][number];
