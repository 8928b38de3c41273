#!/bin/sh
# The chapters basics, multihost, external and swarm on Docker overlay as a person would script them: one step after the
# other with Docker's command line on the nodes. The yardstick for the harness, so it wastes no time: connections are
# shared, what need not be waited for is not.
#
# Environment:
#   SSH_CONFIG  for node1, node2 and external, with connection sharing
#   IMAGE       workload image on the nodes
#   ENGINE      version that the engines should have
#   NODE1, NODE2                  management addresses
#   NODE1_CONTROL, NODE2_CONTROL  control addresses
#   EXTERNAL, EXTERNAL_NAME         address and name of the web server outside
set -u

work=$(mktemp -d)
p=ncb$$
checks=0
failures=0

on() {
  host=$1
  shift
  printf . >>"$work/commands"
  ssh -n -F "$SSH_CONFIG" "$host" "$*"
}

check() {
  what=$1
  shift
  checks=$((checks + 1))
  if "$@" >/dev/null 2>>"$work/errors"; then
    echo "ok      $what"
  else
    failures=$((failures + 1))
    echo "FAILED  $what"
  fi
}

contains() {
  case $1 in
    *"$2"*) return 0 ;;
  esac
  echo "expected $2 in: $1" >&2
  return 1
}

lacks() { ! contains "$@"; }

eventually() {
  left=150
  until "$@" >/dev/null 2>&1; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || {
      "$@"
      return
    }
    sleep 0.1
  done
}

# create NODE COMMAND...: a step that must succeed, not a check
create() {
  on "$@" >/dev/null 2>>"$work/errors" || {
    failures=$((failures + 1))
    echo "FAILED  $*"
  }
}

network() { create node1 docker network create --driver overlay --attachable --subnet "$2" "$1"; }

# container NODE NAME NETWORK [OPTION...]
container() {
  node=$1 name=$2 net=$3
  shift 3
  create "$node" docker run -dit --name "$name" --net "$net" "$@" "$IMAGE" /bin/sh
}

address_of() { on "$1" "docker inspect -f '{{(index .NetworkSettings.Networks \"$3\").IPAddress}}' $2"; }

counts() {
  for node in node1 node2; do
    on $node 'docker ps -aq | wc -l; docker network ls -q | wc -l; ip -o link | wc -l; iptables-save | grep -c "^-A"'
  done
}

unchanged() { [ "$(counts)" = "$1" ]; }

remove_networks() {
  for net in "$@"; do
    eventually on node1 "docker network rm $net || ! docker network inspect $net"
  done
}

