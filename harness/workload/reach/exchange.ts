/**
 * Time in ms for nodes to know of a container, its address and its name. What engines lose when they tell each other of it comes with the next
 * full exchange, which they make every 30 s (libnetwork, networkdb): a node is not told of what happens in a network before the others know that
 * it is in it too, as where all nodes join one at once.
 */
export const exchangeMs = 60_000;
