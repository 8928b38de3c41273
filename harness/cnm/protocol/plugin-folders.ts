/** Where engines look for the socket of a plugin, `NAME.sock` or `NAME/NAME.sock`, first. */
export const socketFolder = "/run/docker/plugins";
/** Where engines look for specification files of plugins, `NAME.spec` and `NAME.json`, in their order. */
export const specFolders = ["/etc/docker/plugins", "/usr/lib/docker/plugins"];
