import type { Host } from "#harness/host/host.ts";

/** How this process may do root's work: as it is, through sudo without a password, or not at all. */
export type Privilege = "root" | "sudo" | "none";

export async function probePrivilege(local: Host): Promise<Privilege> {
  if (process.getuid?.() === 0) return "root";
  return (await local.exec(["sudo", "-n", "true"])).code === 0 ? "sudo" : "none";
}

/** The argv that runs a command as root, given that `privilege` is not `none`. */
export function asRoot(privilege: Privilege, argv: readonly string[]): string[] {
  return privilege === "sudo" ? ["sudo", "-n", ...argv] : [...argv];
}
