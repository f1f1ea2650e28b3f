import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newKey } from '../../apps/auth-api/src/api-keys/key-format.js';

const PROGRAM = resolve('test/architecture/secrets.mjs');
const HOOK = resolve('.githooks/pre-commit');

// Every sample is made now: a secret that is written down here would be refused by the very check that is tested.
const random = `aZ9${randomBytes(24).toString('base64url')}`;
const hex = randomBytes(32).toString('hex');
const apiKey = newKey('sk_live_').key;
const otherApiKey = newKey('ab_test_').key;
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const legacyPem = pair.privateKey.export({ type: 'pkcs1', format: 'pem' }) as string;
const publicPem = pair.publicKey.export({ type: 'spki', format: 'pem' }) as string;
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwt = `${part({ alg: 'RS256', kid: 'k' })}.${part({ sub: 'someone', exp: 1 })}.${random}`;
const wrongKey = `${apiKey.slice(0, -1)}${apiKey.endsWith('0') ? '1' : '0'}`;

let repository: string;
const write = (path: string, text: string | Buffer): void => {
  mkdirSync(dirname(join(repository, path)), { recursive: true });
  writeFileSync(join(repository, path), text);
};
const git = (...args: string[]): string => execFileSync('git', args, { cwd: repository, encoding: 'utf8' });
const check = (...args: string[]): { status: number | null; lines: string[] } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
    cwd: repository,
    encoding: 'utf8',
  });
  return { status, lines: (stdout + stderr).trim().split('\n') };
};
const found = (path: string, text: string | Buffer): string[] => {
  write(path, text);
  git('add', '--all');
  const { status, lines } = check();
  expect(status).toBe(lines[0]?.endsWith('hold no secret') ? 0 : 1);
  expect(lines.join('\n')).not.toContain(random);
  return status === 0 ? [] : lines;
};

beforeEach(() => {
  repository = mkdtempSync(join(tmpdir(), 'gatehouse-secrets-'));
  git('init', '--quiet');
});
afterEach(() => rmSync(repository, { recursive: true }));

describe('what is refused', () => {
  it.each<[string, string, string, string | RegExp]>([
    ['an API key', 'a.md', `x\nuse ${apiKey}`, /^:2: api-key: [0-9a-f]{12}$/],
    ['an API key of another prefix', 'a.lua', `local k = "${otherApiKey}"`, /^:1: api-key: [0-9a-f]{12}$/],
    [
      'an API key in a JSON text',
      'a.json',
      JSON.stringify({ hint: `use ${apiKey}.` }),
      /^:1: api-key: [0-9a-f]{12}$/,
    ],
    ['a token', 'a.ts', `const header = 'Bearer ${jwt}';`, /^:1: jwt: [0-9a-f]{12}$/],
    ['a private key', 'a.pem', pem, /^:1: private-key: [0-9a-f]{12}$/],
    ['a private key of the older form', 'a.txt', legacyPem, /^:1: private-key: [0-9a-f]{12}$/],
    ['a private key in one line', 'a.md', pem.replaceAll('\n', '\\n'), /^:1: private-key: [0-9a-f]{12}$/],
    [
      'a private key as JWK',
      'a.json',
      JSON.stringify({ keys: [pair.privateKey.export({ format: 'jwk' })] }),
      ': private-key: keys',
    ],
    [
      'a key of a consumer',
      'kong.yaml',
      'consumers:\n  - username: a\n    keyauth_credentials:\n      - key: x\n',
      ': consumer-credential: consumers.keyauth_credentials',
    ],
    [
      'a token key of a consumer',
      'kong.json',
      '{"consumers": [{"jwt_secrets": [{"key": "kid"}]}]}',
      ': consumer-credential: consumers.jwt_secrets',
    ],
    ['a secret in settings', 'x.env', `GATEWAY_SECRET=${random}`, ':1: random-value: GATEWAY_SECRET'],
    ['a secret in hexadecimal', 'x.env', `API_TOKEN=${hex}`, ':1: random-value: API_TOKEN'],
    ['a secret in code', 'a.ts', `const secret: string = '${random}';`, ':1: random-value: secret'],
    ['a password in code', 'a.ts', `f({ password: "${random}" })`, ':1: random-value: password'],
    ['a secret in YAML', 'a.yml', `app:\n  clientSecret: ${random}\n`, ': random-value: app.clientSecret'],
    ['one of several documents', 'a.yaml', `a: 1\n---\ntoken: ${random}\n`, ': random-value: token'],
    ['secrets in a list', 'a.yaml', `tokens:\n  - ${random}\n`, ': random-value: tokens'],
    [
      'a secret in a text that is JSON',
      'a.json',
      JSON.stringify({ secretData: JSON.stringify({ value: random }) }),
      ': random-value: secretData.value',
    ],
    ['a secret in YAML that is broken', 'a.yaml', `a: [\nsecret: ${random}\n`, ':2: random-value: secret'],
  ])('%s', (_name, path, text, fault) => {
    const faults = found(path, text);
    expect(faults).toHaveLength(1);
    expect(faults[0]?.startsWith(path)).toBe(true);
    const rest = faults[0]?.slice(path.length);
    if (typeof fault === 'string') expect(rest).toBe(fault);
    else expect(rest).toMatch(fault);
  });
});

