import { Pool } from 'undici';

export type Method = 'GET' | 'POST';

export interface Client {
  /** The parsed answer; anything but 2xx throws. `authorization`: another than the usual one. */
  call(method: Method | 'PUT', path: string, body?: unknown, authorization?: string): Promise<unknown>;
  stop(): Promise<void>;
}

/** One origin over a fixed number of connections that stay open, one request at a time on each. */
export function createClient(
  url: string,
  options: { readonly authorization: string; readonly connections: number },
): Client {
  const pool = new Pool(url, { connections: options.connections, pipelining: 1 });
  return {
    call: async (method, path, body, authorization = options.authorization) => {
      const answer = await pool.request({
        method,
        path,
        headers: { authorization, ...(body !== undefined && { 'content-type': 'application/json' }) },
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
