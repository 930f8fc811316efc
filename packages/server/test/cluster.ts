import { createDatabase, onServer, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';

/** Several sandboxes on one database, as processes beside each other would be. */
export interface Cluster {
  readonly members: readonly TestSandbox[];
  readonly database: string;
  stop(): Promise<void>;
}

type Part = Omit<NonNullable<Parameters<typeof startSandbox>[0]>, 'database'>;

export async function startCluster(parts: readonly Part[]): Promise<Cluster> {
  const database = await createDatabase();
  const members = await Promise.all(
    parts.map((part) => startSandbox({ ...part, database: database.location })),
  );
  return {
    members,
    database: database.location,
    stop: async () => {
      await Promise.all(members.map((member) => member.stop()));
      await database.drop();
    },
  };
}

/** The same client with the same token, calling at another process. */
export function at(member: TestSandbox | undefined, provider: TestProvider): TestProvider {
  if (member === undefined) throw new Error('There is no such member');
  const call: TestProvider['call'] = (method, url, body, headers = {}) =>
    member.call(method, url, { body, headers: { authorization: `Bearer ${provider.token}`, ...headers } });
  return {
    ...provider,
    call,
    advance: async (seconds) =>
      (await call('POST', `/_sandbox/v1/providers/${provider.slug}/clock/advance`, { seconds })).body,
  };
}

/** Breaks a connection of each process, as the network would. */
export function endConnections(database: string, kind: 'bus' | 'presence'): Promise<void> {
  return onServer(
    database,
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name = 'osigu-sandbox ${kind}'`,
  );
}
