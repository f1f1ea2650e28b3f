/** The status of an answer within two seconds; undefined when there is none. */
export async function answersWith(url: string): Promise<number | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.status;
  } catch {
    return undefined; // nobody listens yet
  }
}

/** True for a 200 within two seconds; anything else is a no and is asked again by the caller. */
export async function answersOk(url: string): Promise<boolean> {
  return (await answersWith(url)) === 200;
}
