import { describe, expect, it } from 'vitest';
import { guardedLookup, isTargetAllowed, type Resolve } from './address-guard.ts';
import { isAllowedAddress, type TargetPolicy, urlReasons } from './target-rules.ts';

const local: TargetPolicy = { profile: 'local' };
const hosted: TargetPolicy = { profile: 'hosted' };

const unused: Resolve = () => Promise.reject(new Error('an address is not looked up'));
const resolving =
  (...addresses: string[]): Resolve =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

/** Hosts that reach this machine itself; the local profile may. */
const loopback = [
  '127.0.0.1',
  '127.1',
  '127.255.255.254',
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '0177.0.0.1',
  '017700000001',
  '127.0.0.1.',
  '１２７.0.0.1',
  '127。0。0。1',
  '①②⑦.0.0.1',
  '%31%32%37.0.0.1',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[0:0:0:0:0:ffff:7f00:0001]',
];

/** Hosts that nobody may reach. */
const forbidden = [
  '0',
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '0xa.1',
  '012.0.0.1',
  '167772161',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '3232235777',
  '0xC0.0xA8.1.1',
  '169.254.169.254',
  '0xa9fea9fe',
  '2852039166',
  '100.64.0.1',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '192.0.2.1',
  '198.18.0.1',
  '198.51.100.7',
  '203.0.113.7',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '[::]',
  '[fe80::1]',
  '[febf::1]',
  '[fec0::1]',
  '[fc00::1]',
  '[fd00:ec2::254]',
  '[ff02::1]',
  '[100::1]',
  '[2001:db8::1]',
  '[3fff::1]',
  '[2001::1]',
  '[2001:0:4136:e378:8000:63bf:3fff:fdd2]',
  '[4000::1]',
  '[5f00::1]',
  '[::ffff:10.0.0.1]',
  '[::ffff:169.254.169.254]',
  '[::ffff:0.0.0.0]',
  '[::10.0.0.1]',
  '[::127.0.0.1]',
  '[::ffff:0:192.168.0.1]',
  '[64:ff9b::10.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b::a9fe:a9fe]',
  '[64:ff9b:1::a00:1]',
  '[2002:7f00:1::]',
  '[2002:a00:1::1]',
  '[2002:c0a8:101::]',
  '[2002:a9fe:a9fe::]',
  '[2606:4700::5efe:10.0.0.1]',
  '[2606:4700::200:5efe:127.0.0.1]',
];

const open = [
  '8.8.8.8',
  '134744072',
  '1.1.1.1',
  '172.15.255.255',
  '172.32.0.1',
  '[2606:4700:4700::1111]',
  '[::ffff:8.8.8.8]',
  '[64:ff9b::8.8.8.8]',
  '[2002:808:808::1]',
  '[2a00:1450:4001::1]',
];

const isAllowed = (host: string, policy: TargetPolicy) =>
  isTargetAllowed(new URL(`https://${host}/x`), policy, unused);

describe('addresses that are written into the URL', () => {
  it.each(forbidden)('%s is refused in every profile', async (host) => {
    expect(await isAllowed(host, local)).toBe(false);
    expect(await isAllowed(host, hosted)).toBe(false);
  });

  it.each(loopback)('%s is for the local profile only', async (host) => {
    expect(await isAllowed(host, local)).toBe(true);
    expect(await isAllowed(host, hosted)).toBe(false);
  });

  it.each(open)('%s is open to every profile', async (host) => {
    expect(await isAllowed(host, local)).toBe(true);
    expect(await isAllowed(host, hosted)).toBe(true);
  });

  it('private ranges open only where the operator of a local installation says so', () => {
    const allowed_ranges = ['172.16.0.0/12', 'fd00::/8'];
    const verdicts = (policy: TargetPolicy) =>
      ['172.18.0.5', '::ffff:172.18.0.5', 'fd00::5', '10.0.0.1'].map((address) =>
        isAllowedAddress(address, policy),
      );
    expect(verdicts({ profile: 'local', allowed_ranges })).toEqual([true, true, true, false]);
    expect(verdicts({ profile: 'hosted', allowed_ranges })).toEqual([false, false, false, false]);
  });

  it('what is no address is not allowed', () => {
    for (const text of ['', 'localhost', '1.2.3.4.5', '::g'])
      expect(isAllowedAddress(text, local)).toBe(false);
  });
});

