/**
 * Asks a model's address how large it is. This is a worker because the page's own document may reach no other host.
 */

/** What an address answered. */
export type Probed = { ok: true; bytes: number | undefined; resumable: boolean } | { ok: false; why: string };

addEventListener('message', (event: MessageEvent<string>) => {
  void probe(event.data).then((found) => postMessage(found));
});

async function probe(address: string): Promise<Probed> {
  try {
    const response = await fetch(address, { method: 'HEAD', credentials: 'omit', signal: AbortSignal.timeout(15_000) });
    if (!response.ok) return { ok: false, why: `The server answers ${response.status} ${response.statusText}`.trim() };
    const length = Number(response.headers.get('content-length'));
    return {
      ok: true,
      bytes: length > 0 ? length : undefined,
      resumable: response.headers.get('accept-ranges') === 'bytes',
    };
  } catch (error) {
    return { ok: false, why: error instanceof Error ? error.message : String(error) };
  }
}
