import { homedir } from "node:os";
import { parseEngine } from "#harness/core/engines/grammar.ts";
import { UsageError } from "#harness/core/errors.ts";
import { type SettingName, type Settings, schema } from "./schema.ts";
import { readUsual } from "./usual.ts";

/** Name, meaning and default of every setting, for `--help` and docs/settings.md. */
export function describeSettings(): { name: string; meaning: string; default: string }[] {
  const defaults = schema.parse({});
  return Object.entries(schema.shape).map(([name, field]) => ({
    name,
    meaning: field.description ?? inner(field)?.description ?? "",
    default: format(defaults[name as SettingName], name === "CNI_PATH" ? ":" : ","),
  }));
}

function inner(field: unknown): { description?: string } | undefined {
  return (field as { def?: { innerType?: { description?: string } } }).def?.innerType;
}

function format(value: unknown, separator = ","): string {
  if (Array.isArray(value)) return value.join(separator);
  if (typeof value === "boolean") return value ? "1" : "0";
  if (typeof value === "object" && value !== null)
    return Object.keys(value).length > 0 ? JSON.stringify(value) : "";
  if (value === undefined) return "";
  return String(value)
    .replace(`${process.cwd()}/`, "")
    .replace(new RegExp(`^${homedir()}(?=/)`), "~");
}

/**
 * Reads and validates the environment; the one place that does. `usual` are values of settings that it leaves out.
 * Throws `UsageError` naming each bad value, what was expected and the variable that holds it.
 */
export function readSettings(env: NodeJS.ProcessEnv = process.env, usual: Given = {}): Settings {
  const names = Object.keys(schema.shape);
  const local: Given = env === process.env ? readUsual(names) : {};
  const given = Object.fromEntries(
    names.flatMap((name) => {
      const value = env[name] || local[name] || usual[name];
      return value ? [[name, value]] : [];
    }),
  );
  const parsed = schema.safeParse(given);
  const needed = parsed.success ? whatGoesTogether(parsed.data, given) : [];
  if (parsed.success && needed.length === 0) return onGivenHosts(parsed.data, given);
  const problems = (parsed.error?.issues ?? []).map((issue) => {
    const name = String(issue.path[0]);
    const expected =
      "values" in issue && issue.message.startsWith("Invalid")
        ? `one of ${(issue.values as string[]).join(", ")}`
        : issue.message;
    return `${name}=${given[name] ?? ""}: expected ${expected} (set in the environment)`;
  });
  throw new UsageError([...problems, ...needed].join("\n"), {
    hint: "docs/settings.md lists every setting with its default",
  });
}

/** Whether the environment says what a setting is, so that it is no default. */
export function isGiven(name: SettingName, env: NodeJS.ProcessEnv = process.env): boolean {
  return Boolean(env[name]);
}

type Given = Readonly<Record<string, string | undefined>>;

/** Settings that only make sense, or are only complete, together with others. */
function whatGoesTogether(settings: Settings, given: Given): string[] {
  const { CLUSTER, DRIVER, ENGINE, INVENTORY } = settings;
  const beside = profileBeside(settings);
  if (beside.length > 0) return beside;
  if (settings.RUNTIME !== "netconform" && CLUSTER !== "containers") {
    return [
      `RUNTIME=${settings.RUNTIME}: expected CLUSTER=containers with it, got CLUSTER=${CLUSTER} (set in the environment)`,
    ];
  }
  if (CLUSTER !== "ssh") {
    return INVENTORY
      ? [
          `INVENTORY=${given.INVENTORY}: expected CLUSTER=ssh with it, got CLUSTER=${CLUSTER} (set in the environment)`,
        ]
      : enginesWithoutNode(settings);
  }
  return [
    ...(INVENTORY ? [] : ["CLUSTER=ssh: expected INVENTORY=FILE with it, got none (set in the environment)"]),
    ...(given.DRIVER !== undefined && DRIVER.length > 1
      ? [
          `DRIVER=${given.DRIVER}: expected one driver, since CLUSTER=ssh has one set of hosts; run them in turn`,
        ]
      : []),
    ...(given.ENGINE !== undefined && ENGINE.length > 1
      ? [`ENGINE=${given.ENGINE}: expected one version at most, since CLUSTER=ssh takes what the hosts run`]
      : []),
  ];
}

/** A profile says all of how one plugin is used. */
function profileBeside({ PROFILE, PLUGIN, CONFIG, KIND }: Settings): string[] {
  if (PROFILE === undefined) return [];
  const said = (expected: string) => [`PROFILE=${PROFILE}: expected ${expected} (set in the environment)`];
  if (CONFIG !== undefined) return said("no CONFIG with it, since the profile has the configuration");
  if (KIND !== undefined) return said("no KIND with it, since the profile says the kind");
  if (PLUGIN === undefined || PLUGIN.includes(",")) return said("PLUGIN with it, which names one plugin");
  return [];
}

function enginesWithoutNode({ ENGINE, NODES }: Settings): string[] {
  return ENGINE.filter((word) => parseEngine(word).length > NODES).map(
    (word) =>
      `ENGINE=${word}: expected at most ${NODES} engines, one for each of NODES=${NODES} (set in the environment)`,
  );
}

/** Hosts that exist have the engines they have and are as many as they are: what was not asked for is not assumed. */
function onGivenHosts(settings: Settings, given: Given): Settings {
  if (settings.CLUSTER !== "ssh") return settings;
  return {
    ...settings,
    DRIVER: given.DRIVER === undefined ? ["overlay"] : settings.DRIVER,
    ENGINE: given.ENGINE === undefined ? [] : settings.ENGINE,
    NODES: given.NODES === undefined ? 0 : settings.NODES,
  };
}

/** One line per setting that differs from its default, as the run understood it. */
export function explainSettings(settings: Settings): string {
  const parts = describeSettings()
    .filter(
      ({ name }) => !["BUILDER", "CACHE", "ENGINE_SOURCE", "REPORTS", "SNAPSHOT", "SUBNETS"].includes(name),
    )
    .map(({ name }) => [name, format(settings[name as SettingName])] as const)
    .filter(([, value]) => value !== "" && value !== "0")
    .map(([name, value]) => `${name}=${value}`);
  return parts.join(" ");
}
