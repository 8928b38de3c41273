import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "#harness/core/async/poll.ts";
import { callOf, type RecordedCall, type RecordFiles } from "./call.ts";
import { recorderScript } from "./recorder.ts";

/** Names of the recording plugins, as a list has them. */
export const recorders = ["one", "two", "three"] as const;
export type Recorder = (typeof recorders)[number];

/** Further names under which some runtimes call plugins that nobody has configured. */
const uncalled = ["loopback"];

/** Recording plugins in a folder of this machine, what they are told to do, and what they have written down. */
export class Recording {
  /** Folder of this machine. */
  readonly folder: string;
  /** The plugins, as `CNI_PATH` has them. */
  readonly bin: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.bin = join(folder, "bin");
  }

  /** `seenAs`: the folder as the plugins see it, where the runtime has a root of its own. */
  static async install(folder: string, seenAs = folder): Promise<Recording> {
    const recording = new Recording(folder);
    for (const name of ["bin", "calls", "refuse", "hold"])
      await mkdir(join(folder, name), { recursive: true });
    for (const name of [...recorders, ...uncalled]) {
      const path = join(recording.bin, name);
      await writeFile(path, recorderScript(seenAs));
      await chmod(path, 0o755);
    }
    return recording;
  }

  /** From now on the plugin refuses the command. */
  refuse(plugin: Recorder, command: string): Promise<void> {
    return writeFile(join(this.folder, "refuse", `${plugin}.${command}`), "");
  }

  /** The next such call waits until `release`. */
  async hold(plugin: Recorder, command: string): Promise<void> {
    await rm(join(this.folder, "released"), { force: true });
    await rm(this.#taken(plugin, command), { force: true });
    await writeFile(join(this.folder, "hold", `${plugin}.${command}`), "");
  }

  /** Resolves when a call has come that is held. Throws `DeadlineExceeded`. */
  async held(plugin: Recorder, command: string): Promise<void> {
    const deadline = { what: `${command} of ${plugin} to be held`, deadlineMs: 20_000, everyMs: 20 };
    await until(deadline, () => readFile(this.#taken(plugin, command)).then(() => true));
  }

  release(): Promise<void> {
    return writeFile(join(this.folder, "released"), "");
  }

  /** All plugins do again what is asked of them. */
  async obey(): Promise<void> {
    await this.release();
    for (const name of ["refuse", "hold"]) {
      for (const file of await readdir(join(this.folder, name)))
        await rm(join(this.folder, name, file), { force: true });
    }
  }

  /** What was written down, by the time at which it began. */
  async calls(): Promise<RecordedCall[]> {
    const folder = join(this.folder, "calls");
    const names = (await readdir(folder)).filter((name) => name.endsWith(".call")).sort();
    const calls = await Promise.all(
      names.map(async (name) => callOf(name, await readRecord(join(folder, name)))),
    );
    return calls.filter((call) => call !== undefined);
  }

  /** Forgets what was written down. */
  async clear(): Promise<void> {
    await rm(join(this.folder, "calls"), { recursive: true, force: true });
    await mkdir(join(this.folder, "calls"));
  }

  #taken(plugin: Recorder, command: string): string {
    return join(this.folder, "hold", `${plugin}.${command}.taken`);
  }
}

async function readRecord(folder: string): Promise<RecordFiles> {
  const names = await readdir(folder);
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), "utf8")] as const)),
  );
}
