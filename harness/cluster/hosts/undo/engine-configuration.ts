import { EngineControl, type EngineHost } from "#harness/cluster/engines/control/control.ts";

const path = "/etc/docker/daemon.json";

/** The text of the engine's configuration file; `null` where it has none. */
export async function readEngineConfiguration({ files }: Pick<EngineHost, "files">): Promise<string | null> {
  return (await files.exists(path)) ? files.readText(path) : null;
}

/** Starts an engine that a run has left stopped. One that runs goes on, and so does one of which nobody knows how it is started. */
export async function startAgain(host: EngineHost): Promise<void> {
  const answers = await host.docker.ping().then(
    () => true,
    () => false,
  );
  if (!answers) await (await EngineControl.of(host)).start();
}

/** Gives the engine the configuration file that it had, and restarts it where that is another one. */
export async function undoEngineConfiguration(host: EngineHost, before: string | null): Promise<void> {
  if ((await readEngineConfiguration(host)) === before) return;
  const control = await EngineControl.of(host);
  if (before === null) await host.files.remove(path);
  else await host.files.write(path, before);
  await control.restart();
}
