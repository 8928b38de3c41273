/**
 * As `Promise.all`, but a failure is told once all of them have ended: what the others make after their scope was closed would stay. Of several
 * failures the one that stands first is thrown.
 */
export async function allEnded<T>(works: readonly Promise<T>[]): Promise<T[]> {
  const ends = await Promise.allSettled(works);
  return ends.map((end) => {
    if (end.status === "rejected") throw end.reason;
    return end.value;
  });
}
