import type { Testbed } from "#harness/cni/testbed/testbed.ts";

/** The delegate that a configuration of the suite names beside the usual one; `undefined` where it names none. */
export function delegateIn(config: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const { ipam } = config ?? {};
  const type = typeof ipam === "object" && ipam !== null && "type" in ipam ? ipam.type : undefined;
  return typeof type === "string" && /^[\w.-]+$/.test(type) ? type : undefined;
}

/** Installs a delegate of that name which has nothing to take back; the folder that it is in. */
export async function standInFor(testbed: Testbed, delegate: string): Promise<string> {
  const folder = `${testbed.folder}/stand-in`;
  const path = `${folder}/${delegate}`;
  await testbed.shell(
    `mkdir -p ${folder}; printf '#!/bin/sh\\nexec cat >/dev/null\\n' >${path}; chmod +x ${path}`,
  );
  return folder;
}
