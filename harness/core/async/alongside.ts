/** Goes on until `goesOn()` is false; resolves to how much it has done. */
export type Lane = (goesOn: () => boolean) => Promise<number>;

/**
 * Runs `work` while all `lanes` go on, which end when it has. Resolves to how much they have done together. `goesOn()` turns false when a lane
 * fails, so that `work` need not come to its own end. Throws what a lane has thrown, else what `work` has.
 */
export async function alongside(
  lanes: readonly Lane[],
  work: (goesOn: () => boolean) => Promise<void>,
): Promise<number> {
  let over = false;
  const goesOn = () => !over;
  // None of them is left alone with its error.
  const lanesEnded = Promise.allSettled(
    lanes.map(async (lane) => {
      try {
        return await lane(goesOn);
      } catch (error) {
        over = true;
        throw error;
      }
    }),
  );
  const [worked] = await Promise.allSettled([(async () => work(goesOn))()]);
  over = true;
  const ends = await lanesEnded;
  const broken = [...ends, worked].find((end) => end.status === "rejected");
  if (broken) throw broken.reason;
  return ends.reduce((all, end) => all + (end.status === "fulfilled" ? end.value : 0), 0);
}
