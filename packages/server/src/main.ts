import type { Role } from './app.ts';
import { openBanner } from './banner.ts';
import { type Config, ConfigError, readConfig } from './config.ts';

/** What `npm start` does: read the settings, serve, say where, stop on a signal. */
export async function main(role: Role = 'all'): Promise<void> {
  await withConfig('cannot start', (config) => run(config, role));
}

/** Reads the settings and does something with them. A failure is one line and exit 1. */
export async function withConfig(failed: string, action: (config: Config) => Promise<void>): Promise<void> {
  // What is written holds secrets and health data: files are their owner's alone.
  process.umask(0o077);
  try {
    await action(readConfig(process.env));
  } catch (error) {
    const line = error instanceof ConfigError ? error.message : `${failed}: ${describe(error)}`;
    process.stderr.write(`osigu-sandbox: ${line}\n`);
    process.exit(1);
  }
}

async function run(config: Config, role: Role): Promise<void> {
  if (role !== 'all' && config.databaseUrl === undefined) {
    throw new ConfigError(`DATABASE_URL is missing: ${role} needs a PostgreSQL that other processes share`);
  }
  // A wrong setting is told without loading the server first.
  const { serve } = await import('./serve.ts');
  const running = await serve(config, role);
  // Nobody may be reading, and a disk that it goes to may be full: that is no reason to stop.
  process.stdout.on('error', () => {});
  process.stdout.write(openBanner(running.announcement));

  let stopping = false;
  const stop = async (signal: string) => {
    if (stopping) return;
    stopping = true;
    running.log.info({ signal }, 'stopping');
    // A connection that never ends must not hold the process: what is unfinished is due work and goes on later.
    running.exitAfter(14_000);
    await running.stop();
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const issues = 'errors' in error && Array.isArray(error.errors) ? error.errors : [];
  const [line = error.name] = error.message.split('\n', 1);
  return [line, ...issues.map(({ path, message }) => `${path} ${message}`)].join('\n  ');
}
