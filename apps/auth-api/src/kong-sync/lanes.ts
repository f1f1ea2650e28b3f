interface Lanes<T> {
  /** What comes next; nothing when there is no more for now. */
  readonly next: () => Promise<readonly T[]>;
  readonly work: (batch: readonly T[]) => Promise<void>;
  /** Where a batch has so many there may be another one. */
  readonly full: number;
  readonly lanes: number;
}

/**
 * Works off batch after batch, several at a time while they are full, so that nobody waits while one of them begins or
 * ends. What comes next is asked for by one lane at a time.
 *
 * @throws the first error, when every lane has ended; after it no batch is begun
 */
export async function inLanes<T>({ next, work, full, lanes }: Lanes<T>): Promise<void> {
  let turn: Promise<readonly T[]> = Promise.resolve([]);
  let failed: { readonly error: unknown } | undefined;
  const running: Promise<void>[] = [];
  const lane = async () => {
    try {
      for (;;) {
        turn = turn.then(() => (failed === undefined ? next() : []));
        const batch = await turn;
        if (batch.length === 0) return;
        if (batch.length === full && running.length < lanes) running.push(lane());
        await work(batch);
      }
    } catch (error) {
      failed ??= { error };
    }
  };
  running.push(lane());
  // Each lane that is begun is in the list before the one that began it ends.
  for (const each of running) await each;
  if (failed !== undefined) throw failed.error;
}
