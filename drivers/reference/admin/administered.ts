import type { EngineNetworks } from "#drivers/reference/engine-networks.ts";
import type { ReferencePlugin } from "#drivers/reference/plugin.ts";

/** What the administration works on: a plugin, and its end and restart. */
export interface AdministeredService {
  /** The plugin that serves now; another one after a restart. */
  readonly plugin: ReferencePlugin;
  /** What engines have of the plugin. */
  readonly engines: EngineNetworks;
  /** Ends the plugin as a kill would, and starts another from the state file. */
  restart(): Promise<void>;
  /** Ends the plugin as a kill would; its administration goes on. */
  halt(): Promise<void>;
  /** Starts another plugin from the state file, after `halt`. */
  resume(): Promise<void>;
}
