/** Where the files of all locks lie. */
export const folder: string;

/**
 * Takes the lock of that name, unless a living process on this machine has it: then it yields `undefined`. `name` is letters and
 * digits, at most 32. What it yields gives the lock back.
 *
 * Turns are numbered. A turn is a symbolic link, made exclusively, to a unix socket on which its holder listens: the kernel
 * ends that with the holder, on Linux and on macOS, so no lock is ever stale. Nobody removes the last turn. Were the
 * link or the socket of a dead holder removed and made anew under the same name, two processes that find it dead
 * at the same time could both get it; taking the next number succeeds for one alone.
 */
export function takeTurn(name: string): Promise<(() => Promise<void>) | undefined>;
