/** What the environment says beside the settings: of the session that started this process, and its machine. */
export interface Session {
  /** `DOCKER_HOST`: the engine of this machine's Docker clients. */
  readonly dockerHost: string | undefined;
  /** `XDG_RUNTIME_DIR`: the folder of the user's sockets. */
  readonly runtimeFolder: string | undefined;
  /** `SSH_AUTH_SOCK`: the socket of the SSH agent. */
  readonly sshAgent: string | undefined;
  /** `LIBVIRT_URI`: the libvirt to use. */
  readonly libvirtUri: string | undefined;
  /** `LIBVIRT_DRIVER`: `kvm` or `qemu`, where it is not left to what this machine can do. */
  readonly libvirtDriver: string | undefined;
}

/** Reads the session anew: what was passed on since is in it. */
export function readSession(env: NodeJS.ProcessEnv = process.env): Session {
  return {
    dockerHost: env.DOCKER_HOST,
    runtimeFolder: env.XDG_RUNTIME_DIR,
    sshAgent: env.SSH_AUTH_SOCK,
    libvirtUri: env.LIBVIRT_URI,
    libvirtDriver: env.LIBVIRT_DRIVER,
  };
}

/**
 * `NETCONFORM_STARTER`: the descriptor whose other end the process has that started this one, and waits for it. It is taken out of the
 * environment: children of this process have another starter.
 */
export function takeStarter(env: NodeJS.ProcessEnv = process.env): number | undefined {
  const { NETCONFORM_STARTER: fd } = env;
  delete env.NETCONFORM_STARTER;
  return fd === undefined ? undefined : Number(fd);
}

/** Variables for libraries of this process and for its children, which take them from the environment alone. */
export function passOn(variables: Readonly<Record<string, string>>): void {
  Object.assign(process.env, variables);
}

/** Like `passOn`, for what the user has said nothing of. */
export function passOnUnlessGiven(variables: Readonly<Record<string, string>>): void {
  Object.assign(process.env, { ...variables, ...process.env });
}
