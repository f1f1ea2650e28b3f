import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { APPS } from '../../apps/local-stack/src/apps.js';
import { INSTALL_MS, lintDockerfile, ROOT } from './tools.js';

const path = join(ROOT, 'docker/Dockerfile');
const text = readFileSync(path, 'utf8');
const stages = text
  .replaceAll('\\\n', ' ')
  .split(/^(?=FROM )/m)
  .slice(1)
  .map((stage) => stage.split('\n').filter((line) => line !== '' && !line.startsWith('#')));
const stage = (name: string): readonly string[] => stages.find(([from]) => from!.endsWith(` AS ${name}`))!;

describe('docker/Dockerfile', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-dockerfile-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it(
    'has nothing that hadolint minds',
    async () => {
      expect(await lintDockerfile('docker/Dockerfile')).toBe('');
    },
    INSTALL_MS,
  );

  it(
    'would be refused with a version that floats, or with a step that it cannot parse',
    async () => {
      const broken = join(folder, 'Dockerfile');
      writeFileSync(broken, text.replace(/^FROM node:\S+/m, 'FROM node:latest'));
      expect(await lintDockerfile(broken)).toContain('DL3007');
      writeFileSync(broken, text.replace('WORKDIR', 'WORKDIRECTORY'));
      expect(await lintDockerfile(broken)).not.toBe('');
    },
    INSTALL_MS,
  );

  it('runs as a user with a number, who is not root', () => {
    for (const name of ['services', 'gateway'])
      expect(stage(name).filter((line) => line.startsWith('USER '))).toEqual(['USER 1000:1000']);
    expect(stages.at(-1)).toBe(stage('services'));
  });

  it('says how to ask whether the app is well, with a program that the image has', () => {
    const check = stage('services').find((line) => line.startsWith('HEALTHCHECK'))!;
    expect(check).toContain('CMD ["node", "docker/healthcheck.mjs"]');
    expect(stage('services')).toContain('COPY docker/healthcheck.mjs docker/healthcheck.mjs');
  });

  it('has the Kong that compose.yaml has', () => {
    const [, image] = /^ {2}image: (kong:\S+)$/m.exec(
      readFileSync(join(ROOT, 'docker/compose.yaml'), 'utf8'),
    )!;
    expect(stage('gateway')[0]).toBe(`FROM ${image} AS gateway`);
  });

  it('copies only what is there and what .dockerignore lets through', () => {
    const allowed = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const sources = stages
      .flat()
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(' ').slice(1, -1));
    expect(sources.filter((source) => !existsSync(join(ROOT, source)))).toEqual([]);
    expect([...new Set(sources)].sort()).toEqual(allowed.sort());
  });

  it('ships every package that the services import: none is among those for development', () => {
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const folders = [...APPS.map(({ name }) => `apps/${name}/src`), 'kong/topology', ...libraries()];
    const imported = new Set(folders.flatMap(packagesIn));
    expect(imported).toContain('@nestjs/core');
    expect([...imported].filter((name) => !(name in dependencies))).toEqual([]);
  });
});

function libraries(): readonly string[] {
  return readdirSync(join(ROOT, 'libs')).map((name) => `libs/${name}/src`);
}

/** The packages that the code of a folder imports for more than their types, tests left out. */
function packagesIn(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts') && !file.includes('testing'))
    .flatMap((file) => {
      const code = readFileSync(join(ROOT, folder, file), 'utf8');
      const imports = [
        ...code.matchAll(/^(?:import|export) (?!type )[^;]*?from '([^'.#][^']*)'|^import '([^'.#][^']*)'/gms),
      ];
      return imports.map(([, from, bare]) => packageOf((from ?? bare)!));
    })
    .filter((name) => !name.startsWith('node:') && !builtinModules.includes(name));
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
