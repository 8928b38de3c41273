/**
 * The text of a program that writes down each call for a container into a folder of `home`/calls/CONTAINER as a recording plugin
 * does, and has the plugin of its own name answer, which is looked for in `folders`. The plugin is told those folders, so that what it
 * calls itself is no call of the runtime's.
 */
export function passThroughScript(home: string, folders: readonly string[]): string {
  return `#!/bin/sh
started=$(date +%s%N)
plugin=\${0##*/}
# What a runtime brings for itself is nothing for a plugin.
unset LD_LIBRARY_PATH
for folder in ${folders.join(" ")}; do
  [ ! -x "$folder/$plugin" ] || break
done
CNI_PATH=${folders.join(":")}
[ -n "$CNI_CONTAINERID" ] || exec "$folder/$plugin"
call=${home}/calls/$CNI_CONTAINERID/$started-$$.call
mkdir -p "$call" || exit 1
printf %s "$plugin" >"$call/plugin"
printf %s "$folder/$plugin" >"$call/path"
cat >"$call/stdin"
stat -Lc %i /proc/self/ns/net "$CNI_NETNS" >"$call/namespaces" 2>/dev/null
cat /proc/$$/environ >"$call/environ"
"$folder/$plugin" <"$call/stdin" >"$call/stdout" 2>"$call/stderr"
code=$?
cat "$call/stderr" >&2
cat "$call/stdout"
printf %s "$code" >"$call/code"
date +%s%N >"$call/ended"
exit "$code"
`;
}
