import type { Invocation } from "#harness/cni/protocol/invocation.ts";
import type { CniCommand } from "#harness/cni/protocol/request.ts";
import type { CallChanges, Container } from "#harness/cni/testbed/container.ts";

/** A testbed, as far as it is needed here. */
interface Caller {
  readonly folder: string;
  shell(line: string): Promise<string>;
  request(command: CniCommand, container: Container): Readonly<Record<string, unknown>>;
  call(command: CniCommand, container: Container, changes?: CallChanges): Promise<Invocation>;
}

/** Variables that name an attachment within its network. */
const identity = ["CNI_CONTAINERID", "CNI_IFNAME"];

/** How the DEL that takes an ADD back differs from the ordinary one, where the ADD differed by this. */
export function changesOfDetaching({ config, path, env }: CallChanges): Container["changes"] {
  const named = Object.entries(env ?? {}).filter(([name]) => identity.includes(name));
  return {
    ...(config && { config }),
    ...(path && { path }),
    ...(named.length > 0 && { env: Object.fromEntries(named) }),
  };
}

/**
 * DEL as a runtime would call it at a container's end, with what its ADD was changed by.
 * Where not even DEL can be done after an ADD that failed, since its delegate is not installed, one with a delegate in its place follows, and
 * one with the right configuration and the right names: what they take back is not held against the plugin, which may keep the configuration of its ADD.
 */
export async function detach(testbed: Caller, container: Container): Promise<void> {
  const { changes } = container;
  const { code } = await testbed.call("DEL", container, changes);
  if (code === 0 || container.result) return;
  const delegate = delegateIn(changes.config);
  if (delegate !== undefined && delegate !== delegateIn(testbed.request("DEL", container))) {
    const path = [await installEmptyDelegate(testbed, delegate)];
    const { code: again } = await testbed.call("DEL", container, { ...changes, path });
    if (again === 0) return;
  }
  await testbed.call("DEL", container);
}

/** The delegate that a configuration names; `undefined` where it names none. */
function delegateIn(config: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const { ipam } = config ?? {};
  const type = typeof ipam === "object" && ipam !== null && "type" in ipam ? ipam.type : undefined;
  return typeof type === "string" && /^[\w.-]+$/.test(type) ? type : undefined;
}

/** Installs a delegate of that name which has nothing to take back; the folder that it is in. Calls that run have the whole of it. */
async function installEmptyDelegate(testbed: Caller, delegate: string): Promise<string> {
  const folder = `${testbed.folder}/empty`;
  const path = `${folder}/${delegate}`;
  const program = `printf '#!/bin/sh\\nexec cat >/dev/null\\n' >${path}.$$ && chmod +x ${path}.$$ && mv ${path}.$$ ${path}`;
  await testbed.shell(`mkdir -p ${folder} && ${program}`);
  return folder;
}
