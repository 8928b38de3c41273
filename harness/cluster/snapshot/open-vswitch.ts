/**
 * Succeeds, in a shell, where a database of Open vSwitch is served. Its socket is there from the start where systemd has it,
 * as from Open vSwitch 4.0 on: who asked there would start a database, and wait for it.
 */
export const servesOpenVswitch = "[ -e /run/openvswitch/ovsdb-server.pid ]";
