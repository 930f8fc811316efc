import { Pool } from 'undici';

export type Method = 'GET' | 'POST';

export interface Client {
  /** The parsed answer; anything but 2xx throws. */
  call(method: Method | 'PUT', path: string, body?: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

/** One origin over a fixed number of connections that stay open, one request at a time on each. */
export function createClient(
  url: string,
  options: { readonly authorization: string; readonly connections: number },
): Client {
  const pool = new Pool(url, { connections: options.connections, pipelining: 1 });
  const plain = { authorization: options.authorization };
  const withBody = { ...plain, 'content-type': 'application/json' };
  return {
    call: async (method, path, body) => {
      const answer = await pool.request({
        method,
        path,
        headers: body === undefined ? plain : withBody,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await answer.body.text();
      if (answer.statusCode < 200 || answer.statusCode > 299) {
        throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
      }
      return JSON.parse(text);
    },
    stop: () => pool.close(),
  };
}
