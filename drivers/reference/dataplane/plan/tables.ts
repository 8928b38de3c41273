/*
 * Packets pass these tables; whatever leaves the last one is forwarded by NORMAL, as in a learning switch.
 * Registers: reg0 local tag of the network, reg1 group of the destination, reg2 group of the source (0: none).
 * Only traffic from or to members of a group is tracked; the first packets' direction decides which rules judge a connection, and
 * how: what answers passes where what it answers would. So a rule that changes also judges what is under way, in both directions.
 */
export const table = {
  port: 0,
  destination: 1,
  source: 2,
  track: 3,
  state: 4,
  out: 5,
  in: 6,
  commit: 7,
  answerOut: 8,
  answerIn: 9,
} as const;
