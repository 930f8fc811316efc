import type { Call } from './load.ts';

/** One answer of the sandbox, with the path that it was asked by. */
export interface Recorded {
  readonly path: string;
  readonly answer: unknown;
}

/** Lets calls through and keeps what was answered. */
export function recording(call: Call): { readonly call: Call; readonly answers: readonly Recorded[] } {
  const answers: Recorded[] = [];
  return {
    answers,
    call: async (method, path, body) => {
      const answer = await call(method, path, body);
      answers.push({ path, answer });
      return answer;
    },
  };
}
