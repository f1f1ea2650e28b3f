import type { StackEvent } from './events.js';

/** Where lines go; a terminal gets a line that changes in place, a file or pipe gets plain ones. */
export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Between two plain lines about the same work. */
const PLAIN_INTERVAL_MS = 5_000;
const WIDTH = 12;

/** Shows the events of a starting stack: one line per part, with its time. */
export class Terminal {
  private current?: { readonly part: string; readonly note: string; readonly began: number };
  private plain = { text: '', at: 0 };
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly output: Output) {
    this.timer = setInterval(() => this.redraw(), 250);
    this.timer.unref();
  }

  show(event: StackEvent): void {
    switch (event.kind) {
      case 'working':
        return this.working(event.part, event.note);
      case 'done':
        this.current = undefined;
        return this.line(`✓ ${event.part.padEnd(WIDTH)} ${event.note.padEnd(28)} ${seconds(event.ms)}`);
      case 'note':
        return this.line(`  ${event.text}`);
      case 'failed':
        this.current = undefined;
        return this.failed(event);
      case 'busy':
      case 'up':
        return;
    }
  }

  line(text: string): void {
    this.output.write(`${this.output.isTTY ? '\r\x1b[K' : ''}${text}\n`);
  }

  close(): void {
    clearInterval(this.timer);
    if (this.output.isTTY) this.output.write('\r\x1b[K');
  }

  private failed(event: Extract<StackEvent, { kind: 'failed' }>): void {
    this.line(`✗ ${event.part.padEnd(WIDTH)} ${event.reason}`);
    this.line(`  ${event.advice}`);
    if (!event.logFile) return;
    this.line(`  log: ${event.logFile}`);
    for (const line of event.lastLines) this.line(`  | ${line}`);
  }

  private working(part: string, note: string): void {
    const began = this.current?.part === part ? this.current.began : Date.now();
    this.current = { part, note, began };
    if (this.output.isTTY) return this.redraw();
    const text = note.replace(/\d+ MB$/, '');
    if (note === 'starting' || (text === this.plain.text && Date.now() - this.plain.at < PLAIN_INTERVAL_MS))
      return;
    this.plain = { text, at: Date.now() };
    this.line(`… ${part.padEnd(WIDTH)} ${note}`);
  }

  private redraw(): void {
    if (!this.current || !this.output.isTTY) return;
    const { part, note, began } = this.current;
    this.output.write(`\r\x1b[K… ${part.padEnd(WIDTH)} ${note.padEnd(28)} ${seconds(Date.now() - began)}`);
  }
}

/** `14.2 s` */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