describe('what is let through', () => {
  it.each<[string, string, string | Buffer]>([
    ['an example of a key, with a wrong checksum', 'a.md', wrongKey],
    ['a public key', 'a.pem', publicPem],
    ['what a private key begins with', 'a.ts', "text.includes('-----BEGIN PRIVATE KEY-----')"],
    ['a reference', 'kong.yaml', "identity_secret: '{vault://env/gateway-secret}'"],
    ['a placeholder', 'realm.json', '{"secret": "${KEYCLOAK_GUEST_CLIENT_SECRET}"}'],
    ['a setting that is not set', '.env.example', 'GATEWAY_CALL_SECRET=\n'],
    ['where a secret comes from', 'a.ts', 'const secret = process.env.GATEWAY_SECRET_2;'],
    ['a filler', 'a.mjs', "const secret = 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx1';"],
    ['an id', 'a.yaml', 'credential_id: 8f2c1d5e-6b3a-5c47-9e10-3d7a54b9c0e2'],
    ['a hash of something else', 'package.json', `{"integrity": "sha512-${random}"}`],
    ['a list of credentials that is empty', 'a.yaml', 'consumers:\n  - keyauth_credentials: []\n'],
    ['words', 'a.yaml', 'token_endpoint: /realms/jan/protocol/openid-connect/token'],
    ['a file that is no text', 'a.bin', Buffer.from(`\0secret=${random}`)],
  ])('%s', (_name, path, text) => {
    expect(found(path, text)).toEqual([]);
  });

  it('what is not tracked, or gone, or a link', () => {
    write('gone.env', `SECRET=${random}`);
    symlinkSync(tmpdir(), join(repository, 'link'));
    git('add', '--all');
    rmSync(join(repository, 'gone.env'));
    write('.env', `SECRET=${random}`);
    expect(check().status).toBe(0);
  });
});

describe('exceptions', () => {
  const entry = {
    path: 'a.env',
    rule: 'random-value',
    name: 'SECRET',
    reason: 'of no use to anybody',
  };
  const allow = (...entries: object[]): void =>
    write('test/architecture/allowed-secrets.json', JSON.stringify(entries));

  it('are made by name, and for a reason', () => {
    allow(entry);
    expect(found('a.env', `SECRET=${random}`)).toEqual([]);
    allow({ ...entry, reason: '' });
    expect(found('a.env', `SECRET=${random}`)).toContain('a.env:1: random-value: SECRET');
  });

  it('of a value without a name are for that value, wherever it stands', () => {
    const [fault] = found('a.md', otherApiKey);
    allow({ path: 'a.md', rule: 'api-key', name: fault?.split(' ').at(-1), reason: 'an example' });
    expect(found('a.md', `\n\n${otherApiKey}`)).toEqual([]);
    expect(found('a.md', `${otherApiKey} ${apiKey}`)).toHaveLength(1);
  });

  it('hold for one place only', () => {
    allow(entry);
    expect(found('a.env', `SECRET=${random}\nTOKEN=${random}`)).toEqual(['a.env:2: random-value: TOKEN']);
  });

  it('go when nothing needs them', () => {
    allow(entry);
    expect(found('a.env', 'SECRET=')).toEqual([
      'test/architecture/allowed-secrets.json: a.env: SECRET: not needed, or has no reason',
    ]);
  });
});

describe('before a commit', () => {
  it('only what is staged is read, as it is staged', () => {
    write('old.env', `SECRET=${random}`);
    git('add', '--all');
    git('-c', 'user.name=t', '-c', 'user.email=t@example.com', 'commit', '--quiet', '--message', 'old');
    write('new.env', `SECRET=${random}`);
    expect(check('--staged').status).toBe(0);
    git('add', 'new.env');
    write('new.env', 'SECRET=');
    expect(check('--staged')).toEqual({ status: 1, lines: ['new.env:1: random-value: SECRET'] });
  });

  it('the hook refuses it', () => {
    mkdirSync(join(repository, 'test/architecture'), { recursive: true });
    mkdirSync(join(repository, '.githooks'));
    copyFileSync(PROGRAM, join(repository, 'test/architecture/secrets.mjs'));
    copyFileSync(HOOK, join(repository, '.githooks/pre-commit'));
    chmodSync(join(repository, '.githooks/pre-commit'), 0o755);
    symlinkSync(resolve('node_modules'), join(repository, 'node_modules'));
    git('config', 'core.hooksPath', '.githooks');
    const commit = (): number | null =>
      spawnSync(
        'git',
        ['-c', 'user.name=t', '-c', 'user.email=t@example.com', 'commit', '--quiet', '--message', 'x'],
        { cwd: repository },
      ).status;
    write('a.env', `SECRET=${random}`);
    git('add', 'a.env');
    expect(commit()).toBe(1);
    write('a.env', 'SECRET=');
    git('add', 'a.env');
    expect(commit()).toBe(0);
  });
});
