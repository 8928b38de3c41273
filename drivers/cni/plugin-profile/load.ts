import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { problemsIn } from "#drivers/loading/driver-shape.ts";
import { importDefault } from "#drivers/loading/module.ts";
import { lineNaming, lineThrown } from "#drivers/loading/source-line.ts";
import { fillTemplate } from "#harness/cni/testbed/plugin-under-test.ts";
import { capabilityArgs, type PluginProfile, type ProfileValues } from "#harness/cni/testbed/profiles.ts";
import { messageOf, UsageError } from "#harness/core/errors.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import { pluginKinds } from "#suites/requirements/applicability/applies-to.ts";
import type { CniPluginProfile, ForContainer } from "./plugin-profile.ts";

const kinds = "one of interface, chained, ipam";
const script = z.string({ error: "a shell line" }).min(1, { error: "a shell line" }).optional();
const flag = z.boolean({ error: "true or false" }).optional();
const forContainer = z.custom<ForContainer<object>>(
  (value) => typeof value === "function" || isObject(value),
  "an object, or a function that makes one",
);
const need = z
  .string({ error: "a text" })
  .regex(/^(link|program|device) \S/, "link KIND, program NAME or device PATH");
const profileShape = z.strictObject(
  {
    kind: z.enum(pluginKinds, { error: kinds }),
    config: forContainer,
    needs: z.array(need, { error: "a list of needs" }).optional(),
    prepareHost: script,
    prepareContainer: script,
    ifName: z
      .string({ error: "an interface name" })
      .regex(/^[^/:\s]{1,15}$/, "an interface name of 1 to 15 characters")
      .optional(),
    capabilities: forContainer.optional(),
    args: forContainer.optional(),
    breakages: z
      .array(
        z.strictObject({
          what: z.string({ error: "a text" }),
          script: z.string({ error: "a shell line" }),
          shows: script,
        }),
        { error: "a list of { what, script, shows }" },
      )
      .optional(),
    state: script,
    namespace: z.enum(["place", "machine"], { error: "place or machine" }).optional(),
    allocates: flag,
    leasesElsewhere: flag,
    worksOnInterface: flag,
    standsAlone: flag,
    exhausted: forContainer.optional(),
  },
  {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? `none called ${issue.keys.join(", ")}`
        : "a profile, as defineCniPlugin makes it",
  },
);

const example = 'export default defineCniPlugin({ kind: "interface", config: { … } })';

/** The profile that the setting names; `undefined` where it names none. Throws `UsageError` with file, key and what was expected. */
export async function loadPluginProfile({
  PROFILE: file,
}: Pick<Settings, "PROFILE">): Promise<PluginProfile | undefined> {
  if (file === undefined) return undefined;
  const named = `PROFILE=${file}`;
  if (!existsSync(file)) throw new UsageError(`${named}: there is no such file (set in the environment)`);
  const exported = await importDefault(
    { named, specifier: pathToFileURL(file).href, place: file, file },
    { example },
  );
  const problems = problemsIn(profileShape, exported, file);
  if (problems.length > 0) {
    throw new UsageError(`${named}: ${file} is not a profile\n  ${problems.join("\n  ")}`, {
      hint: "docs/cni-profile.md lists every key",
    });
  }
  const profile = exported as CniPluginProfile;
  refuseUnmade(named, file, profile);
  return asUsed(profile);
}

const anyContainer: ProfileValues = { dataDir: "/tmp", index: 0, ifName: "nc0" };

/** What can only be told by making a container's values once. */
function refuseUnmade(named: string, file: string, profile: CniPluginProfile): void {
  const values = anyContainer;
  for (const key of ["config", "capabilities", "args", "exhausted"] as const) {
    const given = profile[key];
    if (typeof given !== "function") continue;
    let made: unknown;
    try {
      made = given(values);
    } catch (error) {
      throw new UsageError(
        `${named}: ${lineThrown(file, error)} could not make ${key}: ${messageOf(error)}`,
        { cause: error },
      );
    }
    const written = jsonOf(made);
    if (isObject(made) && written !== undefined) continue;
    throw new UsageError(
      `${named}: ${lineNaming(file, key)}: ${key}: expected an object, got ${isObject(made) ? "one that cannot be written as JSON" : written}`,
    );
  }
  const { capabilities: declared = {} } = made(profile.config, values) as {
    capabilities?: Record<string, unknown>;
  };
  const undeclared = Object.keys(made(profile.capabilities ?? {}, values)).find(
    (name) => declared[name] !== true,
  );
  if (undeclared !== undefined) {
    throw new UsageError(
      `${named}: ${lineNaming(file, undeclared)}: capabilities.${undeclared}: expected config.capabilities.${undeclared} to be true, got ${JSON.stringify(declared[undeclared])}`,
      { hint: "a plugin is given the arguments of those capabilities alone that its configuration declares" },
    );
  }
  refuseOnMachine(named, file, profile);
}

/** What the suite makes in a place goes with the place; on the machine it would stay. */
function refuseOnMachine(
  named: string,
  file: string,
  { namespace, state, kind, prepareHost }: CniPluginProfile,
): void {
  if (namespace !== "machine") return;
  const where = `${named}: ${lineNaming(file, "machine")}: namespace "machine": expected`;
  if (state === undefined) {
    throw new UsageError(`${where} state with it, got none`, {
      hint: "state is a command that lists what the plugin has set up; on the machine nothing else is compared",
    });
  }
  if (prepareHost !== undefined) {
    throw new UsageError(`${where} no prepareHost with it, since what that makes would stay`, {
      hint: "prepare the machine before the run",
    });
  }
  if (kind === "chained") {
    throw new UsageError(`${where} kind interface or ipam with it, got chained`, {
      hint: "what a plugin before it would have made is made in a place alone",
    });
  }
}

/** The profile in the suite's own form. */
function asUsed({
  config,
  capabilities = {},
  args,
  exhausted,
  allocates,
  ...rest
}: CniPluginProfile): PluginProfile {
  const { ipam } = made(config, anyContainer) as { ipam?: { type?: unknown } };
  const delegate = isObject(ipam) ? ipam.type : undefined;
  return {
    ...rest,
    lists: [],
    config: (values) => made(config, values),
    delegates: rest.kind === "interface" && delegate !== undefined,
    allocates: allocates ?? (delegate !== undefined && delegate !== "static"),
    capabilities: (values) => ({ ...capabilityArgs(values.index), ...made(capabilities, values) }),
    ...(args && { args: (values) => made(args, values) }),
    ...(exhausted && { exhausted: (values) => made(exhausted, values) }),
  };
}

function made<T extends Record<string, unknown>>(given: ForContainer<T>, values: ProfileValues): T {
  return typeof given === "function" ? given(values) : (fillTemplate(given, values) as T);
}

/** A configuration reaches the plugin as JSON. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
