/** Interface names as Linux and the reference library have them. */
export function isInterfaceName(name: string): boolean {
  return name !== "." && name !== ".." && /^[^/:\s\0]{1,15}$/.test(name);
}
