import { describe, expect, it } from '@jest/globals';
import { type Run, LuaState, many, Stop } from './state.js';
import { Kept } from './values.js';

const run: Run = { label: 'test' };

function stateWith(functions: Parameters<LuaState<Run>['define']>[1]): LuaState<Run> {
  const state = new LuaState<Run>();
  for (const mark of ['array_mt', 'empty_array_mt']) state.setGlobal(`__${mark}`, state.make({}));
  state.define('js', functions);
  return state;
}
const results = async (state: LuaState<Run>, source: string) =>
  (await state.run(run, state.load(source, '=test'))).map((value) => state.copy(value));

describe('Lua code', () => {
  it('waits for promises of ours, also inside pcall, while others go on', async () => {
    const order: string[] = [];
    const state = stateWith({
      wait: (ms: number) => new Promise((done) => setTimeout(() => done(many(ms, 'done')), ms)),
      say: (text: string) => void order.push(text),
    });
    const code = (name: string, ms: number) =>
      `js.say("${name} begins") local ok, ms, text = pcall(js.wait, ${ms}) js.say("${name} ends") return ok, ms, text`;
    const [slow] = await Promise.all([results(state, code('slow', 30)), results(state, code('fast', 1))]);
    expect(slow).toEqual([true, 30, 'done']);
    expect(order).toEqual(['slow begins', 'fast begins', 'fast ends', 'slow ends']);
  });

  it('is ended by a stop, which pcall does not catch', async () => {
    const state = stateWith({ stop: () => new Stop(new Error('exit')) });
    await expect(results(state, 'pcall(js.stop) return "went on"')).rejects.toThrow('exit');
  });

  it('has doubles for numbers, and whole ones print whole', async () => {
    const state = stateWith({});
    const [sum, text] = await results(state, 'return 2147483647 + 1, tostring(10 / 2) .. " " .. 0xFFFFFFFF');
    expect([sum, text]).toEqual([2147483648, '5 4294967295']);
  });

  it('keeps its tables the same, and its bytes', async () => {
    const state = stateWith({ echo: (value: unknown) => value });
    const table = state.make({ list: [1, 2], none: null });
    const [same] = state.call(state.load('local t = ... return t == T', '=test'), table);
    expect(same).toBe(false); // T is not set yet
    state.setGlobal('T', table);
    expect(state.call(state.load('local t = ... return t == T', '=test'), table)).toEqual([true]);
    expect(table).toBeInstanceOf(Kept);
    expect(await results(state, 'return #"\\0\\255"')).toEqual([2]);
  });

  it('that fails says where', async () => {
    await expect(results(stateWith({}), 'local x = nil; return x.y')).rejects.toThrow(/test:1: .*index/);
  });
});
