import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A mail server that keeps what it is given (RFC 5321, as far as Keycloak speaks it). */
export class MailSink {
  readonly mails: string[] = [];
  private readonly server: Server = createServer((socket) => this.serve(socket));

  async listen(): Promise<number> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.server.close();
    await once(this.server, 'close');
  }

  private serve(socket: Socket): void {
    let mail: string | undefined;
    let rest = '';
    socket.on('error', () => socket.destroy());
    socket.write('220 sink\r\n');
    socket.on('data', (chunk) => {
      const lines = (rest + chunk.toString()).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (mail === undefined) {
          const verb = line.slice(0, 4).toUpperCase();
          if (verb === 'DATA') mail = '';
          socket.write(verb === 'DATA' ? '354 go on\r\n' : verb === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n');
          if (verb === 'QUIT') socket.end();
        } else if (line === '.') {
          this.mails.push(mail);
          mail = undefined;
          socket.write('250 kept\r\n');
        } else mail += `${line}\n`;
      }
    });
  }
}