fetches() { contains "$(on "$1" docker exec "$2" wget -q -T 3 -O - "http://$3/")" "$4"; }

agree() {
  ip=$(address_of "$1" "$2" "$3")
  check "network inspect of $3 lists $2" contains "$(on "$1" docker network inspect "$3")" "$ip/"
  check "$2 has its address inside" contains "$(on "$1" docker exec "$2" ip addr)" "inet $ip/"
}

basics() {
  for node in node1 node2; do
    check "$node: engine" contains "$(on $node "docker version -f '{{.Server.Version}}'")" "$ENGINE"
    check "$node: docker info" on $node docker info
    check "$node: eth2 is up" contains "$(on $node ip -o link show eth2)" ",UP"
    check "$node: docker0" contains "$(on $node ip -o -4 addr show docker0)" inet
    check "$node: its networks" contains "$(on $node "docker network ls --format '{{.Name}}' | sort | xargs")" "bridge"
  done
  check "node1 reaches node2 over eth1" on node1 ping -c 1 -W 5 -I eth1 "$NODE2_CONTROL"
  check "node2 reaches node1 over eth1" on node2 ping -c 1 -W 5 -I eth1 "$NODE1_CONTROL"

  container node1 "$p-plain" bridge
  agree node1 "$p-plain" bridge
  network "$p-one" 10.201.1.0/24
  container node1 "$p-on-one" "$p-one"
  agree node1 "$p-on-one" "$p-one"

  peer=$(on node1 docker exec "$p-plain" cat /sys/class/net/eth0/iflink)
  check "the other end is a port of docker0" contains "$(on node1 ip -o link | grep "^$peer:")" "master docker0"
  check "a MASQUERADE rule" contains "$(on node1 iptables -t nat -S POSTROUTING)" "MASQUERADE"
  check "plain container goes out as node1" fetches node1 "$p-plain" "$EXTERNAL" "$NODE1"
  check "overlay container goes out as node1" fetches node1 "$p-on-one" "$EXTERNAL" "$NODE1"

  network "$p-two" 10.201.2.0/24
  create node1 docker network connect "$p-two" "$p-on-one"
  check "joined a second network" contains "$(on node1 docker exec "$p-on-one" ip addr)" "inet 10.201.2."
  check "both networks are listed" contains "$(on node1 "docker network ls --format '{{.Name}}' | xargs")" "$p-two"
  create node1 docker network disconnect "$p-two" "$p-on-one"
  check "left it" lacks "$(on node1 docker exec "$p-on-one" ip addr)" "inet 10.201.2."
  container node1 "$p-stranger" bridge
  check "bridge is another network" lacks "$(address_of node1 "$p-stranger" bridge)" "10.201."

  create node1 docker rm -f "$p-plain" "$p-on-one" "$p-stranger"
  remove_networks "$p-one" "$p-two"
}

# pair NETWORK SUBNET PREFIX: a network and a container on each node; sets a, b
pair() {
  network "$1" "$2"
  container node1 "$1-a" "$1"
  container node2 "$1-b" "$1"
  a=$(address_of node1 "$1-a" "$1")
  b=$(address_of node2 "$1-b" "$1")
  check "$1: a inside $2" contains "$a" "$3"
  check "$1: b inside $2" contains "$b" "$3"
  check "$1: a and b differ" test "$a" != "$b"
  check "$1: a reaches b by address" eventually on node1 docker exec "$1-a" ping -c 1 -W 2 "$b"
  check "$1: b reaches a by address" eventually on node2 docker exec "$1-b" ping -c 1 -W 2 "$a"
  check "$1: a reaches b by name" eventually on node1 docker exec "$1-a" ping -c 1 -W 2 "$1-b"
  check "$1: b reaches a by name" eventually on node2 docker exec "$1-b" ping -c 1 -W 2 "$1-a"
}

remove_pair() {
  create node1 docker rm -f "$1-a"
  create node2 docker rm -f "$1-b"
  remove_networks "$1"
}

multihost() {
  net=$p-multi
  pair "$net" 10.1.2.0/24 10.1.2.
  for node in node1 node2; do
    seen=$(on $node docker network inspect "$net")
    check "$node: driver" contains "$seen" '"overlay"'
    check "$node: subnet" contains "$seen" '"10.1.2.0/24"'
    check "$node: lists its container" contains "$seen" "$net-"
  done

  on node2 "timeout 15 tcpdump -nn -U -i eth2 -c 1 udp port 4789 >/tmp/$net.txt 2>&1" &
  capture=$!
  check "tcpdump listens" eventually on node2 grep -q "'listening on'" "/tmp/$net.txt"
  create node1 docker exec "$net-a" ping -c 1 -W 2 "$b"
  wait $capture
  seen=$(on node2 cat "/tmp/$net.txt")
  check "the ping is VXLAN" contains "$seen" vni
  check "the inner packet is the ping" contains "$seen" ICMP
  create node2 rm "/tmp/$net.txt"

  check "the MTU leaves room" contains "$(on node1 docker exec "$net-a" ip link show eth0)" "mtu 1450"
  sandbox=$(on node1 "docker inspect -f '{{.NetworkSettings.SandboxKey}}' $net-a")
  check "1450 bytes pass" on node1 nsenter "--net=$sandbox" ping -c 1 -W 2 -M "do" -s 1422 "$b"
  check "1451 bytes are too long" contains \
    "$(on node1 nsenter "--net=$sandbox" ping -c 1 -W 2 -M "do" -s 1423 "$b" 2>&1)" "too long"
  check "1451 bytes pass in fragments" on node1 nsenter "--net=$sandbox" ping -c 1 -W 2 -M dont -s 1423 "$b"
  remove_pair "$net"
}

external() {
  net=$p-ext
  network "$net" 10.201.3.0/24
  container node1 "$net-c" "$net"
  check "a second interface" contains "$(on node1 docker exec "$net-c" ip addr)" "eth1"
  check "docker_gwbridge" contains "$(on node1 ip -o -4 addr show docker_gwbridge)" inet
  check "its default route" contains "$(on node1 docker exec "$net-c" ip route)" "default via"
  check "an outside name is reached" eventually fetches node1 "$net-c" "$EXTERNAL_NAME" "$NODE1"

  check "9099 is refused to outside" test "$(on external "curl -s -m 3 http://$NODE1:9099/; echo \$?")" = 7
  check "9099 is refused to node2" test "$(on node2 "curl -s -m 3 http://$NODE1_CONTROL:9099/; echo \$?")" = 7
  check "no DNAT rule" lacks "$(on node1 iptables -t nat -S)" 9099
  create node1 "docker run -d --name $net-web --net $net -p 9099:9099 $IMAGE \
    sh -c 'echo served-by-web >/tmp/index.html; exec httpd -f -p 9099 -h /tmp'"
  check "9099 answers outside" eventually published external "$NODE1"
  check "9099 answers node2" eventually published node2 "$NODE1_CONTROL"
  check "9099 answers node1" eventually published node1 "$NODE1"
  check "docker port" contains "$(on node1 docker port "$net-web")" 9099
  rules=$(on node1 iptables -t nat -S)
  target=$(on node1 docker exec "$net-web" ip -o -4 addr show eth1 | sed 's|.*inet \([0-9.]*\)/.*|\1|')
  check "a DNAT rule for 9099" contains "$rules" "--dport 9099 -j DNAT --to-destination $target:9099"
  create node1 docker rm -f "$net-web"
  check "the rule is gone" eventually no_rule

  create node1 docker rm -f "$net-c"
  remove_networks "$net"
}

published() { contains "$(on "$1" curl -s -m 3 "http://$2:9099/")" served-by-web; }
no_rule() { lacks "$(on node1 iptables -t nat -S)" 9099; }

swarm() {
  net=$p-swarm
  nodes=$(on node1 "docker node ls --format '{{.Hostname}} {{.Status}}' | xargs")
  for node in node1 node2; do
    check "$node is ready" contains "$nodes" "$node Ready"
    check "$node has capacity" contains "$(on node1 docker node inspect $node)" NanoCPUs
  done
  network "$net" 10.201.4.0/24
  create node1 docker service create --detach --no-resolve-image --name "$net-svc" --network "$net" --replicas 2 \
    --endpoint-mode dnsrr --restart-delay 0s --stop-grace-period 1ms "$IMAGE" sleep 1000000
  check "two tasks run" eventually two_tasks
  one=$(task_on node1)
  two=$(task_on node2)
  check "a task on node1" test -n "$one"
  check "a task on node2" test -n "$two"
  check "task on node1 reaches the other by name" eventually on node1 docker exec "$one" ping -c 1 -W 2 "$two"
  check "task on node2 reaches the other by name" eventually on node2 docker exec "$two" ping -c 1 -W 2 "$one"
  check "task on node1 reaches the outside" eventually fetches node1 "$one" "$EXTERNAL_NAME" "$NODE1"
  check "task on node2 reaches the outside" eventually fetches node2 "$two" "$EXTERNAL_NAME" "$NODE2"
  create node1 docker kill "$one"
  check "a task that dies is replaced" eventually replaced
  create node1 docker service rm "$net-svc"
  check "its containers are gone" eventually no_tasks
  remove_networks "$net"

  pair "$p-fresh" 30.1.1.0/24 30.1.1.
  remove_pair "$p-fresh"
}

tasks() { on node1 "docker service ps --filter desired-state=running --format '{{.Name}} {{.Node}} {{.CurrentState}}' $net-svc"; }
two_tasks() { [ "$(tasks | grep -c " Running ")" = 2 ]; }
task_on() { on "$1" "docker ps --format '{{.Names}}' --filter name=$net-svc"; }
replaced() { two_tasks && [ -z "$(on node1 "docker ps -q --filter name=$one")" ]; }
no_tasks() { [ -z "$(on node1 "docker ps -aq --filter name=$net-svc")$(on node2 "docker ps -aq --filter name=$net-svc")" ]; }

remove_leftovers() {
  for node in node1 node2; do
    on $node "docker ps -aq --filter name=$p | xargs -r docker rm -f" >/dev/null 2>&1
  done
  on node1 "docker service ls -q --filter name=$p | xargs -r docker service rm
    docker network ls -q --filter name=$p | xargs -r docker network rm" >/dev/null 2>&1
}

finish() {
  [ "$failures" = 0 ] || {
    cat "$work/errors" >&2
    remove_leftovers
  }
  for host in node1 node2 external; do ssh -F "$SSH_CONFIG" -O exit $host 2>/dev/null; done
  rm -rf "$work"
}
trap finish EXIT
trap 'failures=1; exit 130' INT TERM

for chapter in basics multihost external swarm; do
  echo "$chapter"
  before=$(counts)
  $chapter
  check "nothing of $chapter is left" eventually unchanged "$before"
done
echo "$(wc -c <"$work/commands") commands, $checks checks, $failures failures"
[ "$failures" = 0 ]
