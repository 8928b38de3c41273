/** The delegate that a configuration names; `undefined` where it names none. */
export function delegateIn(config: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const { ipam } = config ?? {};
  const type = typeof ipam === "object" && ipam !== null && "type" in ipam ? ipam.type : undefined;
  return typeof type === "string" && /^[\w.-]+$/.test(type) ? type : undefined;
}

/** A testbed, as far as it is needed here. */
interface Shell {
  readonly folder: string;
  shell(line: string): Promise<string>;
}

/** Installs a delegate of that name which has nothing to take back; the folder that it is in. Calls that run have the whole of it. */
export async function installEmptyDelegate(testbed: Shell, delegate: string): Promise<string> {
  const folder = `${testbed.folder}/empty`;
  const path = `${folder}/${delegate}`;
  const program = `printf '#!/bin/sh\\nexec cat >/dev/null\\n' >${path}.$$ && chmod +x ${path}.$$ && mv ${path}.$$ ${path}`;
  await testbed.shell(`mkdir -p ${folder} && ${program}`);
  return folder;
}
