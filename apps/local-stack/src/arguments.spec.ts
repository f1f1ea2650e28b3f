import { describe, expect, it } from '@jest/globals';
import { parseArguments } from './arguments.js';

describe('parseArguments', () => {
  it('knows the commands and their flags', () => {
    expect(parseArguments(['up'])).toEqual({ name: 'up', foreground: false, without: [] });
    expect(parseArguments(['up', '--foreground', '--without', 'auth-api'])).toEqual({
      name: 'up',
      foreground: true,
      without: ['auth-api'],
    });
    expect(parseArguments(['up', '--without=a,b'])).toMatchObject({ without: ['a', 'b'] });
    expect(parseArguments(['down', '--wipe'])).toEqual({ name: 'down', wipe: true });
    expect(parseArguments(['test-stack', '--owner', '12'])).toMatchObject({ owner: 12 });
  });

  it('leaves the command to run as it is', () => {
    expect(parseArguments(['run', 'auth-api'])).toEqual({ name: 'run', app: 'auth-api', command: [] });
    expect(parseArguments(['run', 'auth-api', '--', 'node', '--watch'])).toMatchObject({
      command: ['node', '--watch'],
    });
  });

  it.each([
    [[], 'no command'],
    [['stop'], 'unknown command stop'],
    [['up', '--wipe'], 'unknown argument --wipe'],
    [['up', 'now'], 'unknown argument now'],
    [['up', '--without'], '--without needs a value'],
    [['run'], 'run needs the name of an app'],
  ])('refuses %j: %s', (argv, reason) => {
    expect(() => parseArguments(argv)).toThrow(reason);
  });
});
