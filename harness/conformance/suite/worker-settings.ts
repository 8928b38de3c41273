import { inject } from "vitest";
import { everything, type Selection } from "#harness/conformance/run/selection.ts";
import { setPatience } from "#harness/core/settings/patience.ts";
import type { Settings } from "#harness/core/settings/schema.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** As the configuration read them, once; who runs a project again may provide others, e.g. another `FAULT`. */
    settings: Settings;
  }
}

/** The settings of the run in a worker of vitest. `PATIENCE` is that of this process from then on. */
export function workerSettings(): Settings {
  const settings = inject("settings");
  setPatience(settings.PATIENCE);
  return settings;
}

/** What runs, in a worker of vitest; everything where the configuration says nothing of it. */
export function workerSelection(): Selection {
  return (inject("selection") as Selection | undefined) ?? everything;
}
