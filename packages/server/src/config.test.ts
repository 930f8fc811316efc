import { describe, expect, test } from 'vitest';
import { readConfig } from './config.ts';

describe('readConfig', () => {
  test('without settings', () => {
    expect(readConfig({})).toEqual({
      port: 4600,
      host: '127.0.0.1',
      dataDir: './data',
      databaseUrl: undefined,
      publicUrl: undefined,
      environment: 'sandbox',
      hosted: false,
      operatorKey: undefined,
      smtpUrl: undefined,
      logLevel: 'info',
      corsOrigins: '*',
      trustProxy: false,
      webhookRanges: [],
      retention: { days: 30, rows: 100_000 },
    });
  });

  test('an empty one counts as absent, blanks around one do not count', () => {
    expect(readConfig({ PORT: '', REDIS_URL: ' ', HOST: ' ::1 ' })).toMatchObject({
      port: 4600,
      host: '::1',
    });
  });

  test.each([
    ['PORT', '0', { port: 0 }],
    ['PUBLIC_URL', 'https://sandbox.example/base/', { publicUrl: 'https://sandbox.example/base' }],
    ['DATABASE_URL', 'postgresql:///osigu', { databaseUrl: 'postgresql:///osigu' }],
    ['HOSTED', 'true', { hosted: true }],
    ['PROFILE', 'production', { environment: 'production' }],
    ['ACCEPT_ANY_CREDENTIALS', 'false', {}],
    ['TRUST_PROXY', 'true', { trustProxy: true }],
    ['RETENTION_DAYS', '1', { retention: { days: 1, rows: 100_000 } }],
    ['RETENTION_ROWS', '10000000', { retention: { days: 30, rows: 10_000_000 } }],
    ['WEBHOOK_ALLOWED_RANGES', '10.0.0.0/8, fd00::/8', { webhookRanges: ['10.0.0.0/8', 'fd00::/8'] }],
    [
      'CORS_ORIGINS',
      'https://a.example, https://b.example:8443',
      {
        corsOrigins: ['https://a.example', 'https://b.example:8443'],
      },
    ],
  ])('%s=%s', (name, value, expected) => {
    expect(readConfig({ [name]: value })).toMatchObject(expected);
  });

  test.each([
    ['PORT', 'http'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['DATABASE_URL', 'mysql://localhost/db'],
    ['DATABASE_URL', 'localhost'],
    ['PUBLIC_URL', 'sandbox.example'],
    ['PUBLIC_URL', 'ftp://sandbox.example'],
    ['PUBLIC_URL', 'https://sandbox.example/?a=1'],
    ['PUBLIC_URL', 'https://sandbox.example/#top'],
    ['PROFILE', 'staging'],
    ['HOSTED', 'yes'],
    ['TRUST_PROXY', '1'],
    ['RETENTION_DAYS', '0'],
    ['RETENTION_DAYS', '3651'],
    ['RETENTION_DAYS', '1.5'],
    ['RETENTION_ROWS', '99'],
    ['RETENTION_ROWS', 'all'],
    ['WEBHOOK_ALLOWED_RANGES', '10.0.0.0/33'],
    ['WEBHOOK_ALLOWED_RANGES', 'receivers.example'],
    ['OPERATOR_KEY', 'short'],
    ['OPERATOR_KEY', 'long enough but with blanks'],
    ['SMTP_URL', 'http://mail.example'],
    ['SMTP_URL', 'smtp://'],
    ['LOG_LEVEL', 'loud'],
    ['CORS_ORIGINS', 'app.example'],
    ['CORS_ORIGINS', 'https://app.example/path'],
    ['ACCEPT_ANY_CREDENTIALS', 'perhaps'],
    ['ACCEPT_ANY_CREDENTIALS', 'true'],
    ['REDIS_URL', 'localhost:6379'],
  ])('%s=%s is refused by name', (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(new RegExp(`^${name} is [^\\n]+$`));
  });
});
