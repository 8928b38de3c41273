import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { HarnessError } from "#harness/core/errors.ts";
import { emptyState, type State, stateShape } from "./state.ts";

/** With a mark for each group that has none. */
function marked(state: State): State {
  for (const group of Object.values(state.groups)) if (group.mark === 0) group.mark = state.nextMark++;
  return state;
}

/** Keeps the state in one JSON file, replaced as a whole, so that a kill leaves the old file or the new one. */
export class Store {
  readonly path: string | undefined;

  /** Without a path nothing outlives the process. */
  constructor(path?: string) {
    this.path = path;
  }

  /** The state as last saved, or an empty one. Throws when the file is not of this plugin. */
  load(): State {
    if (this.path === undefined) return emptyState();
    let text: string;
    try {
      text = readFileSync(this.path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return emptyState();
      throw error;
    }
    try {
      return marked(stateShape.parse(JSON.parse(text)));
    } catch (cause) {
      throw new HarnessError(`${this.path} is no state file of the reference plugin`, {
        hint: "move it away to start with an empty state",
        cause,
      });
    }
  }

  save(state: State): void {
    if (this.path === undefined) return;
    mkdirSync(dirname(this.path), { recursive: true });
    writeFileSync(`${this.path}.part`, JSON.stringify(state, undefined, 1));
    renameSync(`${this.path}.part`, this.path);
  }
}
