import { randomBytes } from "node:crypto";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { within } from "#harness/core/async/poll.ts";
import { HarnessError, ProbeFailed } from "#harness/core/errors.ts";
import type { Foreign } from "#harness/oracle/churn/foreign.ts";
import { ForeignSaid } from "#harness/oracle/churn/foreign.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";

/** So many links stand there meanwhile: a list of all of them takes the kernel several messages, between which some come or go. */
const standing = 300;

/**
 * Links that are nobody's under test. Some hundred stand there, dummies where the kernel has them, else ends of veth pairs; they are of a group, and
 * go at once. A veth pair and, where the kernel has it, a dummy come and go; a round that has begun is ended first. Links are listed. In a
 * network namespace of its own a veth pair comes and goes, which is slow where the node is. Ends when its stdin does.
 */
const comeAndGo = `
name=$1 standing=$2 group=$3
dummy=
if ip link add "\${name}d" type dummy 2>/dev/null; then
  ip link delete "\${name}d"
  dummy=yes
fi
stand() {
  one=0
  while [ "$one" -lt "$standing" ]; do
    if [ -n "$dummy" ]; then
      echo "link add \${name}s$one group $group type dummy"
      one=$((one + 1))
    else
      echo "link add \${name}s$one group $group type veth peer name \${name}t$one group $group"
      one=$((one + 2))
    fi
  done
}
come_and_go() {
  stop=
  trap 'stop=yes' TERM
  while [ -z "$stop" ]; do
    {
      echo "link add \${name}a type veth peer name \${name}b"
      echo "link set \${name}a addrgenmode none up"
      [ -z "$dummy" ] || echo "link add \${name}d type dummy"
      [ -z "$dummy" ] || echo "link delete \${name}d"
      echo "link delete \${name}a"
    } | ip -batch - || break
    echo round
    sleep 0.02
  done
}
list() {
  stop=
  trap 'stop=yes' TERM
  while [ -z "$stop" ]; do
    case "$(ip link show 2>&1 >/dev/null)" in
      "") echo whole ;;
      *"Dump was interrupted"*) echo interrupted ;;
      *) echo unknown ;;
    esac
    sleep 0.1
  done
}
apart='
stop=
trap "stop=yes" TERM
while [ -z "$stop" ]; do
  echo begin
  {
    echo "link add nc-a type veth peer name nc-b"
    echo "link set nc-a up"
    echo "link delete nc-a"
  } | ip -batch - || break
  echo end
  sleep 0.05
done
'
stand | ip -batch - || { ip link delete group "$group"; exit 1; }
come_and_go & loops=$!
list & loops="$loops $!"
unshare --net sh -c "$apart" & loops="$loops $!"
echo ready
cat >/dev/null
kill -TERM $loops
wait $loops
ip link delete group "$group"
`;

const beginMs = 30_000;
const endMs = 30_000;

/**
 * Does `work` while links of others stand on the node, come and go. Resolves, when they have gone, to what it did and what was seen of them. Throws
 * `ProbeFailed` where they did not come at least twice.
 */
export async function amongForeignLinks<T>(
  node: ClusterNode,
  work: () => Promise<T>,
): Promise<{ done: T; foreign: Foreign }> {
  const group = 0x6e63_0000 + randomBytes(2).readUInt16BE();
  const args = [uniqueName("nc"), String(standing), String(group)];
  const command = await node.spawn(["sh", "-c", comeAndGo, "sh", ...args]);
  command.stdin.on("error", () => {});
  const errors: Buffer[] = [];
  const said = new ForeignSaid();
  const ready = Promise.withResolvers<void>();
  command.stdout.on("data", (data: Buffer) => {
    said.take(data.toString(), performance.now());
    if (said.isReady) ready.resolve();
  });
  command.stderr.on("data", (data: Buffer) => errors.push(data));
  let done: T;
  let seconds: number;
  try {
    const what = `links of others to stand on ${node.name}`;
    await within({ what, deadlineMs: beginMs }, Promise.race([ready.promise, command.exit]));
    if (!said.isReady)
      throw new HarnessError(`${node.name}: links of others cannot stand: ${Buffer.concat(errors)}`);
    const start = performance.now();
    done = await work();
    seconds = (performance.now() - start) / 1_000;
  } finally {
    command.stdin.end();
    await within({ what: `links of others on ${node.name} to have gone`, deadlineMs: endMs }, command.exit);
  }
  const stderr = Buffer.concat(errors).toString().trim();
  if (stderr !== "") throw new HarnessError(`${node.name}: links of others cannot come and go: ${stderr}`);
  const foreign = said.over(seconds);
  if (foreign === undefined)
    throw new ProbeFailed(`no links of others came and went on ${node.name} meanwhile`);
  return { done, foreign };
}
