import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, extname, resolve } from "node:path";
import { z } from "zod";
import type { Driver, DriverSettings } from "#drivers/driver.ts";
import { parseNetworkConfig } from "#harness/cni/runtime/config.ts";
import { UsageError } from "#harness/core/errors.ts";
import { parseJson } from "#harness/core/text/json.ts";
import { type Capability, capabilities } from "#suites/requirements/capability.ts";
import { cniDriver } from "./cni-driver.ts";
import { type NodeValues, nodeValuesOf } from "./node-values.ts";

const capabilityNames = Object.keys(capabilities) as [Capability, ...Capability[]];

const optionsSchema = z
  .strictObject({
    capabilities: z.array(z.enum(capabilityNames)).default([]),
    underlay: z.enum(["management", "control", "data"]).optional(),
    join: z.enum(["routes", "vxlan"]).optional(),
    binaries: z.array(z.string()).default([]),
  })
  .prefault({});

/**
 * A driver from a network configuration list with `{{placeholders}}` for the values of each node (`NodeValues`) and a
 * top-level key `netconform` for what the suite must know: `capabilities`, `underlay`, `join`, and `binaries`, paths
 * of plugins relative to the file that are put on the nodes. Throws `UsageError` that says what is wrong with the file.
 */
export function conflistDriver(path: string): (settings: DriverSettings) => Driver {
  const text = readFileSync(path, "utf8");
  const render = ({ ipv6: _, announced: __, ...values }: NodeValues) => fill(text, path, values);
  const { netconform, ...example } = parse(render(exampleSite()), path);
  parseNetworkConfig(JSON.stringify({ ...example, name: "example" }), path);
  const options = optionsSchema.safeParse(netconform);
  if (!options.success) {
    const problems = options.error.issues.map(
      (issue) => `netconform.${issue.path.join(".")}: ${issue.message}`,
    );
    throw new UsageError(`${path}: ${problems.join("; ")}`);
  }
  const { underlay, join, binaries, capabilities: declared } = options.data;
  const files = binaries.map((file) => resolve(dirname(path), file));
  const missing = files.filter((file) => !existsSync(file));
  if (missing.length > 0)
    throw new UsageError(`${path}: netconform.binaries: no such file: ${missing.join(", ")}`);
  return cniDriver({
    name: `cni-${basename(path, extname(path)).replaceAll(/[^A-Za-z0-9_.-]/g, "-")}`,
    title: `CNI: ${basename(path)}`,
    capabilities: declared.filter((capability) => capability !== "cni"),
    ...(underlay ? { underlay } : {}),
    ...(join ? { join } : {}),
    binaries: files,
    config: (values) => {
      const { netconform: _, ...config } = parse(render(values), path);
      return { ...asList(config), name: values.name };
    },
  });
}

function parse(text: string, path: string): Record<string, unknown> {
  const json = parseJson(text);
  if (!json.ok) throw new UsageError(`${path}: no JSON: ${json.reason}`);
  const parsed = z.record(z.string(), z.unknown()).safeParse(json.value);
  if (!parsed.success) throw new UsageError(`${path}: expected an object, got ${text.trim().slice(0, 40)}`);
  return parsed.data;
}

/** A single plugin's configuration is a list of one. */
function asList(config: Record<string, unknown>): Record<string, unknown> {
  if ("plugins" in config) return config;
  const { cniVersion, name: _, ...plugin } = config;
  return { cniVersion, plugins: [plugin] };
}

function fill(text: string, path: string, values: Record<string, string | number>): string {
  return text.replaceAll(/\{\{\s*(\w*)\s*\}\}/g, (placeholder, key: string) => {
    const value = values[key];
    if (value !== undefined) return String(value);
    throw new UsageError(
      `${path}: ${placeholder} is unknown; expected one of ${Object.keys(values).join(", ")}`,
    );
  });
}

/** Some node, so that a mistake in the file is found before any cluster is brought up. */
function exampleSite(): NodeValues {
  const one = (device: string, address: string) => ({ device, address, prefix: 24 });
  const interfaces = {
    management: one("eth0", "192.0.2.1"),
    control: one("eth1", "198.51.100.1"),
    data: one("eth2", "203.0.113.1"),
  };
  const [values] = nodeValuesOf({ nodes: [{ interfaces }] }, "example", "10.1.2.0/24");
  if (!values) throw new Error("one node has one values");
  return values;
}
