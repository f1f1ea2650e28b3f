import { StackFailure } from './failure.js';

export type Command =
  | { readonly name: 'up'; readonly foreground: boolean; readonly without: readonly string[] }
  | { readonly name: 'down'; readonly wipe: boolean }
  | { readonly name: 'status' }
  | { readonly name: 'run'; readonly app: string; readonly command: readonly string[] }
  | { readonly name: 'test-stack'; readonly stop?: string; readonly owner?: number }
  /** Internal: what `up` and `test-stack` run in the background. */
  | { readonly name: 'supervise'; readonly without: readonly string[] }
  | { readonly name: 'supervise-test'; readonly folder: string; readonly owner?: number };

export const USAGE = `usage: main.js <command>
  up [--foreground] [--without <part>]   start PostgreSQL, Keycloak, the apps and a gateway; in the foreground Ctrl-C
                                         stops them. Parts to leave out: auth-api, gateway
  down [--wipe]                          stop what up started; with --wipe remove its data and secrets too
  status                                 what runs where; exit code 0 all up, 3 not
  run <app> [<command> …]                one app in this terminal, with its settings and secrets, started again
                                         when its code changes; after up --without <app>
  test-stack [--stop <file>]             start PostgreSQL and Keycloak for tests; prints an export line for the shell`;

/**
 * Reads the command line.
 *
 * @throws {StackFailure} nothing we know
 */
export function parseArguments(argv: readonly string[]): Command {
  const [name = '', ...rest] = argv;
  if (name === 'run') return parseRun(rest);
  const flags = parseFlags(rest);
  const list = (flag: string) => (flags.get(flag) ?? '').split(',').filter((item) => item !== '');
  const owner = flags.has('owner') ? Number(flags.get('owner')) : undefined;
  switch (name) {
    case 'up':
      return only(flags, ['foreground', 'without'], {
        name,
        foreground: flags.has('foreground'),
        without: list('without'),
      });
    case 'down':
      return only(flags, ['wipe'], { name, wipe: flags.has('wipe') });
    case 'status':
      return only(flags, [], { name });
    case 'test-stack':
      return only(flags, ['stop', 'owner'], { name, stop: flags.get('stop'), owner });
    case 'supervise':
      return only(flags, ['without'], { name, without: list('without') });
    case 'supervise-test':
      return only(flags, ['folder', 'owner'], { name, folder: flags.get('folder') ?? '', owner });
    default:
      throw new StackFailure({ reason: name ? `unknown command ${name}` : 'no command', advice: USAGE });
  }
}

function parseRun([app, ...command]: readonly string[]): Command {
  if (!app || app.startsWith('-'))
    throw new StackFailure({ reason: 'run needs the name of an app', advice: USAGE });
  return { name: 'run', app, command: command[0] === '--' ? command.slice(1) : command };
}

const WITH_VALUE = new Set(['without', 'stop', 'owner', 'folder']);

function parseFlags(rest: readonly string[]): ReadonlyMap<string, string> {
  const flags = new Map<string, string>();
  for (let index = 0; index < rest.length; index += 1) {
    const match = /^--([a-z-]+)(?:=(.*))?$/.exec(rest[index] ?? '');
    const name = match?.[1];
    if (!name) throw new StackFailure({ reason: `unknown argument ${rest[index]}`, advice: USAGE });
    const value = match[2] ?? (WITH_VALUE.has(name) ? rest[(index += 1)] : '');
    if (value === undefined) throw new StackFailure({ reason: `--${name} needs a value`, advice: USAGE });
    flags.set(name, value);
  }
  return flags;
}

function only(flags: ReadonlyMap<string, string>, known: readonly string[], command: Command): Command {
  const unknown = [...flags.keys()].find((flag) => !known.includes(flag));
  if (unknown) throw new StackFailure({ reason: `unknown argument --${unknown}`, advice: USAGE });
  return command;
}
