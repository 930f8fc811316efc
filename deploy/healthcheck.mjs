// Exits with 0 when the process beside it is ready: the image has no curl.
const url = `http://127.0.0.1:${process.env.PORT ?? 4600}/readyz`;
const answer = await fetch(url, { signal: AbortSignal.timeout(4_000) }).catch(() => undefined);
process.exit(answer?.ok ? 0 : 1);
