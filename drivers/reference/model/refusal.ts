/**
 * A request that the plugin refuses, with a message for the person who made it: it names the value that is
 * wrong. The protocol layer hands the message to the engine as `Err` or `Error`; `docker network create`
 * prints it.
 */
export class Refusal extends Error {
  override name = "Refusal";
}
