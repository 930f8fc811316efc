import { setTimeout as sleep } from 'node:timers/promises';

/** Of a process, MB, once everything that nobody holds is collected. */
export interface LiveMemory {
  readonly resident: number;
  readonly heap: number;
}

/** Options under which `liveMemory` can ask a process on `port`. */
export const inspectable = (port: number) => ({ NODE_OPTIONS: `--inspect=127.0.0.1:${port}` });

export async function liveMemory(port: number): Promise<LiveMemory> {
  const [target] = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
    webSocketDebuggerUrl: string;
  }[];
  const socket = new WebSocket(target?.webSocketDebuggerUrl ?? '');
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', reject);
  });
  const ask = (id: number, method: string, params: object = {}) =>
    new Promise<{ result?: { value?: string } }>((resolve) => {
      socket.addEventListener('message', ({ data }) => {
        const answer = JSON.parse(String(data)) as { id?: number; result: { result?: { value?: string } } };
        if (answer.id === id) resolve(answer.result);
      });
      socket.send(JSON.stringify({ id, method, params }));
    });
  await ask(1, 'HeapProfiler.collectGarbage');
  // What was collected goes back to the system a little later.
  await sleep(1_000);
  const expression = 'JSON.stringify(process.memoryUsage())';
  const { result } = await ask(2, 'Runtime.evaluate', { expression });
  socket.close();
  const { rss, heapUsed } = JSON.parse(result?.value ?? '{}') as { rss: number; heapUsed: number };
  if (process.env.BENCH_MEMORY !== undefined) console.error(result?.value);
  return { resident: rss / 1_048_576, heap: heapUsed / 1_048_576 };
}
