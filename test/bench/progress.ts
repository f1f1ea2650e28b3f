const EVERY_MS = 1000;

/** One line that is written over on a terminal, and a line a second elsewhere. */
export class Progress {
  private toldAt = -Infinity;

  say(text: string): void {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${text}`);
    else if (performance.now() - this.toldAt >= EVERY_MS) process.stderr.write(`${text}\n`);
    else return;
    this.toldAt = performance.now();
  }

  /** Says it whatever was said before, and begins a new line. */
  done(text: string): void {
    this.end();
    process.stderr.write(`${text}\n`);
  }

  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[2K');
  }
}
