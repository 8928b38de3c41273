// Plain JavaScript for any Node.js, since harness/cli/bootstrap.mjs needs it before anything is installed.
import { chmodSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";

/** One for all users of the machine. Short, since the path of a unix socket has at most 103 bytes on macOS. */
export const folder = "/tmp/netconform-locks";

/** How many turns that are over stay, so that a process that lists them while others come and go finds the last one. */
const keptTurns = 8;

export async function takeTurn(name) {
  makeFolder();
  const last = turnsOf(name).at(-1) ?? 0;
  if (last > 0 && (await isHeld(linkOf(name, last)))) return undefined;
  const socket = join(folder, `${name}-${process.pid}-${Math.random().toString(36).slice(2, 10)}`);
  const server = await listen(socket);
  // Closing removes the socket as well.
  const giveBack = () => new Promise((resolve) => server.close(() => resolve()));
  const turn = last + 1;
  if (!makeLink(socket, linkOf(name, turn)) || turnsOf(name).at(-1) !== turn) {
    await giveBack();
    return undefined;
  }
  for (const over of turnsOf(name)) if (over < turn - keptTurns) forget(linkOf(name, over));
  return giveBack;
}

function makeFolder() {
  if (mkdirSync(folder, { recursive: true }) !== undefined) chmodSync(folder, 0o1777);
}

function linkOf(name, turn) {
  return join(folder, `${name}.${turn}`);
}

function turnsOf(name) {
  const turns = readdirSync(folder).filter((file) => file.startsWith(`${name}.`));
  return turns.map((file) => Number(file.slice(name.length + 1))).sort((a, b) => a - b);
}

/** The socket listens before it has the link: a link whose socket does not answer belongs to nobody any more. */
function listen(path) {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", reject);
    server.listen({ path, readableAll: true, writableAll: true }, () => resolve(server.unref()));
  });
}

/** Making a link with its content is one step, and fails where the name is taken. */
function makeLink(socket, link) {
  try {
    symlinkSync(socket, link);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

function isHeld(link) {
  const socket = readLink(link);
  if (socket === undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    const connection = connect(socket);
    connection.once("connect", () => {
      connection.destroy();
      resolve(true);
    });
    // Any other error, such as a full queue, comes from a socket that somebody holds.
    connection.once("error", ({ code }) => resolve(code !== "ENOENT" && code !== "ECONNREFUSED"));
  });
}

function readLink(link) {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}

function forget(link) {
  const socket = readLink(link);
  for (const path of [socket, link]) {
    try {
      if (path?.startsWith(folder)) rmSync(path, { force: true });
    } catch {
      // Another user's.
    }
  }
}
