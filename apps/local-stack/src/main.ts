import { type Command, parseArguments } from './arguments.js';
import { down } from './down.js';
import type { Report } from './events.js';
import { failureText, StackFailure } from './failure.js';
import { findCheckout, planStack, planTestStack, type StackPlan } from './plan.js';
import { identify } from './process-identity.js';
import { runApp } from './run-app.js';
import { status } from './status.js';
import { supervise } from './supervisor.js';
import { startTestStack, stopTestStack } from './test-stack.js';
import { up } from './up.js';

async function run(command: Command): Promise<number> {
  const checkout = findCheckout();
  switch (command.name) {
    case 'up':
      return up(planStack(process.env, checkout, command.without), command);
    case 'down':
      return down(planStack(process.env, checkout), command);
    case 'status':
      return status(planStack(process.env, checkout));
    case 'run':
      return runApp(planStack(process.env, checkout), command.app, command.command);
    case 'test-stack':
      return command.stop === undefined ? startTestStack(command.owner) : stopTestStack(command.stop);
    case 'supervise':
      return runSupervisor(planStack(process.env, checkout, command.without));
    case 'supervise-test': {
      const owner = command.owner === undefined ? undefined : identify(command.owner);
      if (command.owner !== undefined && !owner) return 0; // ended before we began
      return runSupervisor(planTestStack(process.env, checkout, command.folder, owner));
    }
  }
}

/** Until it is told to stay, a supervisor ends with the process that started it: a closed channel is a Ctrl-C. */
async function runSupervisor(plan: StackPlan): Promise<number> {
  const stop = new AbortController();
  let mayStay = false;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
  process.on('message', (message) => (mayStay = message === 'stay'));
  process.on('disconnect', () => !mayStay && stop.abort());
  const report: Report = (event) => {
    console.error(new Date().toISOString(), JSON.stringify(event));
    if (process.connected) process.send?.(event, () => undefined); // the terminal may be gone: the log has it
  };
  return supervise(plan, report, stop);
}

try {
  process.exitCode = await run(parseArguments(process.argv.slice(2)));
} catch (error) {
  const { reason, advice } = failureText(error);
  console.error(`✗ ${reason}\n  ${advice}`);
  if (!(error instanceof StackFailure)) console.error(error);
  process.exitCode = 1;
}
if (process.connected) process.disconnect();
