import { netconform } from "./netconform.ts";

/** What `netconform run` gives to vitest where the project is a package in another one. */
export default netconform();
