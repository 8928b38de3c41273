import type { Level, Requirement } from "#suites/requirements/requirement.ts";
import { moby } from "./moby.ts";

const documentation = `${moby}/daemon/libnetwork/docs/remote.md`;
const pluginApi = "https://docs.docker.com/engine/extend/plugin_api/";

function from(text: string, url: string) {
  return (title: string, level: Level = "MUST"): Requirement => ({
    title,
    level,
    appliesTo: { capabilities: ["remote"] },
    profile: "plugin",
    source: { text, url },
  });
}

const protocol = from("Remote Drivers, Protocol", `${documentation}#protocol`);
const errors = from("Remote Drivers, Errors", `${documentation}#errors`);
const retries = from("Docker Plugin API, Error handling and retries", pluginApi);
const lifecycle = from("Docker Plugin API, Plugin lifecycle", `${pluginApi}#plugin-lifecycle`);

/** What must hold between real engines and a CNM remote plugin, also when something goes wrong between them. */
export const remoteRequirements = {
  R1: protocol(
    "what engines and plugin say while a chapter runs keeps the protocol, and nothing made is kept",
  ),
  R2: retries("a slow answer delays a container and does not keep it from working"),
  R3: errors("a call that fails ends the user's command with an error, and nothing half-made stays anywhere"),
  R4: retries(
    "a connection that breaks off in a call leaves no half-made container, and what was made can be made again",
  ),
  R5: lifecycle("networks, endpoints and policies survive a restart of the plugin"),
  R11: {
    ...lifecycle(
      "networks that are made and removed in quick succession leave the plugin and other networks at work",
    ),
    source: { text: "netconform, docs/refusals.md" },
  },
  R6: lifecycle("networks and endpoints survive a restart of the engine, also of one that was killed"),
} as const satisfies Record<string, Requirement>;