describe('names', () => {
  it('every address counts: one forbidden among several refuses the name', async () => {
    const url = new URL('https://receiver.example');
    expect(await isTargetAllowed(url, hosted, resolving('8.8.8.8', '2606:4700::1'))).toBe(true);
    expect(await isTargetAllowed(url, hosted, resolving('8.8.8.8', '10.0.0.1'))).toBe(false);
    expect(await isTargetAllowed(url, hosted, resolving('8.8.8.8', '::1'))).toBe(false);
    expect(await isTargetAllowed(url, local, resolving('127.0.0.1', '::1'))).toBe(true);
  });

  it('one that does not resolve is accepted at creation', async () => {
    const url = new URL('https://not-yet.example');
    expect(await isTargetAllowed(url, hosted, () => Promise.reject(new Error('ENOTFOUND')))).toBe(true);
  });

  it.each(['localhost', 'LOCALHOST', 'localhost.', 'a.localhost'])(
    'takes %s for this machine, whatever a name server says',
    async (host) => {
      const url = new URL(`https://${host}/x`);
      expect(await isTargetAllowed(url, hosted, resolving('8.8.8.8'))).toBe(false);
      expect(await isTargetAllowed(url, local, resolving('127.0.0.1'))).toBe(true);
    },
  );

  it('the connection gets exactly the addresses that were checked, and asks once', async () => {
    let asked = 0;
    const lookup = guardedLookup(hosted, async () => {
      asked += 1;
      return [{ address: asked === 1 ? '8.8.8.8' : '10.0.0.1', family: 4 }];
    });
    expect(await answerOf(lookup)).toEqual([{ address: '8.8.8.8', family: 4 }]);
    expect(asked).toBe(1);
  });

  it('a name that answers differently when it is connected to is refused then', async () => {
    const answers = [['8.8.8.8'], ['8.8.8.8', '169.254.169.254']];
    const resolve: Resolve = (name) => resolving(...(answers.shift() ?? []))(name);
    expect(await isTargetAllowed(new URL('https://rebinding.example'), hosted, resolve)).toBe(true);
    await expect(answerOf(guardedLookup(hosted, resolve))).rejects.toMatchObject({
      code: 'ADDRESS_NOT_ALLOWED',
    });
  });

  it('no address at all is a DNS failure', async () => {
    await expect(answerOf(guardedLookup(hosted, resolving()))).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });
});

function answerOf(lookup: ReturnType<typeof guardedLookup>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    lookup('receiver.example', { all: true }, (error, addresses) =>
      error ? reject(error) : resolve(addresses),
    );
  });
}

describe('the URL itself', () => {
  const credentials = 'must not contain credentials';
  const fragment = 'must not contain a fragment';

  it.each([
    ['https://user:pass@receiver.example/', [credentials]],
    ['https://user@receiver.example/', [credentials]],
    ['https://:@receiver.example/', [credentials]],
    ['https://@receiver.example/', [credentials]],
    ['https://receiver.example/#top', [fragment]],
    ['https://receiver.example/#', [fragment]],
    ['https://u:p@receiver.example/#x', [credentials, fragment]],
    ['ftp://receiver.example/', ['must be an http or https URL']],
    ['file:///etc/passwd', ['must be an http or https URL']],
    ['javascript:alert(1)', ['must be an http or https URL']],
    ['receiver.example/hook', ['must be an absolute URL']],
    ['//receiver.example/hook', ['must be an absolute URL']],
    ['https://', ['must be an absolute URL']],
    ['https://1.2.3.4.5/', ['must be an absolute URL']],
    ['https://[fe80::1%25eth0]/', ['must be an absolute URL']],
    ['https://receiver.example/a b', ['must not contain blanks, control characters or backslashes']],
    ['https://receiver.example\\@10.0.0.1/', ['must not contain blanks, control characters or backslashes']],
    ['java\nscript:x', ['must not contain blanks, control characters or backslashes']],
    ['https://receiver.example/mail@home?a=b@c', []],
    ['https://receiver.example:8443/hook?x=1', []],
  ])('%s', (url, reasons) => {
    expect(urlReasons(url, local)).toEqual(reasons);
    expect(urlReasons(url, hosted)).toEqual(reasons);
  });

  it('http is for the local profile only', () => {
    expect(urlReasons('http://receiver.example/', local)).toEqual([]);
    expect(urlReasons('http://receiver.example/', hosted)).toEqual(['must be an https URL']);
  });
});
