import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  CreateBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { installedPython } from './kept-tools.js';
import { rememberSecrets } from './secrets-ledger.js';

const REQUIREMENTS = join(import.meta.dirname, 'moto-requirements.txt');
/** Says its port when it listens; ends when its standard input does, so that none outlives its test. */
const PROGRAM = `
import sys
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print("listens on", server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
`;

/** An S3 server in memory (moto), with one bucket. */
export interface S3Server {
  /** What media-api is told of it. */
  readonly settings: Readonly<Record<string, string>>;
  /** Keys of all objects. */
  keys(): Promise<readonly string[]>;
  /** Uploads in parts that were begun and neither completed nor given up. */
  unfinished(): Promise<number>;
  stop(): Promise<void>;
}

/** @throws {Error} there is no python3 with venv, PyPI cannot be reached, or the server does not start */
export async function startS3(): Promise<S3Server> {
  const python = await installedPython('moto', REQUIREMENTS);
  const child = spawn(python, ['-c', PROGRAM], { stdio: ['pipe', 'pipe', 'pipe'] });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let output = '';
  const port = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        output += `${line}\n`;
        const found = /^listens on (\d+)$/.exec(line)?.[1];
        if (found !== undefined) resolve(found);
      });
    child.once('exit', (code) => reject(new Error(`moto ended with ${code}:\n${output}`)));
  });
  const secret = randomUUID();
  rememberSecrets({ S3_SECRET_ACCESS_KEY: secret });
  const [endpoint, region, bucket] = [`http://127.0.0.1:${port}`, 'us-east-1', 'media'];
  const credentials = { accessKeyId: 'test-key', secretAccessKey: secret };
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  return {
    settings: {
      MEDIA_STORE: 's3',
      S3_ENDPOINT: endpoint,
      S3_REGION: region,
      S3_BUCKET: bucket,
      S3_ACCESS_KEY_ID: credentials.accessKeyId,
      S3_SECRET_ACCESS_KEY: secret,
    },
    async keys() {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
      return Contents.map(({ Key = '' }) => Key);
    },
    async unfinished() {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      return Uploads.length;
    },
    async stop() {
      client.destroy();
      child.stdin.end();
      await gone;
    },
  };
}
