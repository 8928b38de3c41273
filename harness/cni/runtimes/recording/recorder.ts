/** Name of the error message of a plugin that was told to refuse a command. */
export function refusalOf(plugin: string, command: string): string {
  return `${plugin} was told to refuse ${command}`;
}

/** How long a call that is held waits to be released, in tenths of a second, before it gives up with an error. */
const longestHold = 600;

/**
 * The text of a plugin that writes down each call into a folder of `home`/calls, and does nothing else: a runtime is
 * judged by how it calls. A shell script, so that it starts fast and runs in any Debian.
 *
 * - `home`/refuse/PLUGIN.COMMAND, where it is there, makes the call fail with error 111.
 * - `home`/hold/PLUGIN.COMMAND, where it is there, is taken by the first call that comes, which then waits for `home`/released.
 *
 * ADD answers a result with an interface and address of the plugin's own, and the name of the record in `dns.domain`.
 */
export function recorderScript(home: string): string {
  return `#!/bin/sh
PATH=/usr/bin:/bin
started=$(date +%s%N)
plugin=\${0##*/}
home=${home}
stdin=$(cat)
call=$home/calls/$started-$$.call
mkdir "$call" || exit 1
printf %s "$plugin" >"$call/plugin"
printf %s "$0" >"$call/path"
printf %s "$stdin" >"$call/stdin"
stat -Lc %i /proc/self/ns/net "$CNI_NETNS" >"$call/namespaces" 2>/dev/null
cat /proc/self/environ >"$call/environ"
code=0
answer=
version=\${stdin#*\\"cniVersion\\"}
version=\${version#*\\"}
version=\${version%%\\"*}
held=$home/hold/$plugin.$CNI_COMMAND
if [ -e "$held" ] && mv "$held" "$held.taken" 2>/dev/null; then
  tries=0
  until [ -e "$home/released" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt ${longestHold} ] || { code=1; answer='{"code":112,"msg":"held for too long"}'; break; }
    sleep 0.1
  done
fi
if [ -e "$home/refuse/$plugin.$CNI_COMMAND" ]; then
  code=1
  answer=$(printf '{"cniVersion":"%s","code":111,"msg":"%s was told to refuse %s"}' "$version" "$plugin" "$CNI_COMMAND")
elif [ "$code" = 0 ] && [ "$CNI_COMMAND" = ADD ]; then
  family=
  case $version in 0.*) family='"version":"4",' ;; esac
  answer=$(printf '{"cniVersion":"%s","interfaces":[{"name":"%s","mac":"02:00:00:00:00:01","sandbox":"%s"}],"ips":[{%s"address":"10.88.0.2/24","gateway":"10.88.0.1","interface":0}],"dns":{"domain":"%s"}}' "$version" "$CNI_IFNAME" "$CNI_NETNS" "$family" "\${call##*/}")
elif [ "$code" = 0 ] && [ "$CNI_COMMAND" = VERSION ]; then
  answer='{"cniVersion":"1.1.0","supportedVersions":["0.3.1","0.4.0","1.0.0","1.1.0"]}'
fi
printf %s "$answer"
printf %s "$answer" >"$call/stdout"
printf %s "$code" >"$call/code"
date +%s%N >"$call/ended"
exit "$code"
`;
}
