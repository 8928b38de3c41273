import type { OptionSpace } from "./option.ts";
import { bandwidth } from "./plugins/bandwidth.ts";
import { bridge } from "./plugins/bridge.ts";
import { dummy } from "./plugins/dummy.ts";
import { firewall } from "./plugins/firewall.ts";
import { hostDevice } from "./plugins/host-device.ts";
import { hostLocal } from "./plugins/host-local.ts";
import { ipvlan } from "./plugins/ipvlan.ts";
import { loopback } from "./plugins/loopback.ts";
import { macvlan } from "./plugins/macvlan.ts";
import { portmap } from "./plugins/portmap.ts";
import { ptp } from "./plugins/ptp.ts";
import { sbr } from "./plugins/sbr.ts";
import { fixed } from "./plugins/static.ts";
import { tap } from "./plugins/tap.ts";
import { tuning } from "./plugins/tuning.ts";
import { vlan } from "./plugins/vlan.ts";
import { vrf } from "./plugins/vrf.ts";

/** The plugins whose options are declared. dhcp is not among them: its daemon and a server on the wire decide what it does. */
export const spaces: readonly OptionSpace[] = [
  ...[bridge, ptp, macvlan, ipvlan, vlan, hostDevice, dummy, tap, loopback],
  ...[hostLocal, fixed],
  ...[portmap, bandwidth, firewall, tuning, sbr, vrf],
];
